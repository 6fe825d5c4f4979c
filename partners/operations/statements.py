"""Checking and filing a month's statement."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partners import periods, queries
from partners.files import (
    UnableToStore,
    Upload,
    private_storage,
    safe_name,
    storing,
)
from partners.measures import yuan
from partners.models import (
    Source,
    Statement,
    StatementDecision,
    StatementFinding,
    StatementLine,
    StatementUpload,
    Supermarket,
)
from partners.people import Person
from partners.statements import Finding, Line, Reading, fingerprint, read
from partners.statements.sheets import FILE_LIMIT

# Half as much again, or half, of the month before, and at least ¥1,000 apart.
_JUMP_FEN = 100_000


class UnableToFile(Exception):
    """The statement cannot be filed; `findings` say line by line what is wrong."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = list(findings)


def check_upload(
    *,
    supermarket: Supermarket,
    period: date,
    file: Upload,
    by: Person,
    at: datetime,
) -> StatementUpload:
    """Read a file and keep it with what was found; nothing is filed yet.

    Errors: UnableToFile where `by` does not manage the supermarket.
    """
    _require_manager(supermarket=supermarket, by=by)
    period = periods.first_day(period)
    data = _bytes_of(file)
    reading = _read(supermarket=supermarket, period=period, data=data, at=at)
    return StatementUpload.objects.create(
        supermarket=supermarket,
        period=period,
        file="" if reading.blocked else _keep(data, supermarket=supermarket),
        file_name=safe_name(getattr(file, "name", "") or ""),
        report={
            "findings": [finding.as_json() for finding in reading.findings],
            "line_count": len(reading.lines),
            "sales_fen": reading.sales_fen,
            "cost_fen": reading.cost_fen,
        },
        uploaded_by=by,
        uploaded_at=at,
    )


def file_upload(*, upload: StatementUpload, by: Person, at: datetime) -> Statement:
    """File what was checked. The file is read again: books may have moved on.

    Errors: UnableToFile.
    """
    if not upload.file:
        raise UnableToFile(_("This file has mistakes. Correct it and choose it again."))
    with upload.file.open("rb") as file:
        data = file.read()
    return _file(
        supermarket=upload.supermarket,
        period=upload.period,
        data=data,
        file_name=upload.file_name,
        by=by,
        at=at,
    )


def file_statement(
    *,
    supermarket: Supermarket,
    period: date,
    file: Upload,
    by: Person,
    at: datetime,
) -> Statement:
    """File a month's store sales from a workbook or CSV.

    `period` is any day of the month. The same lines again, in whatever order, format
    or encoding, give the statement that is already there. Other lines correct it: a
    new version, which a second person approves before it counts.

    Errors: UnableToFile with findings where the file is not right; nothing is kept.
    """
    return _file(
        supermarket=supermarket,
        period=periods.first_day(period),
        data=_bytes_of(file),
        file_name=safe_name(getattr(file, "name", "") or ""),
        by=by,
        at=at,
    )


def file_platform_statement(
    *, supermarket: Supermarket, period: date, lines: Sequence[Line], at: datetime
) -> Statement:
    """File what this platform's own orders earned the supermarket in a month.

    Each line is one sub-order: its receipt is the order's number, sales less cost
    the supermarket's margin; a refund of an earlier month is a negative line.
    Filing the same lines again gives the same statement.

    Errors: UnableToFile where there are no lines or a day is outside the month.
    """
    period = periods.first_day(period)
    if not lines:
        raise UnableToFile(_("There are no orders to file."))
    for line in lines:
        if not period <= line.day <= periods.last_day(period):
            raise UnableToFile(
                _("%(day)s is not in %(month)s.")
                % {"day": line.day.isoformat(), "month": f"{period:%Y-%m}"}
            )
    numbered = [replace(line, position=n) for n, line in enumerate(lines, start=1)]
    return _keep_statement(
        supermarket=supermarket,
        period=period,
        source=Source.PLATFORM,
        reading=Reading(lines=numbered),
        file="",
        file_name="",
        by=None,
        at=at,
    )


def _file(
    *,
    supermarket: Supermarket,
    period: date,
    data: bytes,
    file_name: str,
    by: Person,
    at: datetime,
) -> Statement:
    _require_manager(supermarket=supermarket, by=by)
    reading = _read(supermarket=supermarket, period=period, data=data, at=at)
    if reading.blocked:
        hard = [finding for finding in reading.findings if finding.hard]
        raise UnableToFile(
            _("The statement was not filed: %(count)s things must be corrected first.")
            % {"count": len(hard)},
            reading.findings,
        )
    return _keep_statement(
        supermarket=supermarket,
        period=period,
        source=Source.STORE,
        reading=reading,
        file=_keep(data, supermarket=supermarket),
        file_name=file_name,
        by=by,
        at=at,
    )


def _read(
    *, supermarket: Supermarket, period: date, data: bytes, at: datetime
) -> Reading:
    reading = read(data, period=period, today=timezone.localtime(at).date())
    found = _against_the_books(supermarket=supermarket, period=period, reading=reading)
    return Reading(reading.lines, [*reading.findings, *found])


def _against_the_books(
    *, supermarket: Supermarket, period: date, reading: Reading
) -> list[Finding]:
    """What only earlier statements can tell."""
    found = []
    known = queries.receipts_filed_before(
        supermarket=supermarket,
        period=period,
        receipts={line.receipt for line in reading.lines if line.receipt},
    )
    for line in reading.lines:
        if month := known.get(line.receipt):
            values = {"value": line.receipt, "month": f"{month:%Y-%m}"}
            found.append(
                Finding("receipt_filed_before", line.position, "receipt", values)
            )
    if reading.blocked:
        return found  # half a month's profit jumps for no reason
    before = queries.profit_before(supermarket=supermarket, period=period)
    now = reading.profit_fen
    if before is not None and _jumps(before, now):
        values = {"before": yuan(before), "now": yuan(now)}
        found.append(Finding("profit_jumps", values=values))
    return found


def _jumps(before_fen: int, now_fen: int) -> bool:
    if abs(now_fen - before_fen) <= _JUMP_FEN:
        return False
    return 2 * now_fen < before_fen or 2 * now_fen > 3 * before_fen


@transaction.atomic
def _keep_statement(
    *,
    supermarket: Supermarket,
    period: date,
    source: str,
    reading: Reading,
    file: str,
    file_name: str,
    by: Person | None,
    at: datetime,
) -> Statement:
    # One filing at a time for a supermarket, or two would both be the next version.
    Supermarket.objects.select_for_update().get(pk=supermarket.pk)
    digest = fingerprint(reading.lines)
    latest = queries.latest_statement(
        supermarket=supermarket, period=period, source=source
    )
    if latest is not None and latest.fingerprint == digest and not _returned(latest):
        return latest
    preview = queries.preview_statement(
        supermarket=supermarket,
        period=period,
        source=source,
        profit_fen=reading.profit_fen,
    )
    statement = Statement.objects.create(
        supermarket=supermarket,
        period=period,
        source=source,
        version=latest.version + 1 if latest else 1,
        fingerprint=digest,
        line_count=len(reading.lines),
        sales_fen=reading.sales_fen,
        cost_fen=reading.cost_fen,
        share_fen=preview.amount_fen,
        file=file,
        file_name=file_name,
        filed_by=by,
        filed_at=at,
    )
    StatementLine.objects.bulk_create(
        (_row(statement, line) for line in reading.lines), batch_size=1000
    )
    StatementFinding.objects.bulk_create(
        StatementFinding(
            statement=statement,
            line=finding.line,
            column=finding.column,
            code=finding.code,
            values=finding.values,
        )
        for finding in reading.findings
    )
    return statement


def _row(statement: Statement, line: Line) -> StatementLine:
    return StatementLine(
        statement=statement,
        position=line.position,
        day=line.day,
        product=line.product,
        quantity=line.quantity,
        sales_fen=line.sales_fen,
        cost_fen=line.cost_fen,
        receipt=line.receipt,
    )


def _returned(statement: Statement) -> bool:
    decision = getattr(statement, "decision", None)
    return (
        decision is not None and decision.verdict == StatementDecision.Verdict.RETURNED
    )


def _require_manager(*, supermarket: Supermarket, by: Person) -> None:
    if not by.has_perm("partners.file_statement", supermarket):
        raise UnableToFile(_("Only this supermarket's managers file its statements."))


def _bytes_of(file: Upload) -> bytes:
    # One byte more than allowed, so that reading can tell it is too large.
    file.seek(0)
    return file.read(FILE_LIMIT + 1)


def _keep(data: bytes, *, supermarket: Supermarket) -> str:
    """Keep the file under its own hash: the same file is kept once."""
    digest = hashlib.sha256(data).hexdigest()
    name = f"statements/{supermarket.pk}/{digest[:32]}"
    storage = private_storage()
    try:
        with storing():
            if not storage.exists(name):
                name = storage.save(name, ContentFile(data))
    except UnableToStore as error:
        raise UnableToFile(str(error)) from error
    return name
