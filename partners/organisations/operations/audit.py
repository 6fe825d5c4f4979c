"""Keep for good who did what."""

from datetime import datetime

from partners.organisations.models import AuditRecord
from partners.people import Person


def record(
    *,
    act: str,
    subject: str,
    detail: str = "",
    by: Person | None,
    at: datetime,
) -> AuditRecord:
    """Keep for good who did what: `act` is the operation's name, `subject` a row."""
    return AuditRecord.objects.create(
        actor=by, act=act, subject=subject, detail=detail, at=at
    )
