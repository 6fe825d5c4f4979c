"""Who did what to a supermarket, a household or a village, in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from partners.organisations.models import AuditRecord
from partners.people import Person

SHOWN = 30


class Done(NamedTuple):
    """One line: what, when, and by whom (None: the system)."""

    words: str
    at: datetime
    actor: Person | None


def trail_of(subjects: Sequence[str]) -> list[Done]:
    """What is on record about these rows, newest first."""
    records = AuditRecord.objects.filter(subject__in=subjects).select_related("actor")
    return [
        Done(str(_TOLD.get(record.act, record.act)), record.at, record.actor)
        for record in records[:SHOWN]
    ]


_TOLD = {
    "register_supermarket": _("Taken in"),
    "appoint_manager": _("A manager was appointed"),
    "dismiss_manager": _("A manager was dismissed"),
    "sign_agreement": _("An agreement was signed"),
    "register_household": _("Taken in"),
    "change_bank_card": _("The bank card was entered anew"),
    "change_contact": _("The contact was changed"),
    "add_member": _("Somebody who lives there was added"),
    "end_links": _("Links that were sent before stopped working"),
    "pair": _("Paired with a supermarket"),
    "end_pairing": _("A pairing was ended"),
    "open_station": _("The service station was opened"),
    "describe_station": _("What pages say about the station was changed"),
    "register_cooperative": _("A cooperative was registered"),
}
