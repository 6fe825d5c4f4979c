"""What double entry, its guards and its seals cost on this database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from bench.bench import Bench
from bench.commits import COMMIT, bare_commits
from bench.measure import Act, Figure
from partners.ledger import operations, queries
from partners.ledger.models import Account, EntryLine
from partners.ledger.operations import Line

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ROW = "one row by its primary key"


def figures(bench: Bench) -> Iterator[Figure]:
    """Writes beside bare commits, reads beside the read of one row."""
    orders = count(1)
    bare = bare_commits()

    def write(name: str, act: Act) -> Figure:
        return bench.clock.compare(
            area="ledger", name=name, act=act, baseline=COMMIT, bare=bare
        )

    yield write("post, 2 lines, new account", lambda: capture(next(orders)))
    numbers = count(1)
    yield write("post, 5 lines, one guarded", lambda: complete(next(numbers)))
    yield write(
        "post and seal, 2 lines, new account",
        lambda: (capture(next(orders)), operations.seal_entries(at=NOON, limit=1)),
    )

    account = Account.objects.get(code="order:1:escrow").pk
    hot_lines = EntryLine.objects.filter(account__code="alipay:clearing").count()
    for name, code in (
        ("balance of an order's escrow", "order:1:escrow"),
        (f"balance of a hot account, {hot_lines:,} lines", "alipay:clearing"),
    ):
        yield bench.clock.compare(
            area="ledger",
            name=name,
            act=lambda code=code: queries.balance_fen(code),
            baseline=ROW,
            bare=lambda: Account.objects.get(pk=account),
        )


def capture(order: int) -> None:
    operations.post(
        key=f"capture:{order}",
        kind="capture",
        subject=f"order:{order}",
        lines=[Line("alipay:clearing", 2900), Line(f"order:{order}:escrow", -2900)],
        at=NOON,
    )


def complete(number: int) -> None:
    """Five legs out of one fund that must not be overdrawn."""
    if number == 1:
        operations.post(
            key="fund",
            kind="capture",
            subject="fund",
            lines=[Line("alipay:clearing", 10**12), Line("order:0:escrow", -(10**12))],
            at=NOON,
        )
    operations.post(
        key=f"complete:{number}",
        kind="completion",
        subject="order:0",
        lines=[
            Line("order:0:escrow", 2900),
            Line("farmer:1:payable", -2300),
            Line("supermarket:1:margin", -290),
            Line("freight:payable", -252),
            Line("platform:fee", -58),
        ],
        at=NOON,
    )
