"""Publishing what was said in the log."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from traceability import merkle, queries, signing, tlog
from traceability.canonical import timestamp
from traceability.models import (
    KeyPurpose,
    LogCheckpoint,
    LogLeaf,
    PublishedKeyList,
    SigningKey,
)
from traceability.operations.keys import register_key
from traceability.operations.revocations import publish_revocations

_AT_ONCE = 16_384  # entries held in memory while publishing


class LogDiverged(Exception):
    """What is published and what the database holds are no longer one history.

    Nothing is signed then: a log that says two things is worth nothing. Restore the
    database, or the folder, to the state that holds both.
    """


def publish_log(*, at: datetime) -> tlog.Checkpoint:
    """Write every line that is not yet published, sign the new checkpoint, and sum up
    what was withdrawn.

    Entries and tiles come first, the checkpoint and the revocation list last: stopped
    anywhere, the next run goes on. Two at a time wait for each other, and the second
    finds nothing to do.

    Errors: LogDiverged, tlog.LogDamaged, signing.MissingKey.
    """
    key = register_key(purpose=KeyPurpose.LOG, at=at)
    folder = tlog.TileFolder(Path(settings.LOG_FOLDER))
    with alone(folder=folder.folder):
        signer = signing.signer(KeyPurpose.LOG, key.key_id)
        checkpoint = _publish(folder, signer, at)
        publish_revocations(folder=folder, signer=signer, checkpoint=checkpoint, at=at)
    return checkpoint


def _publish(
    folder: tlog.TileFolder, signer: signing.Signer, at: datetime
) -> tlog.Checkpoint:
    published = folder.checkpoint()
    base = published.size if published else 0
    last = LogLeaf.objects.aggregate(last=Max("index"))["last"]
    size = 0 if last is None else last + 1
    if base > size:
        raise LogDiverged(f"{base} lines are published, the database holds {size}.")
    if published is not None and base == size:
        return published
    new = LogLeaf.objects.filter(index__gte=base, index__lt=size).order_by("index")
    rows = new.select_related("certificate").iterator(chunk_size=2_000)
    count, clock = base, queries.logged_at(base - 1)
    while batch := list(islice(rows, _AT_ONCE)):
        clock = _require_clock(batch, clock)
        folder.extend([leaf.entry.encode() for leaf in batch], size=count)
        count += len(batch)
        for leaf in batch:
            if leaf.certificate is not None:
                _publish_certificate(folder, leaf)
    _publish_keys(folder, signer)
    _require_same_history(folder, size)
    checkpoint = _signed(folder, signer, size, at)
    folder.write("checkpoint", checkpoint.note.encode())
    return checkpoint


def _signed(
    folder: tlog.TileFolder, signer: signing.Signer, size: int, at: datetime
) -> tlog.Checkpoint:
    root = merkle.root(folder.node(size), size)
    checkpoint = tlog.signed_checkpoint(
        origin=settings.LOG_ORIGIN,
        size=size,
        root=root,
        public_key=signer.public_key,
        sign=signer.sign,
    )
    row, _created = LogCheckpoint.objects.get_or_create(
        size=size,
        defaults={"root": root.hex(), "note": checkpoint.note, "signed_at": at},
    )
    if row.root != root.hex():
        raise LogDiverged(f"another root was signed for {size} lines before.")
    return checkpoint


def _require_same_history(folder: tlog.TileFolder, size: int) -> None:
    """What was signed last must be the beginning of what will be signed now."""
    last = LogCheckpoint.objects.order_by("-size").first()
    if last is None:
        return
    if last.size > size:
        raise LogDiverged(f"{last.size} lines were signed, {size} are there.")
    if merkle.root(folder.node(size), last.size).hex() != last.root:
        raise LogDiverged(f"the first {last.size} lines are not what was signed.")


def _publish_certificate(folder: tlog.TileFolder, leaf: LogLeaf) -> None:
    certificate = leaf.certificate
    if certificate is None:
        return
    published = {
        "index": leaf.index,
        "document": certificate.document,
        "sha256": certificate.sha256,
        "key_id": certificate.key_id,
        "algorithm": certificate.algorithm,
        "signature": certificate.signature,
    }
    text = json.dumps(published, ensure_ascii=False, indent=1)
    folder.write(f"certificates/{certificate.number}.json", text.encode())


def _publish_keys(folder: tlog.TileFolder, signer: signing.Signer) -> None:
    published = {
        "log": tlog.verifier_key(settings.LOG_ORIGIN, signer.public_key),
        "keys": [
            {
                "key_id": key.key_id,
                "purpose": key.purpose,
                "algorithm": key.algorithm,
                "public_key": key.public_key,
                "registered_at": timestamp(key.registered_at),
            }
            for key in SigningKey.objects.order_by("registered_at", "pk")
        ],
    }
    folder.write("keys.json", json.dumps(published, indent=1).encode())
    newest = None
    for row in PublishedKeyList.objects.order_by("number"):
        newest = row.published_text.encode()
        if not (folder.folder / row.file_name).exists():
            folder.write(row.file_name, newest)
    if newest is not None:
        folder.write("key-list.json", newest)


def _require_clock(leaves: list[LogLeaf], clock: datetime | None) -> datetime | None:
    """No line is dated before the one it follows: it would be in a time in which
    another key was good. Returns the last line's moment."""
    for leaf in leaves:
        try:
            moment = datetime.fromisoformat(json.loads(leaf.entry)["at"])
        except (ValueError, KeyError, TypeError) as error:
            raise LogDiverged(f"line {leaf.index} cannot be read.") from error
        if clock is not None and moment < clock:
            raise LogDiverged(f"line {leaf.index} is dated before the one it follows.")
        clock = moment
    return clock


@contextmanager
def alone(*, folder: Path) -> Iterator[None]:
    """Nobody else writes into the log's folder inside."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
