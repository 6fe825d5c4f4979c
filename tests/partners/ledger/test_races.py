"""Many at once, each with a connection of its own, on the real database."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from time import sleep
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from partners.guards import put_up, take_down
from partners.ledger import operations, queries, sealing
from partners.ledger.guards import LINES_ARE_COUNTED, NEVER_OVERDRAWN
from partners.ledger.models import Account, Entry, EntryLine, Unsealed
from partners.ledger.operations import Conflict, Line, Overdrawn
from tests.races import at_once

from .conftest import NOON, captured
from .test_post import refund

pytestmark = pytest.mark.django_db(transaction=True)


def closing(act: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        try:
            return act()
        finally:
            connection.close()

    return run


def kinds(outcomes: list[Any]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


class TestPostAtOnce:
    def test_one_key_makes_one_entry(self) -> None:
        outcomes = at_once(*[lambda: captured("1").pk] * 8)
        assert set(outcomes) == {sealing.entry_id("capture:1")}
        assert Entry.objects.count() == 1
        assert queries.balance_fen("alipay:clearing") == 2900

    def test_one_key_with_other_bodies_conflicts(self) -> None:
        outcomes = at_once(
            *(partial(captured, "1", 100 + number) for number in range(8))
        )
        assert kinds(outcomes) == {"Entry": 1, Conflict.__name__: 7}
        assert EntryLine.objects.count() == 2

    def test_one_new_account_is_opened_once(self) -> None:
        def post(number: int) -> Entry:
            lines = [Line("alipay:clearing", 1), Line("suspense", -1)]
            return captured(f"x{number}", lines=lines)

        assert kinds(at_once(*(partial(post, number) for number in range(8)))) == {
            "Entry": 8
        }
        assert Account.objects.count() == 2
        assert queries.verify().ok


class TestNeverOverdrawnAtOnce:
    def test_escrow_pays_out_what_it_holds_and_no_more(self) -> None:
        captured("1", 10)
        outcomes = at_once(*(partial(refund_three, number) for number in range(8)))
        assert kinds(outcomes) == {"Entry": 3, Overdrawn.__name__: 5}
        assert queries.balance_fen("order:1:escrow") == -1

    def test_would_be_overdrawn_without_the_guard(self) -> None:
        captured("1", 10)
        execute(take_down(NEVER_OVERDRAWN, connection.vendor))
        try:
            outcomes = at_once(*(partial(refund_three, number) for number in range(8)))
        finally:
            execute(put_up(NEVER_OVERDRAWN, connection.vendor))
        assert kinds(outcomes) == {"Entry": 8}
        assert queries.balance_fen("order:1:escrow") == 14

    @pytest.mark.only_on("postgresql", reason="SQLite lets one write at a time")
    def test_second_waits_until_the_first_is_committed(self) -> None:
        """PostgreSQL would let both look at the same balance."""
        captured("1", 10)
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                refund("1", 6)
                second = pool.submit(closing(lambda: refund("1", 7)))
                until_somebody_waits(second)
            with pytest.raises(Overdrawn):
                second.result()
        assert queries.balance_fen("order:1:escrow") == -4

    @pytest.mark.only_on("postgresql", reason="SQLite lets one write at a time")
    def test_refuses_to_judge_by_an_old_balance(self) -> None:
        captured("1", 10)
        with (
            pytest.raises(operations.UnableToPost, match="READ COMMITTED"),
            transaction.atomic(),
        ):
            execute(["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"])
            refund("1", 6)


@pytest.mark.only_on("postgresql", reason="SQLite lets one write at a time")
class TestLineFromAnotherTransaction:
    """It is written before the entry is to be seen, and committed after it."""

    @pytest.fixture(autouse=True)
    def _several_writers(self) -> None:
        captured("2")

    def test_joins_nothing(self) -> None:
        with pytest.raises(IntegrityError, match="joins"):
            line_joins_late()
        assert EntryLine.objects.count() == 4

    def test_would_join_without_the_count(self) -> None:
        execute(take_down(LINES_ARE_COUNTED, connection.vendor))
        try:
            line_joins_late()
        finally:
            execute(put_up(LINES_ARE_COUNTED, connection.vendor))
        [first, *_more] = queries.verify().faults
        assert first.entry == sealing.entry_id("capture:1")


class TestSealAtOnce:
    def test_makes_one_chain_without_a_gap(self) -> None:
        for number in range(40):
            captured(str(number))

        def seal() -> int:
            sealed = 0
            while batch := operations.seal_entries(at=NOON, limit=3):
                sealed += batch
            return sealed

        assert sum(at_once(*[seal] * 4)) == 40
        assert not Unsealed.objects.exists()
        assert queries.verify().ok
        assert queries.verify().head.sequence == 40


def refund_three(number: int) -> Entry:
    lines = [Line("order:1:escrow", 3), Line("alipay:clearing", -3)]
    return captured("1", key=f"refund:{number}", kind="refund", lines=lines)


def line_joins_late() -> None:
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        EntryLine.objects.create(
            entry_id=sealing.entry_id("capture:1"),
            position=3,
            account=Account.objects.get(code="order:2:escrow"),
            amount_fen=5,
        )
        pool.submit(closing(lambda: captured("1"))).result()


def until_somebody_waits(future: Future[Any]) -> None:
    """Returns when the other transaction waits for a lock, or is done."""
    for _attempt in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0] or future.done():
                return
        sleep(0.01)
    raise AssertionError("the second transaction neither waited nor ended")


def execute(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
