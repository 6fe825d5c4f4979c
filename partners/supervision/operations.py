"""Examining a disbursement, keeping what was found, deciding about it."""

from collections.abc import Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.identity import clean_id_number
from partners.models import Disbursement
from partners.people import Person
from partners.privacy import blind_index
from partners.supervision import checks
from partners.supervision.models import (
    FactWithdrawal,
    Finding,
    FindingDecision,
    OutsideFact,
)
from partners.supervision.registry import CHECKS, NOT_RECEIVED, Case, Concern

assert checks  # imported so that every rule is in the registry


class UnableToDecide(Exception):
    """The finding cannot be decided on so; the message says why."""


class UnableToRecord(Exception):
    """The fact cannot be recorded so; the message says why."""


def examine(case: Case) -> list[Concern]:
    """What every rule of the registry says about the case. Writes nothing."""
    return [
        Concern(rule.code, values)
        for rule in CHECKS.values()
        if (values := rule.judge(case)) is not None
    ]


def record_blocked(*, case: Case, concerns: Sequence[Concern]) -> None:
    """Keep that hard rules stopped a disbursement; once a day for each rule."""
    day = f"{timezone.localtime(case.at):%Y%m%d}"
    for concern in concerns:
        Finding.objects.get_or_create(
            key=f"{concern.code}:household:{case.household.pk}:{day}",
            defaults={
                "rule": concern.code,
                "severity": Finding.Severity.HARD,
                "household": case.household,
                "values": concern.values,
                "found_at": case.at,
            },
        )


def record_concerns(*, disbursement: Disbursement, concerns: Sequence[Concern]) -> None:
    """Keep what soft rules said about a disbursement that was made."""
    Finding.objects.bulk_create(
        Finding(
            key=f"{concern.code}:{disbursement.number}",
            rule=concern.code,
            severity=concern.check.severity,
            household=disbursement.household,
            disbursement=disbursement,
            values=concern.values,
            found_at=disbursement.disbursed_at,
        )
        for concern in concerns
    )


def record_dispute(*, disbursement: Disbursement, at: datetime) -> Finding:
    """Keep that a household says nothing came. Twice is once."""
    finding, _created = Finding.objects.get_or_create(
        key=f"{NOT_RECEIVED}:{disbursement.number}",
        defaults={
            "rule": NOT_RECEIVED,
            "severity": Finding.Severity.HARD,
            "household": disbursement.household,
            "disbursement": disbursement,
            "found_at": at,
        },
    )
    return finding


def decide_finding(
    *, finding: Finding, verdict: str, reason: str, by: Person, at: datetime
) -> FindingDecision:
    """Say, once, whether a finding is so or is explained, and why.

    Whoever recorded the disbursement does not decide about it.

    Errors: UnableToDecide.
    """
    if not by.has_perm("supervision.decide_finding", finding):
        raise UnableToDecide(
            _("A county operator who did not record the disbursement decides this.")
        )
    if not reason.strip():
        raise UnableToDecide(_("Write down the reason."))
    try:
        with transaction.atomic():
            return FindingDecision.objects.create(
                finding=finding,
                verdict=verdict,
                reason=reason.strip()[:200],
                decided_by=by,
                decided_at=at,
            )
    except IntegrityError as error:
        raise UnableToDecide(_("Somebody has already decided about this.")) from error


def record_fact(
    *,
    kind: str,
    id_number: str,
    on_date: date,
    source: str,
    at: datetime,
    by: Person | None = None,
) -> OutsideFact:
    """Take over a line of another office's list; the ID number itself is not kept.

    `kind` is one of OutsideFact.Kind. The same line twice is one row. `by=None` is
    the system itself.

    Errors: UnableToRecord.
    """
    if by is not None and not by.has_perm("supervision.record_fact"):
        raise UnableToRecord(_("Only a county operator takes over other lists."))
    try:
        number = clean_id_number(id_number)
    except ValidationError as error:
        raise UnableToRecord(error.messages[0]) from error
    fact, _created = OutsideFact.objects.get_or_create(
        kind=kind,
        id_number_index=blind_index("id_number", number),
        on_date=on_date,
        source=source,
        defaults={"recorded_by": by, "recorded_at": at},
    )
    return fact


def withdraw_fact(
    *, fact: OutsideFact, reason: str, by: Person, at: datetime
) -> FactWithdrawal:
    """Say that a list was wrong: the fact stays on record and no longer counts.

    Errors: UnableToRecord.
    """
    if not by.has_perm("supervision.record_fact"):
        raise UnableToRecord(_("Only a county operator takes over other lists."))
    if not reason.strip():
        raise UnableToRecord(_("Write down the reason."))
    withdrawal, _created = FactWithdrawal.objects.get_or_create(
        fact=fact,
        defaults={
            "reason": reason.strip()[:200],
            "withdrawn_by": by,
            "withdrawn_at": at,
        },
    )
    return withdrawal
