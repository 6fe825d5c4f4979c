"""Watching our own log as a stranger would: it must only ever grow.

The last good checkpoint is kept in a file, outside the database and outside the log's
folder. A stranger runs `verify.py --seen --keep`; this is the county's own watch.
"""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.people import Person
from partners.whole_files import write_whole
from traceability import merkle, queries, tlog
from traceability.canonical import sha256_hex
from traceability.models import LogAlarm, LogAlarmConclusion

_DETAIL = 300
_NOTE = 500


class UnableToConcludeAlarm(Exception):
    """The alarm stays open; the message says why."""


class _Bad(Exception):
    def __init__(self, found: LogAlarm.Found, detail: str) -> None:
        super().__init__(detail)
        self.found = found


def watch_log(*, at: datetime) -> LogAlarm | None:
    """Compare what is published with the checkpoint that was kept, and keep the new one
    where all is well. An alarm otherwise: once for one finding, and the old checkpoint
    stays kept, so that the finding is made again until somebody concludes it."""
    path = Path(settings.LOG_WATCH_FILE)
    kept = path.read_text(encoding="utf-8") if path.is_file() else ""
    seen = _published_note()
    if not kept and not seen:
        return None
    try:
        _require_grown(kept, seen)
    except _Bad as bad:
        return raise_alarm(
            found=bad.found, detail=str(bad), kept=kept, seen=seen, at=at
        )
    write_whole(path, [seen.encode()])
    return None


def _published_note() -> str:
    """The checkpoint as it is, also where it cannot be read as one."""
    path = Path(settings.LOG_FOLDER) / "checkpoint"
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _require_grown(kept: str, seen: str) -> None:
    found = LogAlarm.Found
    old = tlog.read_checkpoint(kept) if kept else None
    known = old.size if old else 0
    if not seen:
        raise _Bad(found.SHRANK, "no checkpoint is published any more")
    try:
        new = tlog.read_checkpoint(seen)
        tlog.verify_checkpoint(new, keys=queries.checkpoint_keys(new.size))
    except tlog.LogDamaged as error:
        raise _Bad(found.UNSIGNED, str(error)) from error
    folder = tlog.TileFolder(Path(settings.LOG_FOLDER))
    if new.size < known:
        raise _Bad(found.SHRANK, f"{known} lines were published, {new.size} are")
    try:
        node = folder.node(new.size)
        if merkle.root(node, new.size) != new.root:
            raise _Bad(found.DAMAGED, "the tiles do not lead to the signed root")
        if old and known:
            tlog.growth(node, old=old, new=new)
    except tlog.LogDamaged as error:
        raise _Bad(found.DAMAGED, str(error)) from error
    except merkle.ProofRejected as error:
        detail = f"the first {known} lines are others now: {error}"
        raise _Bad(found.CHANGED, detail) from error


def raise_alarm(
    *, found: str, detail: str, kept: str = "", seen: str = "", at: datetime
) -> LogAlarm:
    """Put a finding on record, once."""
    told = [found, detail, kept, seen]
    alarm, _created = LogAlarm.objects.get_or_create(
        key=sha256_hex("\0".join(told)),
        defaults={
            "found": found,
            "detail": detail[:_DETAIL],
            "kept": kept,
            "seen": seen,
            "raised_at": at,
        },
    )
    return alarm


def conclude_log_alarm(
    *, alarm: LogAlarm, note: str, by: Person, at: datetime
) -> LogAlarmConclusion:
    """Say what it was, and begin the watch anew from what is published then.

    Errors: UnableToConcludeAlarm where `by` may not, nothing is said, or somebody did.
    """
    if not by.has_perm("traceability.conclude_report"):
        raise UnableToConcludeAlarm(_("Only a county operator concludes alarms."))
    if not note.strip():
        raise UnableToConcludeAlarm(_("Say what it was and what was done."))
    try:
        with transaction.atomic():
            conclusion = LogAlarmConclusion.objects.create(
                alarm=alarm,
                note=note.strip()[:_NOTE],
                concluded_by=by,
                concluded_at=at,
            )
    except IntegrityError as error:
        raise UnableToConcludeAlarm(
            _("Somebody concluded this alarm already.")
        ) from error
    Path(settings.LOG_WATCH_FILE).unlink(missing_ok=True)
    return conclusion
