"""Which keys may be believed: what the offline root signed, newest list first."""

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from traceability import keylists, signing
from traceability.credentials import Method
from traceability.keylists import KeyList, KeyListRejected, Trust
from traceability.models import KeyPurpose, LogLeaf, PublishedKeyList, SigningKey


def key_list() -> KeyList | None:
    """The list that counts now; None before the first, and where there is no root.

    Errors: KeyListRejected where the database holds one that the root did not sign, or
    an older one than is published; signing.MissingKey without the root's public key.
    """
    root = signing.root()
    if root is None:
        return None
    row = PublishedKeyList.objects.order_by("-number").first()
    published = _published_number()
    if row is None:
        if published:
            raise KeyListRejected(f"List {published} is published and not on record.")
        return None
    listed = keylists.verified(row.signed, root=root)
    if (listed.number, listed.log) != (row.number, settings.LOG_ORIGIN):
        raise KeyListRejected(f"List {row.number} is another one than it says.")
    if listed.number < published:
        raise KeyListRejected(f"List {published} is published, {row.number} on record.")
    return listed


def published_key_list() -> KeyList | None:
    """The newest list as everybody may read it; None where none is published or there
    is no root. Asks no database.

    Errors: KeyListRejected where the file is not one of the root's, signing.MissingKey.
    """
    root = signing.root()
    if root is None:
        return None
    path = Path(settings.LOG_FOLDER) / "key-list.json"
    try:
        return _list_in(path, path.stat().st_mtime_ns, root)
    except OSError:
        return None


def _published_number() -> int:
    """Files are outside the database: who takes rows back does not reach them."""
    published = published_key_list()
    return published.number if published is not None else 0


@lru_cache(maxsize=4)
def _list_in(path: Path, _changed: int, root: signing.Root) -> KeyList:
    signed = keylists.read_signed(path.read_text(encoding="utf-8"))
    return keylists.verified(signed, root=root)


def signer_for(purpose: KeyPurpose, *, at: datetime) -> signing.Signer:
    """The private key that signs at this moment: the one that the newest list names, or
    without a root the first one. Errors: signing.MissingKey."""
    if signing.root() is None:
        return signing.signer(purpose)
    try:
        listed = key_list()
    except KeyListRejected as error:
        raise signing.MissingKey(str(error)) from error
    key = listed.signing_key(purpose, at=at) if listed else None
    if key is None:
        raise signing.MissingKey(
            f"No key of the signed list may sign for “{purpose}” now. Draft a list by"
            " `manage.py draft_key_list`, have the offline root sign it, and take it"
            " in."
        )
    return signing.signer(purpose, key.key_id)


def credential_methods() -> list[Method]:
    """The keys by which credentials are checked, as the newest list has them.

    Errors: KeyListRejected, signing.MissingKey.
    """
    if signing.root() is None:
        rows = SigningKey.objects.filter(purpose=KeyPurpose.CERTIFICATE)
        return [Method(row.key_id, row.public_key) for row in rows.order_by("pk")]
    listed = key_list()
    return [
        Method(key.key_id, key.public_key, key.valid_until, key.compromised_at)
        for key in (listed.keys if listed else ())
        if (key.purpose, key.algorithm) == (KeyPurpose.CERTIFICATE, "Ed25519")
    ]


def trust_in(*, key: SigningKey, purpose: KeyPurpose, leaf: LogLeaf) -> Trust:
    """Whether what the key signed for a line of the log is believed.

    What counts is where the log has it, not what the signed text says of its time: a
    thief may write any date into a text, but no line before those that are published.

    Errors: signing.MissingKey.
    """
    if signing.root() is None:
        return Trust.HOLDS
    try:
        listed = key_list()
        known = listed.key(key.key_id) if listed else None
        moment = datetime.fromisoformat(json.loads(leaf.entry)["at"])
    except (KeyListRejected, ValueError, KeyError, TypeError):
        return Trust.UNKNOWN
    if known is None or (known.purpose, known.algorithm, known.public_key) != (
        purpose,
        key.algorithm,
        key.public_key,
    ):
        return Trust.UNKNOWN
    if known.valid_until is not None:
        before = logged_at(leaf.index - 1)
        if before is not None and moment < before:
            return Trust.UNKNOWN
    return known.trust(line=leaf.index, logged_at=moment)


def logged_at(index: int) -> datetime | None:
    """The moment a line bears in its text; None where there is no such line."""
    entry = LogLeaf.objects.filter(pk=index).values_list("entry", flat=True).first()
    try:
        return datetime.fromisoformat(json.loads(entry)["at"]) if entry else None
    except (ValueError, KeyError, TypeError):
        return None


def lines_before(moment: datetime) -> int:
    """How many lines the log had before a moment: those that no later thief wrote."""
    later = LogLeaf.objects.filter(appended_at__gte=moment).order_by("index").first()
    if later is not None:
        return later.index
    last = LogLeaf.objects.order_by("-index").first()
    return last.index + 1 if last is not None else 0
