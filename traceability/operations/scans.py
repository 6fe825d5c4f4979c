"""Counting a scan, and hearing that a package is a fake."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from partners.people import Person
from traceability import codes, queries
from traceability.devices import device_hash
from traceability.models import FakeReport, Label, ReportConclusion, Scan

_MESSAGE_LENGTH = 500


class UnableToReport(Exception):
    """The report says nothing; the message asks for what is missing."""


def count_scan(*, code: str, device: str, at: datetime) -> queries.Verdict:
    """Count that somebody looks at a package, and judge it with that scan in.

    Only what stands is counted, and the same device within 24 hours only once. Of
    several first scans at the same moment exactly one is the first. A forged code is
    answered without asking the database.
    """
    verdict = queries.judge(text=code, device=device, now=at)
    if verdict.label is None or not verdict.is_genuine or verdict.ordinal is not None:
        return verdict
    with transaction.atomic():
        # Scans of one label wait for each other here; the unique ordinal is the proof.
        label = Label.objects.select_for_update().get(pk=verdict.label.pk)
        if queries.scan_of_device(label, device=device, now=at) is None:
            Label.objects.filter(pk=label.pk).update(
                scan_count=F("scan_count") + 1,
                first_scanned_at=Coalesce(F("first_scanned_at"), Value(at)),
            )
            label.refresh_from_db(fields=["scan_count"])
            Scan.objects.create(
                label=label,
                ordinal=label.scan_count,
                device=device_hash(device),
                scanned_at=at,
            )
    return queries.judge(text=code, device=device, now=at)


def report_fake(
    *,
    code: str,
    message: str,
    bought_at: str = "",
    contact: str = "",
    device: str = "",
    at: datetime,
) -> FakeReport:
    """Take down that somebody holds a package for a fake.

    `code` is the text as it was scanned, ours or not; `contact` is kept encrypted.
    Errors: UnableToReport.
    """
    if not message.strip():
        raise UnableToReport(_("Tell us what is wrong with the package."))
    number = codes.number_of(code)
    known = number is not None and Label.objects.filter(pk=number).exists()
    return FakeReport.objects.create(
        code=code[:80],
        label_id=number if known else None,
        bought_at=bought_at.strip()[:100],
        message=message.strip()[:_MESSAGE_LENGTH],
        contact=contact.strip()[:100],
        device=device_hash(device) if device else "",
        reported_at=at,
    )


class UnableToConclude(Exception):
    """The report stays open; the message says why."""


def conclude_report(
    *, report: FakeReport, finding: str, note: str, by: Person, at: datetime
) -> ReportConclusion:
    """Write down what came out of a report of a fake. Of two who do so, one does.

    Errors: UnableToConclude where `by` may not, nothing is said, or somebody already
    did.
    """
    if not by.has_perm("traceability.conclude_report"):
        raise UnableToConclude(_("Only a county operator concludes reports."))
    if finding not in ReportConclusion.Finding.values or not note.strip():
        raise UnableToConclude(_("Say what came out and what was done."))
    try:
        with transaction.atomic():
            return ReportConclusion.objects.create(
                report=report,
                finding=finding,
                note=note.strip()[:_MESSAGE_LENGTH],
                concluded_by=by,
                concluded_at=at,
            )
    except IntegrityError as error:
        raise UnableToConclude(_("Somebody concluded this report already.")) from error
