"""Who is owed what: what is missing, what is there, what can be handed out."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet, Sum

from partners.ledger.queries import balance_fen, balances
from partners.models import (
    AccrualLine,
    Confirmation,
    Disbursement,
    Household,
    Supermarket,
)


@dataclass(frozen=True)
class Standing:
    """A household's sums over all months, in fen."""

    accrued_fen: int = 0
    funded_fen: int = 0
    disbursed_fen: int = 0

    @property
    def ready_fen(self) -> int:
        """What can be handed out now."""
        return self.funded_fen - self.disbursed_fen

    @property
    def accrued_left(self) -> int:
        """What was accrued and has not reached the household yet."""
        return self.accrued_fen - self.disbursed_fen


def standing_lines() -> QuerySet[AccrualLine]:
    """Every household's part that was not reversed."""
    return AccrualLine.objects.filter(accrual__reversal__isnull=True)


def standing_of(*, household: Household) -> Standing:
    """What the household was promised, what of it is in the fund, what it has."""
    return _standing(standing_lines().filter(household=household))


def standing_of_all(households: QuerySet[Household]) -> Standing:
    """The same for several together."""
    return _standing(standing_lines().filter(household__in=households.values("pk")))


def _standing(lines: QuerySet[AccrualLine]) -> Standing:
    sums = lines.aggregate(
        accrued=Sum("amount_fen"),
        funded=Sum("funded_fen"),
        disbursed=Sum("disbursed_fen"),
    )
    return Standing(
        int(sums["accrued"] or 0), int(sums["funded"] or 0), int(sums["disbursed"] or 0)
    )


def lines_missing_money(*, supermarket: Supermarket) -> QuerySet[AccrualLine]:
    """The supermarket's lines that are not fully paid in, the oldest month first."""
    return (
        standing_lines()
        .filter(accrual__supermarket=supermarket, funded_fen__lt=F("amount_fen"))
        .order_by("accrual__period", "accrual_id", "pk")
    )


def ready_households() -> QuerySet[Household]:
    """Households for whom more was paid in than was handed out."""
    ready = standing_lines().filter(funded_fen__gt=F("disbursed_fen"))
    return Household.objects.filter(pk__in=ready.values("household"))


def lines_ready(*, household: Household) -> QuerySet[AccrualLine]:
    """The household's lines with money to hand out, the oldest month first."""
    return (
        standing_lines()
        .filter(household=household, disbursed_fen__lt=F("funded_fen"))
        .select_related("accrual__agreement")
        .order_by("accrual__period", "accrual_id", "pk")
    )


@dataclass(frozen=True)
class Given:
    """A disbursement as its household reads it."""

    disbursement: Disbursement
    supermarkets: list[str]
    received_at: datetime | None
    disputed_at: datetime | None


def disbursements_for(*, household: Household) -> tuple[list[Given], list[Given]]:
    """What waits for the household's answer, and what it confirmed, newest first."""
    found = household.disbursements.prefetch_related(
        "confirmations", "draws__line__accrual__supermarket"
    ).order_by("-disbursed_at", "-pk")
    given = [_given(disbursement) for disbursement in found]
    return (
        [g for g in given if g.received_at is None],
        [g for g in given if g.received_at is not None],
    )


def _given(disbursement: Disbursement) -> Given:
    said = {c.answer: c.answered_at for c in disbursement.confirmations.all()}
    names = [d.line.accrual.supermarket.name for d in disbursement.draws.all()]
    return Given(
        disbursement=disbursement,
        supermarkets=list(dict.fromkeys(names)),
        received_at=said.get(Confirmation.Answer.RECEIVED),
        disputed_at=said.get(Confirmation.Answer.NOT_RECEIVED),
    )


def owed_fen(*, supermarket: Supermarket) -> int:
    """What the supermarket has accrued and not paid in, as the ledger has it."""
    return balance_fen(f"supermarket:{supermarket.pk}:share")


@dataclass(frozen=True)
class Debt:
    """A supermarket's sums over all months, in fen."""

    supermarket: Supermarket
    accrued_fen: int
    paid_in_fen: int

    @property
    def owed_fen(self) -> int:
        return self.accrued_fen - self.paid_in_fen


def debts() -> list[Debt]:
    """What each supermarket accrued and paid in."""
    standing = Q(accruals__reversal__isnull=True)
    shops = Supermarket.objects.annotate(
        accrued=Sum("accruals__lines__amount_fen", filter=standing, default=0),
        paid=Sum("accruals__lines__funded_fen", filter=standing, default=0),
    )
    return [
        Debt(shop, int(shop.accrued), int(shop.paid)) for shop in shops.order_by("pk")
    ]


def fund_fen() -> int:
    """What lies in the benefit fund's account, as the ledger has it."""
    return balance_fen("benefit:fund")


def disagreements() -> list[str]:
    """Account codes where the ledger and the households' lines tell two stories.

    Empty as long as every movement went through the operations.
    """
    wanted: dict[str, int] = {}
    for line in (
        standing_lines()
        .values("household", "accrual__supermarket")
        .annotate(
            accrued=Sum("amount_fen"),
            funded=Sum("funded_fen"),
            disbursed=Sum("disbursed_fen"),
        )
    ):
        for code, fen in (
            (
                f"supermarket:{line['accrual__supermarket']}:share",
                line["accrued"] - line["funded"],
            ),
            ("benefit:fund", line["funded"] - line["disbursed"]),
            (
                f"household:{line['household']}:benefit",
                line["disbursed"] - line["accrued"],
            ),
        ):
            wanted[code] = wanted.get(code, 0) + int(fen)
    booked = balances("household:") | balances("benefit:")
    shares = balances("supermarket:")
    booked |= {code: fen for code, fen in shares.items() if code.endswith(":share")}
    return sorted(
        code
        for code in wanted.keys() | booked.keys()
        if wanted.get(code, 0) != booked.get(code, 0)
    )
