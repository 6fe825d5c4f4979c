"""Taking existing records over from a spreadsheet: checked whole, then all or nothing.

Every line goes through the operation that a person would use, so that quotas, safety
intervals and whose village it is hold here too.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partners.files import UnableToStore, Upload, private_storage, safe_name, storing
from partners.organisations.models import Division, Farmer
from partners.people import Person
from partners.statements.sheets import FILE_LIMIT
from traceability import imports, queries
from traceability.imports import Finding, Line, Reading
from traceability.models import Event, Lot, Plot, RecordImport
from traceability.operations.events import UnableToRecordEvent, record_event
from traceability.operations.lots import (
    UnableToRecordLot,
    UnableToRegisterPlot,
    record_lot,
    register_plot,
)

# Books say the day; work in the field begins in the morning.
_MORNING = time(8)


class UnableToImport(Exception):
    """The file is not imported; `findings` say line by line what is wrong."""

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = list(findings)


class _Wrong(Exception):
    """A line cannot be taken over; says why, and in which column."""

    def __init__(self, words: str, column: str = "") -> None:
        super().__init__(words)
        self.column = column


def check_import(*, file: Upload, by: Person, at: datetime) -> RecordImport:
    """Read a file and try it out; kept for `carry_out_import` if nothing is wrong, or
    else all that is.

    Errors: UnableToImport, and nothing is kept.
    """
    file.seek(0)
    # One byte more than allowed, so that reading can tell it is too large.
    data = file.read(FILE_LIMIT + 1)
    digest = hashlib.sha256(data).hexdigest()
    _require_new(digest)
    reading = imports.read(data, today=timezone.localtime(at).date())
    with transaction.atomic():
        # Also where a cell could not be read: whoever corrects it wants to know all.
        findings = _in_order(reading, _Taking(by=by, at=at).take(reading))
        transaction.set_rollback(True)
    if findings:
        raise UnableToImport(
            _("Nothing was imported. Correct the file first."), findings
        )
    try:
        with storing():
            name = private_storage().save(f"imports/{digest[:32]}", ContentFile(data))
    except UnableToStore as error:
        raise UnableToImport(str(error)) from error
    return RecordImport.objects.create(
        file=name,
        file_name=safe_name(getattr(file, "name", "") or ""),
        sha256=digest,
        plots=len(reading.of("plots")),
        lots=len(reading.of("lots")),
        events=len(reading.of("events")),
        checked_by=by,
        checked_at=at,
    )


def carry_out_import(*, checked: RecordImport, by: Person, at: datetime) -> None:
    """Take over what was checked, all or nothing. The file is read and judged again:
    the books may have moved on. Errors: UnableToImport, and nothing is written."""
    reading = read_checked(checked=checked, at=at)
    try:
        with transaction.atomic():
            waiting = RecordImport.objects.filter(
                pk=checked.pk, imported_at__isnull=True
            )
            if not waiting.update(imported_at=at):
                raise UnableToImport(_("This file was imported already."))
            findings = _Taking(by=by, at=at).take(reading)
            if findings:
                words = _("Nothing was imported. Correct the file first.")
                raise UnableToImport(words, findings)
    except IntegrityError as error:
        raise UnableToImport(_("This file was imported already.")) from error


def read_checked(*, checked: RecordImport, at: datetime) -> Reading:
    """What a checked file says. Errors: UnableToImport."""
    try:
        with storing(), checked.file.open("rb") as file:
            data = file.read()
    except UnableToStore as error:
        raise UnableToImport(str(error)) from error
    if hashlib.sha256(data).hexdigest() != checked.sha256:
        raise UnableToImport(_("The file is not the one that was checked."))
    reading = imports.read(data, today=timezone.localtime(at).date())
    if reading.findings:
        words = _("Nothing was imported. Correct the file first.")
        raise UnableToImport(words, reading.findings)
    return reading


def _require_new(digest: str) -> None:
    before = RecordImport.objects.filter(sha256=digest, imported_at__isnull=False)
    if done := before.first():
        when = date_format(timezone.localtime(done.imported_at), "DATETIME_FORMAT")
        raise UnableToImport(_("This file was imported on %(date)s.") % {"date": when})


@dataclass
class _Taking:
    """Takes lines over, one after the other, inside the caller's transaction."""

    by: Person
    at: datetime
    findings: list[Finding] = field(default_factory=list)
    # What a line of this file says that is itself wrong is told at that line alone.
    broken_plots: set[tuple[Any, ...]] = field(default_factory=set)
    # By the number that the file gives them; None: its line was wrong.
    lots: dict[str, Lot | None] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)
    villages: dict[str, list[Division]] = field(default_factory=dict)

    def take(self, reading: Reading) -> list[Finding]:
        """What was wrong; where nothing was, all is written."""
        for line in reading.broken:
            if line.kind == "plots":
                self.broken_plots.add(_named(line.facts))
            elif line.kind == "lots":
                self.lots[line.facts.get("ref", "")] = None
        for kind, act in (
            ("plots", self._plot),
            ("lots", self._lot),
            ("events", self._event),
        ):
            lines = reading.of(kind)
            if kind == "events":
                lines.sort(key=lambda line: line.facts["day"])
            for line in lines:
                self._try(line, act)
        for line in reading.of("lots"):
            self._try(line, self._require_safe)
        return self.findings

    def _try(self, line: Line, act: Callable[[dict[str, Any]], None]) -> None:
        try:
            with transaction.atomic():
                act(line.facts)
        except _Wrong as wrong:
            self._note(line, str(wrong), wrong.column)
        except (UnableToRegisterPlot, UnableToRecordLot, UnableToRecordEvent) as error:
            self._note(line, str(error))

    def _note(self, line: Line, words: str, column: str = "") -> None:
        self.findings.append(line.finding(words, column))
        if line.kind == "plots":
            self.broken_plots.add(_named(line.facts))

    def _plot(self, facts: dict[str, Any]) -> None:
        village = self._village(facts["village"])
        farmer = self._farmer(village, facts["farmer"])
        known = Plot.objects.filter(farmer=farmer, name=facts["plot"]).first()
        if known is not None:
            if (known.crop, known.area_mu) == (facts["crop"], facts["area"]):
                return  # registered before, the same: nothing to do
            raise _Wrong(
                _("This plot is registered with another crop or area."), "plot"
            )
        register_plot(
            village=village,
            farmer=farmer,
            name=facts["plot"],
            area_mu=facts["area"],
            crop=facts["crop"],
            by=self.by,
            at=self.at,
        )

    def _lot(self, facts: dict[str, Any]) -> None:
        if facts["ref"] in self.lots:
            raise _Wrong(_("Another line has this number."), "ref")
        self.lots[facts["ref"]] = None
        farmer = self._farmer(self._village(facts["village"]), facts["farmer"])
        plot = Plot.objects.filter(farmer=farmer, name=facts["plot"]).first()
        if plot is None and _named(facts) in self.broken_plots:
            return
        if plot is None:
            raise _Wrong(_("This farmer has no plot of this name."), "plot")
        same = Lot.objects.filter(
            plot=plot,
            harvest_date=facts["day"],
            product_name=facts["product"],
            weight_g=facts["weight"],
        ).exclude(pk__in=self.made)
        if known := same.first():
            words = _("This is on record already, as lot %(number)s.")
            raise _Wrong(words % {"number": known.number}, "ref")
        lot = record_lot(
            plot=plot,
            farmer=farmer,
            crop=plot.crop,
            product_name=facts["product"],
            harvest_date=facts["day"],
            weight_g=facts["weight"],
            is_history=True,
            by=self.by,
            at=self.at,
        )
        self.lots[facts["ref"]] = lot
        self.made.add(lot.pk)

    def _event(self, facts: dict[str, Any]) -> None:
        if facts["ref"] not in self.lots:
            raise _Wrong(_("No lot of this file has this number."), "ref")
        if facts["kind"] not in Event.Kind.values:
            raise _Wrong(_("We do not know this event."), "kind")
        lot = self.lots[facts["ref"]]
        if lot is None:
            return  # its own line says what is wrong
        happened = timezone.make_aware(datetime.combine(facts["day"], _MORNING))
        record_event(
            lot=lot,
            kind=facts["kind"],
            happened_at=min(happened, self.at)
            if facts["day"] == timezone.localtime(self.at).date()
            else happened,
            note=facts["note"],
            weight_g=facts["weight"],
            substance=facts["substance"],
            interval_days=facts["interval"],
            is_history=True,
            by=self.by,
            at=self.at,
        )

    def _require_safe(self, facts: dict[str, Any]) -> None:
        """A spray of this file may be too near to a harvest of it."""
        lot = self.lots.get(facts["ref"])
        if lot is None:
            return
        day = facts["day"]
        safe_from = queries.safe_harvest_date_of(lot=lot, day=day)
        if safe_from is not None and day < safe_from:
            words = _(
                "Harvested too soon after spraying: it was safe from %(date)s on."
            )
            raise _Wrong(words % {"date": date_format(safe_from)}, "day")

    def _village(self, text: str) -> Division:
        """The village of this name or code that the importer keeps."""
        if text not in self.villages:
            found = Division.objects.filter(level=Division.Level.VILLAGE)
            named = found.filter(pk=text) if text.isdigit() else found.filter(name=text)
            self.villages[text] = list(named[:50])
        shown = {"village": text}
        if not self.villages[text]:
            raise _Wrong(_("There is no village %(village)s.") % shown, "village")
        own = [
            one
            for one in self.villages[text]
            if self.by.has_perm("traceability.keep_lots", one)
        ]
        if len(own) > 1:
            own = [one for one in own if one.farmers.exists()]
        if not own:
            words = _("You do not keep the lots of %(village)s.") % shown
            raise _Wrong(words, "village")
        if len(own) > 1:
            words = _("Several villages have this name: write the 12-digit code.")
            raise _Wrong(words, "village")
        return own[0]

    def _farmer(self, village: Division, text: str) -> Farmer:
        named = [
            farmer
            for farmer in Farmer.objects.filter(village=village)
            if text in (farmer.name, farmer.called)
        ]
        if not named:
            raise _Wrong(_("No farmer of this village is called so."), "farmer")
        if len(named) > 1:
            raise _Wrong(_("Several farmers of this village are called so."), "farmer")
        return named[0]


def _in_order(reading: Reading, found: list[Finding]) -> list[Finding]:
    """All that is wrong, as one comes upon it in the file."""
    sheets = [line.sheet for line in (*reading.lines, *reading.broken)]
    order = {sheet: place for place, sheet in enumerate(dict.fromkeys(sheets))}
    return sorted(
        [*reading.findings, *found],
        key=lambda one: (order.get(one.sheet, -1), one.line or 0),
    )


def _named(facts: dict[str, Any]) -> tuple[Any, ...]:
    """Whose plot it is, and which."""
    return tuple(facts.get(name) for name in ("village", "farmer", "plot"))
