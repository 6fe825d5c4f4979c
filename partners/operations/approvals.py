"""A second person's word on a statement, and the share that follows from it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from partners import queries
from partners.ledger import operations as ledger
from partners.ledger.models import Entry
from partners.ledger.operations import Line
from partners.measures import yuan
from partners.models import (
    Accrual,
    AccrualLine,
    AccrualReversal,
    Statement,
    StatementDecision,
    Supermarket,
)
from partners.people import Person


class UnableToDecide(Exception):
    """The statement cannot be decided on so; the message says why."""


class AlreadyDecided(UnableToDecide):
    """Somebody was first. Their word stands."""


@transaction.atomic
def approve_statement(*, statement: Statement, by: Person, at: datetime) -> Accrual:
    """Accept a statement and accrue the contracted share to the paired households.

    Of two who approve at once, the second gets AlreadyDecided. Where this statement
    corrects an approved one, what was not yet paid in is taken back first and the
    rest accrued; a share that was paid in does not become less.

    Errors: UnableToDecide for whoever filed it or has no say, for a version that was
    replaced, without an agreement or a paired household.
    """
    # One decision at a time for a supermarket: the cap is over all its statements.
    Supermarket.objects.select_for_update().get(pk=statement.supermarket_id)
    statement = Statement.objects.select_related("supermarket").get(pk=statement.pk)
    _require_open(statement=statement, by=by)
    preview = queries.preview_statement(
        supermarket=statement.supermarket,
        period=statement.period,
        source=statement.source,
        profit_fen=statement.profit_fen,
    )
    if preview.agreement is None:
        raise UnableToDecide(
            _("No agreement counts these sales. Sign one that covers %(month)s.")
            % {"month": f"{statement.period:%Y-%m}"}
        )
    if preview.amount_fen and not preview.parts:
        raise UnableToDecide(
            _("No household is paired in %(month)s. Pair one first.")
            % {"month": f"{statement.period:%Y-%m}"}
        )
    StatementDecision.objects.create(
        statement=statement,
        verdict=StatementDecision.Verdict.APPROVED,
        decided_by=by,
        decided_at=at,
    )
    kept_fen = _take_back_unfunded(statement=statement, at=at)
    if preview.amount_fen < kept_fen:
        raise UnableToDecide(
            _(
                "The corrected share is %(share)s, but %(kept)s was already paid in. "
                "Take the difference off the next month's statement."
            )
            % {"share": yuan(preview.amount_fen), "kept": yuan(kept_fen)}
        )
    return _accrue(
        statement=statement,
        preview=preview,
        amount_fen=preview.amount_fen - kept_fen,
        at=at,
    )


@transaction.atomic
def return_statement(
    *, statement: Statement, reason: str, by: Person, at: datetime
) -> StatementDecision:
    """Send a statement back to its supermarket with a reason.

    Errors: UnableToDecide as `approve_statement`, and without a reason.
    """
    if not reason.strip():
        raise UnableToDecide(_("Say what has to be corrected."))
    Supermarket.objects.select_for_update().get(pk=statement.supermarket_id)
    statement = Statement.objects.select_related("supermarket").get(pk=statement.pk)
    _require_open(statement=statement, by=by)
    return StatementDecision.objects.create(
        statement=statement,
        verdict=StatementDecision.Verdict.RETURNED,
        reason=reason.strip()[:200],
        decided_by=by,
        decided_at=at,
    )


def _require_open(*, statement: Statement, by: Person) -> None:
    if statement.filed_by_id is not None and statement.filed_by_id == by.pk:
        raise UnableToDecide(
            _("Whoever filed a statement does not decide on it. Ask a second person.")
        )
    if not by.has_perm("partners.decide_statement", statement):
        raise UnableToDecide(_("Only a county operator decides on statements."))
    if StatementDecision.objects.filter(statement=statement).exists():
        raise AlreadyDecided(_("Somebody has already decided on this statement."))
    latest = queries.latest_version(
        supermarket=statement.supermarket,
        period=statement.period,
        source=statement.source,
    )
    if statement.version != latest:
        raise UnableToDecide(
            _("A corrected version was filed meanwhile. Decide on that one.")
        )


def _take_back_unfunded(*, statement: Statement, at: datetime) -> int:
    """Reverse the corrected versions' accruals; returns what stays, in fen.

    An accrual of which a fen was paid in stays: that money is in the fund.
    """
    kept_fen = 0
    earlier = queries.accruals_standing(
        supermarket=statement.supermarket, period=statement.period
    ).filter(source=statement.source)
    for accrual in earlier.order_by("pk"):
        if accrual.lines.filter(funded_fen__gt=0).exists():
            kept_fen += accrual.amount_fen
        elif accrual.entry is not None:
            entry = ledger.reverse(
                entry=Entry.objects.get(pk=accrual.entry),
                key=f"accrual:{accrual.pk}:reversed",
                reason=statement.number,
                at=at,
            )
            AccrualReversal.objects.create(
                accrual=accrual, statement=statement, entry=entry.pk, reversed_at=at
            )
    return kept_fen


def _accrue(
    *,
    statement: Statement,
    preview: queries.StatementPreview,
    amount_fen: int,
    at: datetime,
) -> Accrual:
    agreement = preview.agreement
    assert agreement is not None
    parts = [
        part
        for part in queries.parts_of(
            agreement=agreement, period=statement.period, amount_fen=amount_fen
        )
        if part.amount_fen
    ]
    entry = None
    if amount_fen:
        entry = ledger.post(
            key=f"accrual:{statement.number}",
            kind="share_accrued",
            lines=[
                Line(f"supermarket:{statement.supermarket_id}:share", amount_fen),
                *(
                    Line(f"household:{part.household.pk}:benefit", -part.amount_fen)
                    for part in parts
                ),
            ],
            subject=f"statement:{statement.number}",
            at=at,
        )
    accrual = Accrual.objects.create(
        statement=statement,
        agreement=agreement,
        supermarket=statement.supermarket,
        period=statement.period,
        source=statement.source,
        profit_fen=statement.profit_fen,
        rate_bp=agreement.rate_bp,
        cap_fen=agreement.cap_fen,
        amount_fen=amount_fen,
        entry=entry.pk if entry else None,
        accrued_at=at,
    )
    AccrualLine.objects.bulk_create(
        AccrualLine(
            accrual=accrual,
            household=part.household,
            weight=part.weight,
            amount_fen=part.amount_fen,
        )
        for part in parts
    )
    return accrual
