"""Where the published log holds a line, and what proves it to somebody else."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from traceability import merkle, signing, tlog
from traceability.keylists import KeyListRejected, State
from traceability.models import (
    Certificate,
    KeyPurpose,
    LogCheckpoint,
    LogLeaf,
    PublishedKeyList,
    SigningKey,
)
from traceability.queries.keys import key_list


@dataclass(frozen=True)
class Step:
    """One hash of a proof: it stands for lines `first` to `last`, from 1 on, left or
    right of what is proven already, and `sum` is the hash over both."""

    first: int
    last: int
    left: bool
    hash: str
    sum: str


@dataclass(frozen=True)
class Proof:
    """That the published log holds a line: the path from the line to the root."""

    index: int
    leaf: bytes
    hashes: list[bytes]
    checkpoint: tlog.Checkpoint

    @property
    def text(self) -> str:
        """The proof as a file that can be checked without us (c2sp.org/tlog-proof)."""
        return tlog.inclusion_file(
            index=self.index, hashes=self.hashes, checkpoint=self.checkpoint
        )

    @property
    def steps(self) -> list[Step]:
        """The proof as people follow it, from the line up to the root."""
        found, total = [], self.leaf
        ranges = merkle.inclusion_ranges(index=self.index, size=self.checkpoint.size)
        for (start, end), item in zip(ranges, self.hashes, strict=True):
            left = end <= self.index
            total = (
                merkle.node_hash(item, total) if left else merkle.node_hash(total, item)
            )
            found.append(Step(start + 1, end, left, item.hex(), total.hex()))
        return found


@dataclass(frozen=True)
class Growth:
    """That the log of today begins with the log of an earlier checkpoint."""

    old: tlog.Checkpoint
    hashes: list[bytes]


def published_checkpoint() -> tlog.Checkpoint | None:
    """What the log says in public now; None before the first publication."""
    return tlog.TileFolder(Path(settings.LOG_FOLDER)).checkpoint()


def proof_of(leaf: LogLeaf) -> Proof | None:
    """The proof that a line is in the published log; None while it is not yet.

    It is checked as its reader will, down to the checkpoint's signature, before it is
    handed out. Errors: tlog.LogDamaged where files of the log are missing or the proof
    does not hold.
    """
    folder = tlog.TileFolder(Path(settings.LOG_FOLDER))
    checkpoint = folder.checkpoint()
    if checkpoint is None or leaf.index >= checkpoint.size:
        return None
    node = folder.node(checkpoint.size)
    hashes = merkle.inclusion_proof(node, index=leaf.index, size=checkpoint.size)
    tlog.verify_checkpoint(checkpoint, keys=checkpoint_keys(checkpoint.size))
    hashed = merkle.leaf_hash(leaf.entry.encode())
    try:
        merkle.verify_inclusion(
            leaf=hashed,
            index=leaf.index,
            size=checkpoint.size,
            proof=hashes,
            root=checkpoint.root,
        )
    except merkle.ProofRejected as error:
        raise tlog.LogDamaged(f"line {leaf.index} is not proven: {error}") from error
    return Proof(leaf.index, hashed, hashes, checkpoint)


def growth_since(leaf: LogLeaf, checkpoint: tlog.Checkpoint) -> Growth | None:
    """That the log only grew since it was first signed with this line in it; None where
    that was just now. Errors: tlog.LogDamaged."""
    first = LogCheckpoint.objects.filter(size__gt=leaf.index).order_by("size").first()
    if first is None or first.size >= checkpoint.size:
        return None
    old = tlog.read_checkpoint(first.note)
    folder = tlog.TileFolder(Path(settings.LOG_FOLDER))
    try:
        hashes = tlog.growth(folder.node(checkpoint.size), old=old, new=checkpoint)
    except merkle.ProofRejected as error:
        raise tlog.LogDamaged(f"the log has not only grown: {error}") from error
    return Growth(old, hashes)


def proof_document(certificate: Certificate) -> dict[str, Any] | None:
    """All that proves a certificate without us, but the root's public key; None while
    the log does not hold it. Errors: tlog.LogDamaged."""
    proof = proof_of(certificate.leaf)
    if proof is None:
        return None
    growth = growth_since(certificate.leaf, proof.checkpoint)
    row = PublishedKeyList.objects.order_by("-number").first()
    return {
        "type": "xiangji-proof",
        "certificate": {
            "document": certificate.document,
            "sha256": certificate.sha256,
            "key_id": certificate.key_id,
            "algorithm": certificate.algorithm,
            "signature": certificate.signature,
        },
        "index": proof.index,
        "line": certificate.leaf.entry,
        "inclusion": [base64.b64encode(item).decode() for item in proof.hashes],
        "checkpoint": proof.checkpoint.note,
        "consistency": growth
        and {
            "checkpoint": growth.old.note,
            "proof": [base64.b64encode(item).decode() for item in growth.hashes],
        },
        "key_list": row and json.loads(row.published_text),
    }


def checkpoint_keys(size: int) -> list[bytes]:
    """Every key, raw, whose signature under a checkpoint of this size is believed: old
    ones for ever, stolen ones as far as the key list goes.

    Errors: tlog.LogDamaged where the list is not one of the root's.
    """
    if signing.root() is None:
        rows = SigningKey.objects.filter(purpose=KeyPurpose.LOG)
        public = list(rows.values_list("public_key", flat=True))
    else:
        try:
            listed = key_list()
        except KeyListRejected as error:
            raise tlog.LogDamaged(f"no key is vouched for: {error}") from error
        public = [
            key.public_key
            for key in (listed.keys if listed else ())
            if key.purpose == KeyPurpose.LOG
            and (key.state != State.COMPROMISED or size <= (key.trusted_lines or 0))
        ]
    return [base64.b64decode(key) for key in public]
