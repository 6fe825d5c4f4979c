"""The cross-checks. To add one: write the function here, and its test.

Source: the county supervision platforms' comparisons (same person twice, dead,
card of another, over standard, missing evidence; cadre's relatives, odd timing,
names that differ), as named in the project's money rules.
"""

from datetime import time

from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners import periods
from partners.measures import yuan
from partners.models import Accrual, Draw, Household
from partners.supervision.models import Finding, OutsideFact
from partners.supervision.registry import Case, Values, check

HARD = Finding.Severity.HARD
SOFT = Finding.Severity.SOFT
# Offices hand out in daylight.
OPENS, CLOSES = time(7), time(21)


def _facts(case: Case, kind: str) -> list[OutsideFact]:
    facts = OutsideFact.objects.filter(kind=kind, withdrawal__isnull=True)
    return list(facts.filter(id_number_index__in=case.persons).order_by("pk"))


@check(
    code="same_benefit_twice",
    severity=HARD,
    title=_("Same benefit twice"),
    says=_(
        "Somebody of this household already received this benefit for %(month)s "
        "(%(where)s). It is not given twice."
    ),
)
def same_benefit_twice(case: Case) -> Values | None:
    """One person, one month, one share: in another household or another programme."""
    persons = case.persons
    others = Household.objects.exclude(pk=case.household.pk).filter(
        Q(id_number_index__in=persons) | Q(members__id_number_index__in=persons)
    )
    drawn = (
        Draw.objects.filter(
            line__household__in=others.values("pk"),
            line__accrual__period__in=case.periods,
        )
        .select_related("line__accrual", "line__household")
        .order_by("pk")
        .first()
    )
    if drawn is not None:
        month = drawn.line.accrual.period
        return {"month": f"{month:%Y-%m}", "where": drawn.line.household.number}
    for fact in _facts(case, OutsideFact.Kind.BENEFIT):
        if periods.first_day(fact.on_date) in case.periods:
            return {"month": f"{fact.on_date:%Y-%m}", "where": fact.source}
    return None


@check(
    code="deceased",
    severity=HARD,
    title=_("Householder is dead"),
    says=_(
        "The householder is on the list of the dead since %(day)s (%(source)s). "
        "Have the village confirm it and end the pairing."
    ),
)
def deceased(case: Case) -> Values | None:
    """The householder, not a member: the living members keep their benefit."""
    for fact in _facts(case, OutsideFact.Kind.DEATH):
        if fact.id_number_index == case.household.id_number_index:
            return {"day": fact.on_date.isoformat(), "source": fact.source}
    return None


@check(
    code="shared_bank_card",
    severity=HARD,
    title=_("Same bank card for two households"),
    says=_(
        "The bank card is also that of household %(other)s. Enter the household's "
        "own card first."
    ),
)
def shared_bank_card(case: Case) -> Values | None:
    card = case.household.bank_card_index
    if not card:
        return None
    others = Household.objects.filter(bank_card_index=card)
    other = others.exclude(pk=case.household.pk).order_by("pk").first()
    return None if other is None else {"other": other.number}


@check(
    code="over_cap",
    severity=HARD,
    title=_("Over the cap"),
    says=_(
        "For %(month)s the agreement allows %(cap)s and %(accrued)s was accrued. "
        "Nothing of that month is handed out before this is cleared up."
    ),
)
def over_cap(case: Case) -> Values | None:
    """What stands accrued under an agreement in a month, against its cap."""
    for drawing in case.drawings:
        accrual = drawing.line.accrual
        standing = Accrual.objects.filter(
            agreement=accrual.agreement_id,
            period=accrual.period,
            reversal__isnull=True,
        )
        accrued_fen = standing.aggregate(total=Sum("amount_fen"))["total"] or 0
        cap_fen = accrual.agreement.cap_fen
        if accrued_fen > cap_fen:
            return {
                "month": f"{accrual.period:%Y-%m}",
                "cap": yuan(cap_fen),
                "accrued": yuan(accrued_fen),
            }
    return None


@check(
    code="missing_evidence",
    severity=HARD,
    title=_("Evidence is missing"),
    says=_("A signed receipt and at least one photo are needed."),
)
def missing_evidence(case: Case) -> Values | None:
    return None if case.has_receipt and case.photo_count else {}


@check(
    code="cadre_relative",
    severity=SOFT,
    title=_("Relative of a cadre"),
    says=_("Somebody of this household is listed as a cadre's relative (%(source)s)."),
)
def cadre_relative(case: Case) -> Values | None:
    facts = _facts(case, OutsideFact.Kind.CADRE_RELATIVE)
    return {"source": facts[0].source} if facts else None


@check(
    code="odd_timing",
    severity=SOFT,
    title=_("Odd hour"),
    says=_("It was recorded as handed out at %(clock)s, outside office hours."),
)
def odd_timing(case: Case) -> Values | None:
    clock = timezone.localtime(case.at).time()
    return None if OPENS <= clock < CLOSES else {"clock": f"{clock:%H:%M}"}


@check(
    code="before_the_money",
    severity=SOFT,
    title=_("Earlier than the money"),
    says=_("It was handed out on %(day)s, before the money was paid in on %(paid)s."),
)
def before_the_money(case: Case) -> Values | None:
    for drawing in case.drawings:
        fundings = drawing.line.fundings.select_related("pay_in")
        first = min((f.pay_in.paid_at for f in fundings), default=case.at)
        if case.at < first:
            return {
                "day": f"{timezone.localtime(case.at):%Y-%m-%d}",
                "paid": f"{timezone.localtime(first):%Y-%m-%d}",
            }
    return None


@check(
    code="name_mismatch",
    severity=SOFT,
    title=_("Names differ"),
    says=_("The bank card is not in the householder's name."),
)
def name_mismatch(case: Case) -> Values | None:
    holder = case.household.card_holder
    return {} if holder and holder != case.household.name else None
