"""Counting a scan, and hearing that a package is a fake."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from partners.people import Person
from partners.prepared import Prepared, Row
from traceability import codes, queries
from traceability.devices import device_hash
from traceability.models import FakeReport, Label, ReportConclusion, Scan
from traceability.operations.clones import look_for_clones, may_show_a_clone
from traceability.places import Place

_MESSAGE_LENGTH = 500


class UnableToReport(Exception):
    """The report says nothing; the message asks for what is missing."""


def count_scan(
    *, code: str, device: str, place: Place | None = None, at: datetime
) -> queries.Verdict:
    """Count that somebody looks at a package, and judge it with that scan in.

    Only what stands is counted, and the same device within 24 hours only once. Of
    several first scans at the same moment exactly one is the first. A forged code is
    answered without asking the database. `place` is roughly where the network is.
    """
    while True:
        verdict = queries.judge(text=code, device=device, now=at)
        seen, facts = verdict.seen, verdict.facts
        if seen is None or facts is None:
            return verdict
        if not verdict.is_genuine or verdict.ordinal is not None:
            return verdict
        if counted := _count(seen, device=device, place=place, at=at):
            return queries.judge_scans(
                counted,
                facts,
                code=verdict.code,
                device=device,
                ordinal=counted.scan_count,
            )


# By hand, as the look of `judge` is: see there.
_COUNT = """
    UPDATE traceability_label
    SET scan_count = scan_count + 1, first_scanned_at = coalesce(first_scanned_at, %s)
    WHERE number = %s AND scan_count = %s RETURNING scan_count"""
_NOTE = """
    INSERT INTO traceability_scan (label_id, ordinal, device, scanned_at)
    VALUES (%s, %s, %s, %s) RETURNING ordinal"""
_counted, _noted = Prepared(_COUNT), Prepared(_NOTE)
# The same in one statement, which is a transaction: SQLite has no such form, and needs
# none, for nothing lies between it and us.
_counted_and_noted = Prepared(f"""
    WITH counted AS ({_COUNT})
    INSERT INTO traceability_scan (label_id, ordinal, device, scanned_at)
    SELECT %s, scan_count, %s, %s FROM counted RETURNING ordinal""")  # noqa: S608


def _count(
    seen: queries.Look, *, device: str, place: Place | None, at: datetime
) -> queries.Look | None:
    """Note the scan, and what it shows of a copy; None where another was faster."""
    if not may_show_a_clone(seen=seen, place=place):
        return _note(seen, device=device, at=at)
    with transaction.atomic():
        counted = _note(seen, device=device, at=at)
        if counted is None:
            return None
        suspicion = look_for_clones(seen=counted, place=place, at=at)
    return counted._replace(suspicion=suspicion)


def _note(seen: queries.Look, *, device: str, at: datetime) -> queries.Look | None:
    """Note the scan after those that the label was judged by, in its row too.

    None where another was counted since: it may have been this very device's, so the
    label has to be judged again. The unique ordinal is the proof that none is twice.
    """
    moment: Any = connection.ops.adapt_datetimefield_value(at)
    counted: Row = (moment, seen.number, seen.scan_count)
    name = device_hash(device)
    if connection.vendor == "postgresql":
        if not _counted_and_noted.rows(*counted, seen.number, name, moment):
            return None
    else:
        with transaction.atomic():
            if not _counted.rows(*counted):
                return None
            _noted.rows(seen.number, seen.scan_count + 1, name, moment)
    first_at = seen.first_scanned_at or at
    return seen._replace(scan_count=seen.scan_count + 1, first_scanned_at=first_at)


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
    The device's last scan of the label goes with it.
    Errors: UnableToReport.
    """
    if not message.strip():
        raise UnableToReport(_("Tell us what is wrong with the package."))
    number = codes.number_of(code)
    known = number is not None and Label.objects.filter(pk=number).exists()
    device = device_hash(device) if device else ""
    scans = Scan.objects.filter(label=number, device=device) if known and device else ()
    return FakeReport.objects.create(
        code=code[:80],
        label_id=number if known else None,
        bought_at=bought_at.strip()[:100],
        message=message.strip()[:_MESSAGE_LENGTH],
        contact=contact.strip()[:100],
        device=device,
        ordinal=max((scan.ordinal for scan in scans), default=None),
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
