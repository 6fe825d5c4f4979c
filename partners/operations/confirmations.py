"""The household's own word: it came, or it did not."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.links import household_of
from partners.models import Confirmation, Disbursement, Household
from partners.organisations.operations import record
from partners.people import Person
from partners.supervision import operations as supervision


class UnableToConfirm(Exception):
    """The answer cannot be taken; the message says why."""


def confirm_receipt(
    *,
    disbursement: Disbursement,
    at: datetime,
    token: str = "",
    by: Person | None = None,
) -> Confirmation:
    """Take the contact's word that it was received, by signed link or login.

    Said twice it is still one confirmation. After a dispute it is taken as well:
    then the goods came late, and the finding stays for a person to close.

    Errors: UnableToConfirm where neither token nor login is the household's.
    """
    _require_contact(disbursement=disbursement, token=token, by=by)
    return _answer(disbursement, Confirmation.Answer.RECEIVED, by=by, at=at)


def dispute_receipt(
    *,
    disbursement: Disbursement,
    at: datetime,
    token: str = "",
    by: Person | None = None,
) -> Confirmation:
    """Take the contact's word that nothing came, and open a finding about it.

    Errors: UnableToConfirm as `confirm_receipt`, and where it was confirmed before.
    """
    _require_contact(disbursement=disbursement, token=token, by=by)
    with transaction.atomic():
        # Of the two buttons pressed at once, the second must see the first.
        Disbursement.objects.select_for_update().get(pk=disbursement.pk)
        if disbursement.confirmations.filter(
            answer=Confirmation.Answer.RECEIVED
        ).exists():
            raise UnableToConfirm(
                _("You have confirmed this one. If it is wrong, call the county.")
            )
        supervision.record_dispute(disbursement=disbursement, at=at)
        return _answer(disbursement, Confirmation.Answer.NOT_RECEIVED, by=by, at=at)


def end_links(
    *, household: Household, by: Person | None = None, at: datetime | None = None
) -> Household:
    """Make every link sent to the household stop working; the next one works."""
    with transaction.atomic():
        Household.objects.filter(pk=household.pk).update(
            link_version=F("link_version") + 1
        )
        record(
            act="end_links",
            subject=f"household:{household.pk}",
            by=by,
            at=at or timezone.now(),
        )
    household.refresh_from_db()
    return household


def _require_contact(
    *, disbursement: Disbursement, token: str, by: Person | None
) -> None:
    household = household_of(token) if token else None
    by_link = household is not None and household.pk == disbursement.household_id
    by_login = by is not None and by.has_perm(
        "partners.confirm_receipt", disbursement.household
    )
    if not by_link and not by_login:
        raise UnableToConfirm(_("This link is not valid. Ask for a new one."))


@transaction.atomic
def _answer(
    disbursement: Disbursement, answer: str, *, by: Person | None, at: datetime
) -> Confirmation:
    confirmation, _created = Confirmation.objects.get_or_create(
        disbursement=disbursement,
        answer=answer,
        defaults={"answered_by": by, "answered_at": at},
    )
    return confirmation
