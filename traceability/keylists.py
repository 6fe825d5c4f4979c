"""The list of keys that the county's offline root vouches for.

Its text is RFC 8785 JSON, signed by the root and by nothing else. Lists are numbered
and each names the hash of the one before; a later list may add to what an earlier one
said and never take it back (`require_successor`). What counts for a signature is where
the log has it, for the log's order cannot be changed afterwards: see docs/keys.md.

Nothing here asks the database or opens a key.
"""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from traceability import signing
from traceability.canonical import canonical_json, sha256_hex, timestamp

TYPE = "xiangji-key-list"
MAX_BYTES = 1_000_000


class KeyListRejected(Exception):
    """This is not a list that the root signed to follow the one before; says why."""


class State(StrEnum):
    """What a list says of a key."""

    ACTIVE = "active"
    RETIRED = "retired"
    COMPROMISED = "compromised"


class Trust(StrEnum):
    """What the list says of one signature of a key."""

    HOLDS = "holds"
    COMPROMISED = "compromised"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ListedKey:
    """A key and what it may be believed.

    It may sign from `valid_from` until before `valid_until`. Of a compromised one only
    the first `trusted_lines` lines of the log are believed.
    """

    key_id: str
    purpose: str
    algorithm: str
    public_key: str
    valid_from: datetime
    valid_until: datetime | None = None
    state: State = State.ACTIVE
    compromised_at: datetime | None = None
    trusted_lines: int | None = None

    @property
    def raw_public_key(self) -> bytes:
        return base64.b64decode(self.public_key)

    def is_valid_at(self, moment: datetime) -> bool:
        until = self.valid_until
        return self.valid_from <= moment and (until is None or moment < until)

    def trust(self, *, line: int, logged_at: datetime) -> Trust:
        """Whether what the log has in `line` (from 0) is believed to be this key's."""
        if self.state == State.COMPROMISED and line >= (self.trusted_lines or 0):
            return Trust.COMPROMISED
        return Trust.HOLDS if self.is_valid_at(logged_at) else Trust.UNKNOWN


@dataclass(frozen=True)
class KeyList:
    """What one list says; `document` is its signed text."""

    log: str
    number: int
    previous: str
    made_at: datetime
    keys: tuple[ListedKey, ...]
    document: str

    @property
    def sha256(self) -> str:
        """The hash that the next list names."""
        return sha256_hex(self.document)

    def key(self, key_id: str) -> ListedKey | None:
        return next((key for key in self.keys if key.key_id == key_id), None)

    def signing_key(self, purpose: str, *, at: datetime) -> ListedKey | None:
        """The newest key that may sign at this moment."""
        able = [
            key
            for key in self.keys
            if key.purpose == purpose
            and key.state == State.ACTIVE
            and key.is_valid_at(at)
        ]
        return max(able, key=lambda key: (key.valid_from, key.key_id), default=None)


@dataclass(frozen=True)
class Signed:
    """A list with its signatures, as it is published. One must be the root's; others,
    such as a countersignature by SM2, may stand beside it."""

    document: str
    signatures: tuple[tuple[str, str, str], ...]

    @property
    def text(self) -> str:
        names = ("key_id", "algorithm", "signature")
        signatures = [dict(zip(names, it, strict=True)) for it in self.signatures]
        told = {"document": self.document, "signatures": signatures}
        return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def write_list(
    *,
    log: str,
    number: int,
    previous: str,
    made_at: datetime,
    keys: Iterable[ListedKey],
) -> str:
    """The text to be signed."""
    return canonical_json(
        {
            "type": TYPE,
            "log": log,
            "number": number,
            "previous": previous,
            "made_at": timestamp(made_at),
            "keys": [_told(key) for key in keys],
        }
    )


def _told(key: ListedKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "purpose": key.purpose,
        "algorithm": key.algorithm,
        "public_key": key.public_key,
        "valid_from": timestamp(key.valid_from),
        "valid_until": timestamp(key.valid_until) if key.valid_until else None,
        "state": key.state.value,
        "compromised_at": (
            timestamp(key.compromised_at) if key.compromised_at else None
        ),
        "trusted_lines": key.trusted_lines,
    }


def read_signed(text: str) -> Signed:
    """A published file. Errors: KeyListRejected."""
    try:
        told = json.loads(text[:MAX_BYTES])
        signatures = tuple(
            (str(it["key_id"]), str(it["algorithm"]), str(it["signature"]))
            for it in told["signatures"]
        )
        if not isinstance(told["document"], str):
            raise TypeError("the document is no text")
        return Signed(document=told["document"], signatures=signatures)
    except (ValueError, KeyError, TypeError) as error:
        raise KeyListRejected("This is not a signed key list.") from error


def verified(signed: Signed, *, root: signing.Root) -> KeyList:
    """What the list says, where the root did sign it. Errors: KeyListRejected."""
    return _verified(signed, root)


@lru_cache(maxsize=8)
def _verified(signed: Signed, root: signing.Root) -> KeyList:
    for key_id, algorithm, signature in signed.signatures:
        if (key_id, algorithm) != (root.key_id, root.algorithm):
            continue
        try:
            signing.verify_text(
                text=signed.document,
                signature=signature,
                algorithm=algorithm,
                public_key=root.public_key,
            )
        except signing.SignatureRejected as error:
            raise KeyListRejected("The root's signature is false.") from error
        return read_list(signed.document)
    raise KeyListRejected(f"The list is not signed by the root {root.key_id}.")


def read_list(document: str) -> KeyList:
    """What a text says, of whoever it is. Errors: KeyListRejected."""
    try:
        told = json.loads(document)
        if canonical_json(told) != document or told["type"] != TYPE:
            raise ValueError("not the canonical text of a key list")
        keys = tuple(_read_key(key) for key in told["keys"])
        if len({key.key_id for key in keys}) != len(keys):
            raise ValueError("a key stands in it twice")
        if type(told["number"]) is not int or told["number"] < 1:
            raise ValueError("lists are numbered from 1 on")
        return KeyList(
            log=str(told["log"]),
            number=told["number"],
            previous=str(told["previous"]),
            made_at=_moment(told["made_at"]),
            keys=keys,
            document=document,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyListRejected(f"The key list cannot be read: {error}.") from error


def _read_key(told: dict[str, Any]) -> ListedKey:
    key = ListedKey(
        key_id=told["key_id"],
        purpose=told["purpose"],
        algorithm=told["algorithm"],
        public_key=told["public_key"],
        valid_from=_moment(told["valid_from"]),
        valid_until=_moment(told["valid_until"]) if told["valid_until"] else None,
        state=State(told["state"]),
        compromised_at=(
            _moment(told["compromised_at"]) if told["compromised_at"] else None
        ),
        trusted_lines=told["trusted_lines"],
    )
    # Whoever may choose ids could put another key under the id of ours.
    if signing.key_id_of_text(key.public_key) != key.key_id:
        raise ValueError(f"{key.key_id} is not the id of the key beside it")
    if key.valid_until is not None and key.valid_until <= key.valid_from:
        raise ValueError(f"{key.key_id} ends before it begins")
    lines, stolen = key.trusted_lines, key.state == State.COMPROMISED
    if stolen != (type(lines) is int and lines >= 0):
        raise ValueError(f"{key.key_id} does not say which lines are trusted")
    if stolen != (key.compromised_at is not None):
        raise ValueError(f"{key.key_id} does not say when it was compromised")
    return key


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment


def require_successor(new: KeyList, old: KeyList | None) -> None:
    """That `new` follows `old` and takes nothing back that was said.

    Errors: KeyListRejected.
    """
    if old is None:
        if new.number != 1 or new.previous:
            raise KeyListRejected(f"List {new.number} cannot be the first one.")
        return
    if new.number <= old.number:
        raise KeyListRejected(
            f"List {new.number} is not newer than list {old.number}, which stands."
        )
    if (new.number, new.previous, new.log) != (old.number + 1, old.sha256, old.log):
        raise KeyListRejected(f"The list does not follow list {old.number}.")
    if new.made_at < old.made_at:
        raise KeyListRejected("The list is dated before the one that it follows.")
    for before in old.keys:
        after = new.key(before.key_id)
        if after is None:
            raise KeyListRejected(f"Key {before.key_id} is missing from the list.")
        _require_kept(before, after, made_at=new.made_at)


def _require_kept(before: ListedKey, after: ListedKey, *, made_at: datetime) -> None:
    """What was signed by a key stays as good or bad as it was declared."""
    allowed = replace(
        after,
        valid_until=before.valid_until,
        state=before.state,
        compromised_at=before.compromised_at,
        trusted_lines=before.trusted_lines,
    )
    if allowed != before:
        raise KeyListRejected(f"Key {before.key_id} is not what it was.")
    if after.valid_until != before.valid_until:
        ended = before.valid_until is not None and before.valid_until <= made_at
        # Signed already, it would be taken back: that is what a compromise is for.
        back_dated = after.valid_until is not None and after.valid_until < made_at
        if ended or back_dated:
            raise KeyListRejected(f"Key {before.key_id} ends at another time.")
    if before.state == State.RETIRED and after.state == State.ACTIVE:
        raise KeyListRejected(f"Key {before.key_id} was retired.")
    if before.state == State.COMPROMISED and (
        after.state != State.COMPROMISED
        or (after.trusted_lines or 0) > (before.trusted_lines or 0)
    ):
        raise KeyListRejected(f"Key {before.key_id} was compromised.")


@dataclass(frozen=True)
class Rotate:
    """From a moment on `successor` signs instead of the purpose's keys so far."""

    successor: ListedKey


@dataclass(frozen=True)
class Compromise:
    """Somebody else may have had the key since a moment; `lines` were logged before."""

    key_id: str
    since: datetime
    lines: int


@dataclass(frozen=True)
class Expire:
    """The key signs nothing from a moment on."""

    key_id: str
    until: datetime


Change = Rotate | Compromise | Expire


def changed(
    keys: Sequence[ListedKey], changes: Iterable[Change], *, at: datetime
) -> list[ListedKey]:
    """The keys as the next list has them. Errors: KeyListRejected for unknown ones."""
    found = {key.key_id: key for key in keys}
    for change in changes:
        if isinstance(change, Rotate):
            new = change.successor
            for key in list(found.values()):
                ends = key.valid_until is None or key.valid_until > new.valid_from
                if (
                    key.purpose == new.purpose
                    and key.state == State.ACTIVE
                    and key.valid_from < new.valid_from
                    and ends
                ):
                    found[key.key_id] = replace(key, valid_until=new.valid_from)
            found[new.key_id] = new
            continue
        known = found.get(change.key_id)
        if known is None:
            raise KeyListRejected(f"There is no key {change.key_id} in the list.")
        if isinstance(change, Expire):
            found[known.key_id] = replace(known, valid_until=change.until)
        else:
            found[known.key_id] = replace(
                known,
                state=State.COMPROMISED,
                compromised_at=change.since,
                trusted_lines=change.lines,
            )
    return [_retired(key, at) for key in found.values()]


def _retired(key: ListedKey, at: datetime) -> ListedKey:
    if key.state == State.ACTIVE and key.valid_until and key.valid_until <= at:
        return replace(key, state=State.RETIRED)
    return key


# A list is made on one machine and signed on another.
CLOCKS_APART = timedelta(minutes=10)
