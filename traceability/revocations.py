"""The revocation list: what is not to be relied on any more, for who has no network.

One file, signed by the log's key: numbered RFC 8785 JSON that names withdrawn lots,
certificates and batches by their numbers. Labels are hashes, too many for that file:
for each status one more file of sorted six-byte hashes, named by its own SHA-256. A
list sums up the first `lines` lines of the public log and is signed anew while nothing
changes, so that its reader sees how old it is.

Nothing here asks the database or opens a key.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from traceability import keylists
from traceability.canonical import canonical_json, timestamp
from traceability.keylists import KeyList, State
from traceability.signing import SignatureRejected, verify_text

TYPE = "xiangji-revocation-list"
FILE = "revocations.json"
# Of a label's leaf hash. Among a million listed labels a good one is taken for one of
# them with a chance of one in 281 million.
HASH_BYTES = 6
LOG_PURPOSE = "log"


class RevocationsRejected(Exception):
    """This is not a revocation list of the log, or an older one; says why."""


@dataclass(frozen=True)
class LabelFile:
    """Where the labels of one status are: a file of `count` sorted hashes."""

    count: int
    sha256: str

    @property
    def name(self) -> str:
        return f"revocations/{self.sha256}.bin"


@dataclass(frozen=True)
class Revocations:
    """What a list says. `lots`, `certificates` and `batches` are numbers by status,
    `labels` files by status; `document` is the signed text."""

    log: str
    number: int
    lines: int
    root: str
    issued_at: datetime
    next_update: datetime
    key_id: str
    lots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    batches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, LabelFile] = field(default_factory=dict)

    @property
    def document(self) -> str:
        """The text to be signed."""
        return canonical_json(
            {
                "type": TYPE,
                "log": self.log,
                "number": self.number,
                "lines": self.lines,
                "root": self.root,
                "issued_at": timestamp(self.issued_at),
                "next_update": timestamp(self.next_update),
                "key_id": self.key_id,
                "lots": _lists(self.lots),
                "certificates": _lists(self.certificates),
                "batches": _lists(self.batches),
                "labels": {
                    it: {"count": held.count, "sha256": held.sha256}
                    for it, held in self.labels.items()
                },
            }
        )


def signed_text(listed: Revocations, *, sign: Callable[[str], str]) -> str:
    """The published file. `sign` makes a base64 signature over a text."""
    document = listed.document
    signature = (listed.key_id, "Ed25519", sign(document))
    return keylists.Signed(document=document, signatures=(signature,)).text


def verified(text: str, *, keys: KeyList) -> Revocations:
    """What a published file says, where a key of the log signed it while it was good.

    A stolen key signs none that is believed: it may put any date under an old text.
    Errors: RevocationsRejected.
    """
    listed, signed = read(text)
    key = keys.key(listed.key_id)
    if key is None or (key.purpose, keys.log) != (LOG_PURPOSE, listed.log):
        raise RevocationsRejected("The list is signed by no key of this log.")
    if key.state == State.COMPROMISED or not key.is_valid_at(listed.issued_at):
        raise RevocationsRejected("The list's key was not to be trusted at its date.")
    _verify(signed, listed.key_id, key.algorithm, key.public_key)
    return listed


def _verify(
    signed: keylists.Signed, key_id: str, algorithm: str, public_key: str
) -> None:
    for by, named, signature in signed.signatures:
        if (by, named) == (key_id, algorithm):
            try:
                verify_text(
                    text=signed.document,
                    signature=signature,
                    algorithm=algorithm,
                    public_key=public_key,
                )
            except SignatureRejected as error:
                raise RevocationsRejected("The list's signature is false.") from error
            return
    raise RevocationsRejected("The list is not signed by the key that it names.")


def read(text: str) -> tuple[Revocations, keylists.Signed]:
    """What a file says, whoever signed it. Errors: RevocationsRejected."""
    try:
        signed = keylists.read_signed(text)
        told = json.loads(signed.document)
        if told["type"] != TYPE or type(told["number"]) is not int:
            raise ValueError("not a revocation list")
        listed = Revocations(
            log=str(told["log"]),
            number=told["number"],
            lines=int(told["lines"]),
            root=str(told["root"]),
            issued_at=datetime.fromisoformat(told["issued_at"]),
            next_update=datetime.fromisoformat(told["next_update"]),
            key_id=str(told["key_id"]),
            lots=_numbers(told["lots"]),
            certificates=_numbers(told["certificates"]),
            batches=_numbers(told["batches"]),
            labels={
                str(status): LabelFile(int(held["count"]), str(held["sha256"]))
                for status, held in told["labels"].items()
            },
        )
        if listed.document != signed.document:
            raise ValueError("not the canonical text of a revocation list")
    except (
        keylists.KeyListRejected,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise RevocationsRejected(f"The list cannot be read: {error}") from error
    return listed, signed


def _lists(numbers: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {status: list(held) for status, held in numbers.items()}


def _numbers(told: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {str(status): tuple(map(str, held)) for status, held in told.items()}


def require_newer(new: Revocations, old: Revocations | None) -> None:
    """That whoever has `old` may take `new` for it. Errors: RevocationsRejected."""
    if old is None:
        return
    if new.log != old.log:
        raise RevocationsRejected("The list is another log's.")
    if new.number < old.number or new.lines < old.lines:
        raise RevocationsRejected(
            f"List {new.number} is older than list {old.number}, which is known."
        )
    if new.number == old.number and new.document != old.document:
        raise RevocationsRejected(f"There are two lists of number {new.number}.")


def packed_hashes(hashes: Iterable[bytes]) -> bytes:
    """A label file: each leaf hash cut to six bytes, sorted, none twice."""
    return b"".join(sorted({item[:HASH_BYTES] for item in hashes}))


def label_file(data: bytes) -> LabelFile:
    """How the list names a label file."""
    return LabelFile(len(data) // HASH_BYTES, hashlib.sha256(data).hexdigest())


def holds_label(data: bytes, leaf_hash: bytes) -> bool:
    """Whether a label file has this label's leaf hash."""
    wanted = leaf_hash[:HASH_BYTES]
    count = len(data) // HASH_BYTES
    place = bisect_left(
        range(count),
        wanted,
        key=lambda at: data[at * HASH_BYTES : (at + 1) * HASH_BYTES],
    )
    start = place * HASH_BYTES
    return data[start : start + HASH_BYTES] == wanted
