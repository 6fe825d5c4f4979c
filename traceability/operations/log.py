"""Saying something in the log, and publishing what was said."""

import base64
import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from traceability import merkle, signing, tlog
from traceability.canonical import canonical_json, timestamp
from traceability.models import (
    KeyPurpose,
    LeafKind,
    LogCheckpoint,
    LogLeaf,
    SigningKey,
)
from traceability.operations.counters import take_numbers

_AT_ONCE = 16_384  # entries held in memory while publishing


class LogDiverged(Exception):
    """What is published and what the database holds are no longer one history.

    Nothing is signed then: a log that says two things is worth nothing. Restore the
    database, or the folder, to the state that holds both.
    """


def append_leaf(
    *, kind: LeafKind, body: dict[str, Any], at: datetime, **about: Any
) -> LogLeaf:
    """Add a line to the log, inside the caller's transaction, as its last act.

    Until that transaction ends no other line can be added. `about` is the row the line
    is about: key=, certificate=, batch= or status_event=. `body` holds nothing
    personal.
    """
    entry = canonical_json({"type": kind.value, "at": timestamp(at), **body})
    if len(entry.encode()) > tlog.MAX_ENTRY_BYTES:
        raise ValueError("a log entry is longer than 65,535 bytes")
    index = take_numbers(name="log") - 1
    return LogLeaf.objects.create(
        index=index, kind=kind, entry=entry, appended_at=at, **about
    )


def register_key(*, purpose: KeyPurpose, at: datetime) -> SigningKey:
    """The public half of the key that signs now; put on record and logged once.

    In the demo a missing key file is made; production has to bring its own.
    Errors: signing.MissingKey.
    """
    if settings.DEMO:
        signing.create_key_file(purpose)
    signer = signing.signer(purpose)
    known = SigningKey.objects.filter(pk=signer.key_id).first()
    if known is not None:
        return known
    public_key = base64.b64encode(signer.public_key).decode()
    with transaction.atomic():
        # Whoever logs next waits here, so that a key is logged once.
        key, created = SigningKey.objects.get_or_create(
            pk=signer.key_id,
            defaults={
                "purpose": purpose,
                "algorithm": signer.algorithm,
                "public_key": public_key,
                "registered_at": at,
            },
        )
        if created:
            append_leaf(
                kind=LeafKind.KEY,
                body={
                    "key_id": key.key_id,
                    "purpose": key.purpose,
                    "algorithm": key.algorithm,
                    "public_key": key.public_key,
                },
                at=at,
                key=key,
            )
    return key


def publish_log(*, at: datetime) -> tlog.Checkpoint:
    """Write every line that is not yet published, and sign the new checkpoint.

    Entries and tiles come first, the checkpoint last: stopped anywhere, the next run
    goes on. Two at a time wait for each other, and the second finds nothing to do.

    Errors: LogDiverged, tlog.LogDamaged, signing.MissingKey.
    """
    register_key(purpose=KeyPurpose.LOG, at=at)
    folder = tlog.TileFolder(Path(settings.LOG_FOLDER))
    with _alone(folder.folder):
        return _publish(folder, at)


def _publish(folder: tlog.TileFolder, at: datetime) -> tlog.Checkpoint:
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
    count = base
    while batch := list(islice(rows, _AT_ONCE)):
        folder.extend([leaf.entry.encode() for leaf in batch], size=count)
        count += len(batch)
        for leaf in batch:
            if leaf.certificate is not None:
                _publish_certificate(folder, leaf)
    _publish_keys(folder)
    _require_same_history(folder, size)
    checkpoint = _signed(folder, size, at)
    folder.write("checkpoint", checkpoint.note.encode())
    return checkpoint


def _signed(folder: tlog.TileFolder, size: int, at: datetime) -> tlog.Checkpoint:
    root = merkle.root(folder.node(size), size)
    signer = signing.signer(KeyPurpose.LOG)
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


def _publish_keys(folder: tlog.TileFolder) -> None:
    signer = signing.signer(KeyPurpose.LOG)
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


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
