"""What everybody may see: how far each month's money has come, and for whom.

Nothing here returns a household's name, number, card or phone: names are masked
where the rows are made, so that no page can forget to.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from django.db.models import F, Max, Min, Q, QuerySet, Sum

from partners.models import (
    Accrual,
    AccrualLine,
    Confirmation,
    Draw,
    Funding,
    PayIn,
    Statement,
    StatementDecision,
    Supermarket,
)
from partners.queries.money import standing_lines

_RECEIVED = Q(disbursement__confirmations__answer=Confirmation.Answer.RECEIVED)


@dataclass(frozen=True)
class Flow:
    """How far money has come, in fen: each stage counts what came at least so far."""

    promised_fen: int = 0
    accrued_fen: int = 0
    paid_in_fen: int = 0
    disbursed_fen: int = 0
    confirmed_fen: int = 0

    @property
    def stages(self) -> tuple[int, int, int, int, int]:
        return (
            self.promised_fen,
            self.accrued_fen,
            self.paid_in_fen,
            self.disbursed_fen,
            self.confirmed_fen,
        )

    def __add__(self, other: "Flow") -> "Flow":
        return Flow(*(a + b for a, b in zip(self.stages, other.stages, strict=True)))


@dataclass(frozen=True)
class SupermarketRow:
    """One supermarket's month."""

    supermarket: Supermarket
    flow: Flow
    households: int = 0


@dataclass(frozen=True)
class TownshipRow:
    """One township's month."""

    code: str
    name: str
    flow: Flow
    households: int


@dataclass(frozen=True)
class HouseholdRow:
    """One household's part of one accrual, as the public may see it."""

    line: int
    name: str
    village: str
    township: str
    supermarket: str
    supermarket_id: int
    period: date
    source: str
    version: int
    flow: Flow
    entry: UUID | None
    receipts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class HouseholdShare:
    """One household of a month, once: its parts together, as the public may see it."""

    name: str
    village: str
    township: str
    flow: Flow
    parts: list[HouseholdRow]


@dataclass(frozen=True)
class MonthSum:
    """A month among others: what accrued, and how much of it households confirmed."""

    period: date
    accrued_fen: int
    confirmed_fen: int

    @property
    def percent(self) -> int:
        """How much of the share is confirmed, in whole percent, never rounded up."""
        return 100 * self.confirmed_fen // max(1, self.accrued_fen)


@dataclass(frozen=True)
class Month:
    """Everything the board shows of a month."""

    period: date
    flow: Flow
    supermarkets: list[SupermarketRow]
    townships: list[TownshipRow]
    households: int
    confirmed_households: int


def periods_on_board() -> list[date]:
    """The months that have a statement, the latest first."""
    months = Statement.objects.values_list("period", flat=True).distinct()
    return list(months.order_by("-period"))


def month_sums(periods: Sequence[date]) -> list[MonthSum]:
    """These months' sums, in their order. Two queries."""
    lines = standing_lines().filter(accrual__period__in=periods)
    accrued = lines.values_list("accrual__period").annotate(fen=Sum("amount_fen"))
    confirmed = (
        Draw.objects.filter(_RECEIVED, line__in=lines)
        .values_list("line__accrual__period")
        .annotate(fen=Sum("amount_fen"))
    )
    sums, said = dict(accrued.order_by()), dict(confirmed.order_by())
    return [
        MonthSum(period, int(sums.get(period, 0)), int(said.get(period, 0)))
        for period in periods
    ]


def latest_period_with_shares() -> date | None:
    """The last month of which anything accrued."""
    standing = Accrual.objects.filter(reversal__isnull=True, amount_fen__gt=0)
    last: date | None = standing.aggregate(last=Max("period"))["last"]
    return last


def lines_of(period: date) -> QuerySet[AccrualLine]:
    """The month's standing lines."""
    return standing_lines().filter(accrual__period=period)


def month(period: date) -> Month:
    """The month's flow, by supermarket and by township. A handful of queries."""
    lines = lines_of(period)
    promised = _promised(period)
    by_shop = _flows(lines, "accrual__supermarket")
    shops = {
        shop.pk: shop
        for shop in Supermarket.objects.filter(pk__in=promised.keys() | by_shop.keys())
    }
    rows = []
    for pk, shop in shops.items():
        flow, households = by_shop.get(pk, (Flow(), 0))
        promise = max(promised.get(pk, 0), flow.accrued_fen)
        rows.append(
            SupermarketRow(shop, replace(flow, promised_fen=promise), households)
        )
    rows.sort(key=lambda row: row.supermarket.pk)
    total = sum((row.flow for row in rows), Flow())
    confirmed = lines.filter(
        draws__disbursement__confirmations__answer=Confirmation.Answer.RECEIVED
    )
    return Month(
        period=period,
        flow=total,
        supermarkets=rows,
        townships=_townships(lines),
        households=lines.values("household").distinct().count(),
        confirmed_households=confirmed.values("household").distinct().count(),
    )


def month_flow(period: date) -> Flow:
    """The month's sums alone, for a page that only names them."""
    return month(period).flow


def supermarket_flow(*, supermarket: Supermarket, period: date) -> Flow:
    """One supermarket's month."""
    lines = lines_of(period).filter(accrual__supermarket=supermarket)
    flow, _households = _flows(lines, "accrual__supermarket").get(
        supermarket.pk, (Flow(), 0)
    )
    promise = _promised(period).get(supermarket.pk, 0)
    return replace(flow, promised_fen=max(promise, flow.accrued_fen))


def household_shares(
    lines: QuerySet[AccrualLine], *, after: int = 0, limit: int | None = None
) -> list[HouseholdShare]:
    """The lines' households, each once, in pages by their first line's key."""
    firsts = (
        lines.values_list("household")
        .annotate(first=Min("pk"))
        .filter(first__gt=after)
        .order_by("first")[:limit]
    )
    households = [household for household, _first in firsts]
    parts: dict[int, list[HouseholdRow]] = {pk: [] for pk in households}
    for household, row in _rows(lines.filter(household__in=households)):
        parts[household].append(row)
    return [
        HouseholdShare(
            name=rows[0].name,
            village=rows[0].village,
            township=rows[0].township,
            flow=sum((row.flow for row in rows), Flow()),
            parts=rows,
        )
        for rows in parts.values()
    ]


def household_rows(lines: QuerySet[AccrualLine]) -> list[HouseholdRow]:
    """The lines as the public may see them. Four queries."""
    return [row for _household, row in _rows(lines)]


def _rows(lines: QuerySet[AccrualLine]) -> list[tuple[int, HouseholdRow]]:
    """With the household's key, which never leaves this module."""
    found = list(
        lines.order_by("pk").select_related(
            "household__village__parent", "accrual__supermarket", "accrual__statement"
        )
    )
    confirmed, receipts = _draws_of(line.pk for line in found)
    return [
        (
            line.household_id,
            HouseholdRow(
                line=line.pk,
                name=line.household.public_name,
                village=line.household.village.name,
                township=str(line.household.village.parent),
                supermarket=line.accrual.supermarket.name,
                supermarket_id=line.accrual.supermarket_id,
                period=line.accrual.period,
                source=line.accrual.get_source_display(),
                version=line.accrual.statement.version,
                flow=Flow(
                    line.amount_fen,
                    line.amount_fen,
                    line.funded_fen,
                    line.disbursed_fen,
                    confirmed[line.pk],
                ),
                entry=line.accrual.entry,
                receipts=receipts[line.pk],
            ),
        )
        for line in found
    ]


def pay_ins_for(*, supermarket: Supermarket, period: date) -> list[tuple[PayIn, int]]:
    """The payments that stand behind a supermarket's month, with how much of each."""
    parts = (
        Funding.objects.filter(
            line__accrual__supermarket=supermarket, line__accrual__period=period
        )
        .values("pay_in")
        .annotate(fen=Sum("amount_fen"))
    )
    sums = {part["pay_in"]: int(part["fen"]) for part in parts}
    paid = PayIn.objects.filter(pk__in=sums).order_by("paid_at", "pk")
    return [(payment, sums[payment.pk]) for payment in paid]


def _draws_of(
    lines: Iterable[int],
) -> tuple[defaultdict[int, int], defaultdict[int, list[str]]]:
    """Confirmed fen and disbursements' numbers, by line."""
    draws = Draw.objects.filter(line__in=list(lines))
    confirmed: defaultdict[int, int] = defaultdict(int)
    receipts: defaultdict[int, list[str]] = defaultdict(list)
    for pk, number in draws.order_by("pk").values_list("line", "disbursement__number"):
        receipts[pk].append(number)
    for pk, fen in (
        draws.filter(_RECEIVED).values_list("line").annotate(fen=Sum("amount_fen"))
    ):
        confirmed[pk] = int(fen)
    return confirmed, receipts


def _flows(lines: QuerySet[AccrualLine], by: str) -> dict[object, tuple[Flow, int]]:
    """Flow and number of households of the lines, by one of their columns."""
    confirmed = {
        row["key"]: int(row["fen"])
        for row in Draw.objects.filter(_RECEIVED, line__in=lines)
        .values(key=F(f"line__{by}"))
        .annotate(fen=Sum("amount_fen"))
        .order_by()
    }
    households: defaultdict[object, set[int]] = defaultdict(set)
    sums: dict[object, Flow] = {}
    rows = lines.values_list(by, "household").annotate(
        accrued=Sum("amount_fen"), paid=Sum("funded_fen"), given=Sum("disbursed_fen")
    )
    for key, household, accrued, paid, given in rows.order_by():
        households[key].add(household)
        sums[key] = sums.get(key, Flow()) + Flow(
            int(accrued), int(accrued), int(paid), int(given)
        )
    return {
        key: (replace(flow, confirmed_fen=confirmed.get(key, 0)), len(households[key]))
        for key, flow in sums.items()
    }


def _townships(lines: QuerySet[AccrualLine]) -> list[TownshipRow]:
    column = "household__village__parent"
    names = dict(lines.values_list(column, f"{column}__name").order_by())
    return [
        TownshipRow(str(code), names[code], flow, households)
        for code, (flow, households) in sorted(
            _flows(lines, column).items(), key=lambda item: str(item[0])
        )
    ]


def _promised(period: date) -> dict[int, int]:
    """By supermarket: what waiting statements would share, in fen.

    A waiting correction stands for its whole month; what the other source of the
    same supermarket accrued is added.
    """
    waiting = Statement.objects.waiting().filter(period=period)
    latest = {(s.supermarket_id, s.source): s.share_fen for s in waiting}
    accrued = (
        Accrual.objects.filter(period=period, reversal__isnull=True)
        .values_list("supermarket", "source")
        .annotate(fen=Sum("amount_fen"))
    )
    sums: defaultdict[int, int] = defaultdict(int)
    for pk, source, fen in accrued.order_by():
        sums[pk] += max(int(fen), latest.pop((pk, source), 0))
    for (pk, _source), fen in latest.items():
        sums[pk] += fen
    # A month that only has returned statements is on the board with nothing.
    returned = Statement.objects.filter(
        period=period, decision__verdict=StatementDecision.Verdict.RETURNED
    )
    for pk in returned.values_list("supermarket", flat=True):
        sums.setdefault(pk, 0)
    return dict(sums)
