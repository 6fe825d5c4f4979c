"""What was published as withdrawn. Files are outside the database: whoever takes rows
back does not reach them."""

from functools import lru_cache
from pathlib import Path
from time import monotonic

from django.conf import settings
from django.db.models import Q

from traceability import revocations
from traceability.models import Certificate, StatusEvent

_NOTHING: frozenset[str] = frozenset()


def published_as(*numbers: str) -> frozenset[str]:
    """Every status that the published revocation list has for these lots, certificates
    and batches, by their numbers. Asks no database."""
    listed = _listed()
    found = _NOTHING
    for number in numbers:
        if number in listed:
            found |= listed[number]
    return found


def is_taken_back(certificate: Certificate) -> bool:
    """Whether the certificate or its lot was published as withdrawn, and the rows that
    said so are gone."""
    published = published_as(certificate.lot.number, certificate.number)
    if not published:
        return False
    about = Q(certificate=certificate.pk) | Q(lot=certificate.lot_id)
    rows = StatusEvent.objects.filter(about).values_list("status", flat=True)
    return not published <= set(rows)


def look_again() -> None:
    """For who wrote the list: no second passes before this process knows."""
    _listed_in.cache_clear()


def _listed() -> dict[str, frozenset[str]]:
    return _listed_in(
        str(settings.LOG_FOLDER), str(settings.LOG_ORIGIN), int(monotonic())
    )


@lru_cache(maxsize=1)
def _listed_in(folder: str, log: str, _second: int) -> dict[str, frozenset[str]]:
    """Looked at once a second, for every scan asks."""
    path = Path(folder) / revocations.FILE
    try:
        at = path.stat()
        return _read(path, at.st_mtime_ns, at.st_ino, log)
    except OSError:
        return {}


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int, _file: int, log: str) -> dict[str, frozenset[str]]:
    """Statuses by number; those of lots, certificates and batches begin differently."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        listed, _signed = revocations.read(text)
    except revocations.RevocationsRejected:
        return {}
    found: dict[str, frozenset[str]] = {}
    if listed.log != log:
        return found
    for held in (listed.lots, listed.certificates, listed.batches):
        for status, numbers in held.items():
            for number in numbers:
                found[number] = found.get(number, _NOTHING) | {status}
    return found
