"""Summing up, for phones without a network, what is not to be relied on any more."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain

from django.conf import settings
from django.db.models import Max, Q

from traceability import codes, merkle, revocations, signing, tlog
from traceability.canonical import sha256_hex
from traceability.models import (
    LabelBatch,
    LeafKind,
    LogLeaf,
    RevocationList,
    StatusEvent,
)
from traceability.queries import withdrawn
from traceability.revocations import LabelFile, Revocations

# A list that says nothing new is signed again after the first, and old after the other.
REFRESH = timedelta(hours=1)
GOOD_FOR = timedelta(days=1)

_STATUS = StatusEvent.Status
ENDED = (_STATUS.RECALLED, _STATUS.REVOKED, _STATUS.VOIDED, _STATUS.SUPERSEDED)
# A bag's code tells no lot: where these befall its lot, certificate or batch, the
# label is listed itself.
_OF_LABELS = (_STATUS.RECALLED, _STATUS.REVOKED, _STATUS.VOIDED)

Numbers = dict[str, tuple[str, ...]]


def publish_revocations(
    *,
    folder: tlog.TileFolder,
    signer: signing.Signer,
    checkpoint: tlog.Checkpoint,
    at: datetime,
) -> Revocations | None:
    """Sign a new list where something was withdrawn, or the last one grows old.

    Returns it; None where the last one will do. Label files come first, then the
    list's row, then the list: stopped anywhere, the next run goes on with the next
    number. Call it alone with the folder, after the checkpoint.
    """
    old = _published_list(folder)
    if old is not None and not _is_due(old, signer, checkpoint, at):
        return None
    # What was published stands, whoever took its row back.
    before = old if old is not None and old.log == settings.LOG_ORIGIN else None
    lots, certificates, batches = (
        _together(getattr(before, part, {}), _ended_by_number(about, checkpoint.size))
        for about, part in _NUMBERED
    )
    kept = old is not None and (old.lots, old.certificates, old.batches) == (
        lots,
        certificates,
        batches,
    )
    known = dict(old.labels) if old is not None and kept else None
    listed = Revocations(
        log=settings.LOG_ORIGIN,
        number=_next_number(old),
        lines=checkpoint.size,
        root=checkpoint.root.hex(),
        issued_at=at,
        next_update=at + GOOD_FOR,
        key_id=signer.key_id,
        lots=lots,
        certificates=certificates,
        batches=batches,
        labels=_label_files(folder, checkpoint.size, known, before),
    )
    text = revocations.signed_text(listed, sign=signer.sign_text)
    RevocationList.objects.create(
        number=listed.number,
        lines=listed.lines,
        sha256=sha256_hex(listed.document),
        issued_at=at,
    )
    folder.write(revocations.FILE, text.encode())
    withdrawn.look_again()
    _forget(folder, listed, old)
    return listed


def _published_list(folder: tlog.TileFolder) -> Revocations | None:
    """What is published now, whoever signed it; None where it cannot be read."""
    try:
        text = (folder.folder / revocations.FILE).read_text(encoding="utf-8")
        return revocations.read(text)[0]
    except (FileNotFoundError, UnicodeDecodeError, revocations.RevocationsRejected):
        return None


def _is_due(
    old: Revocations,
    signer: signing.Signer,
    checkpoint: tlog.Checkpoint,
    at: datetime,
) -> bool:
    if at < old.issued_at:
        # A clock that went back: two lists of one moment would help nobody.
        return False
    if at - old.issued_at >= REFRESH or old.key_id != signer.key_id:
        return True
    return LogLeaf.objects.filter(
        kind=LeafKind.STATUS,
        index__gte=old.lines,
        index__lt=checkpoint.size,
        status_event__status__in=ENDED,
    ).exists()


def _next_number(old: Revocations | None) -> int:
    """Rows may have been taken back by a restore, and files may be lost: never both."""
    last = RevocationList.objects.aggregate(last=Max("number"))["last"] or 0
    return max(last, old.number if old is not None else 0) + 1


_NUMBERED = (("lot", "lots"), ("certificate", "certificates"), ("batch", "batches"))


def _together(before: Mapping[str, tuple[str, ...]], now: Numbers) -> Numbers:
    return {
        status: tuple(sorted({*before.get(status, ()), *now.get(status, ())}))
        for status in sorted(before.keys() | now.keys())
    }


def _ended_by_number(about: str, size: int) -> Numbers:
    """The numbers of all lots, certificates or batches that ended, by status."""
    found: dict[str, list[str]] = {}
    rows = StatusEvent.objects.filter(
        status__in=ENDED, leaf__index__lt=size, **{f"{about}__isnull": False}
    )
    for status, number in rows.values_list("status", f"{about}__number"):
        found.setdefault(status, []).append(number)
    return {status: tuple(sorted(held)) for status, held in found.items()}


def _label_files(
    folder: tlog.TileFolder,
    size: int,
    known: dict[str, LabelFile] | None,
    before: Revocations | None,
) -> dict[str, LabelFile]:
    """The labels that ended, in files. Those of whole lots, certificates and batches
    are worked out anew only where `known`, the last list's, does not have them all;
    none of those `before` is left out."""
    made = {}
    for status in _OF_LABELS:
        alone = status == _STATUS.VOIDED
        if known is not None and not alone:
            if status in known:
                made[str(status)] = known[status]
            continue
        hashes = _hashes(_numbers_ended(status, size))
        held_before = _held(folder, before, status)
        data = revocations.packed_hashes(chain(held_before, hashes))
        if data:
            held = revocations.label_file(data)
            if not (folder.folder / held.name).exists():
                folder.write(held.name, data)
            made[str(status)] = held
    return made


def _held(
    folder: tlog.TileFolder, before: Revocations | None, status: str
) -> Iterator[bytes]:
    """The hashes in a published list's file; nothing where it is lost or spoilt."""
    named = before.labels.get(status) if before is not None else None
    if named is None:
        return
    try:
        data = (folder.folder / named.name).read_bytes()
    except FileNotFoundError:
        return
    if revocations.label_file(data) == named:
        for at in range(0, len(data), revocations.HASH_BYTES):
            yield data[at : at + revocations.HASH_BYTES]


def _numbers_ended(status: str, size: int) -> Iterator[int]:
    """The numbers of all labels that have a status, of their own or by what they are
    of."""
    events = StatusEvent.objects.filter(status=status, leaf__index__lt=size)
    yield from events.filter(label__isnull=False).values_list("label_id", flat=True)
    batches = LabelBatch.objects.filter(
        Q(pk__in=events.values("batch"))
        | Q(lot__in=events.values("lot"))
        | Q(certificate__in=events.values("certificate"))
    )
    for first, count in batches.values_list("first_number", "count"):
        yield from range(first, first + count)


def _hashes(numbers: Iterable[int]) -> Iterator[bytes]:
    return (merkle.leaf_hash(codes.code_of(number).encode()) for number in numbers)


def _forget(folder: tlog.TileFolder, new: Revocations, old: Revocations | None) -> None:
    """Label files that neither this list nor the one before names: nobody is still
    about to fetch them."""
    lists = [new] if old is None else [new, old]
    named = {held.name for listed in lists for held in listed.labels.values()}
    for path in (folder.folder / "revocations").glob("*.bin"):
        if path.relative_to(folder.folder).as_posix() not in named:
            path.unlink(missing_ok=True)
