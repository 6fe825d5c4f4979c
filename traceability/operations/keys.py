"""Which keys sign, and the lists by which the offline root vouches for them."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from traceability import keylists, queries, signing
from traceability.keylists import Change, ListedKey
from traceability.models import (
    KeyPurpose,
    LeafKind,
    LogLeaf,
    PublishedKeyList,
    SigningKey,
)
from traceability.operations.log import append_leaf

# So long may a list be on its way to the offline machine and back.
NOTICE = timedelta(days=1)


class UnableToListKeys(Exception):
    """The key list cannot be made or taken in; the message says what to do."""


def register_key(*, purpose: KeyPurpose, at: datetime) -> SigningKey:
    """The public half of the key that signs at this moment.

    With a root it is the one that the newest signed list names; without, in tests, the
    first one. In the demo a missing key file is made; production has to bring its own.
    Errors: signing.MissingKey.
    """
    if settings.DEMO:
        signing.create_key_file(purpose)
    signer = queries.signer_for(purpose, at=at)
    return record_key(purpose=purpose, signer=signer, at=at)


def record_key(
    *, purpose: KeyPurpose, signer: signing.Signer, at: datetime
) -> SigningKey:
    """Put a public key on record and into the log, once."""
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


def record_first_keys(*, at: datetime) -> list[SigningKey]:
    """Make the first key of each purpose where it is missing, and put it on record."""
    found = []
    for purpose in KeyPurpose:
        signing.create_key_file(purpose)
        signer = signing.signer(purpose)
        found.append(record_key(purpose=purpose, signer=signer, at=at))
    return found


def prepare_rotation(
    *, purpose: KeyPurpose, starts_at: datetime, at: datetime
) -> keylists.Rotate:
    """Make the key that shall sign from a moment on; a list has to name it.

    A key that was made for an earlier draft and never listed is used first.
    Errors: UnableToListKeys, KeyListRejected, signing.MissingKey.
    """
    listed = queries.key_list()
    known = {key.key_id for key in listed.keys} if listed else set()
    spare = [
        row
        for row in SigningKey.objects.filter(purpose=purpose).order_by("registered_at")
        if row.key_id not in known and _is_here(row)
    ]
    row = (
        spare[0]
        if listed is not None and spare
        else record_key(purpose=purpose, signer=signing.create_next_key(purpose), at=at)
    )
    return keylists.Rotate(successor=_as_listed(row, valid_from=starts_at))


def draft_key_list(
    *,
    changes: Sequence[Change] = (),
    valid_from: datetime | None = None,
    at: datetime,
) -> str:
    """The text of the next list, for the offline root to sign. Nothing is written.

    The first list names every key on record, good from `valid_from`, or else from when
    it was recorded. Errors: KeyListRejected; signing.MissingKey.
    """
    old = queries.key_list()
    keys: Sequence[ListedKey]
    if old is not None:
        keys = old.keys
    else:
        keys = [
            _as_listed(row, valid_from=valid_from or row.registered_at)
            for row in SigningKey.objects.order_by("purpose", "registered_at", "pk")
        ]
    document = keylists.write_list(
        log=settings.LOG_ORIGIN,
        number=old.number + 1 if old else 1,
        previous=old.sha256 if old else "",
        made_at=at,
        keys=keylists.changed(keys, changes, at=at),
    )
    # What the offline machine and everybody else would refuse is not handed out.
    keylists.require_successor(keylists.read_list(document), old)
    return document


def take_key_list(*, text: str, at: datetime) -> PublishedKeyList:
    """Take in a list that the offline root signed. The same one again is harmless.

    From here on it decides who signs and what is believed. Errors: UnableToListKeys,
    KeyListRejected, signing.MissingKey.
    """
    root = signing.root()
    if root is None:
        raise UnableToListKeys(_("There is no root here that could have signed it."))
    signed = keylists.read_signed(text)
    new = keylists.verified(signed, root=root)
    old = queries.key_list()
    if old is not None and old.sha256 == new.sha256:
        return PublishedKeyList.objects.get(pk=old.number)
    keylists.require_successor(new, old)
    _require_usable(new, old, at)
    try:
        with transaction.atomic():
            leaf = append_leaf(
                kind=LeafKind.KEY_LIST,
                body={
                    "number": new.number,
                    "sha256": new.sha256,
                    "previous": new.previous,
                    "root": root.key_id,
                },
                at=at,
            )
            return _keep(new, signed, leaf, at)
    except IntegrityError as error:
        raise UnableToListKeys(
            _("Another list was taken in just now. Draft a new one.")
        ) from error


def _keep(
    new: keylists.KeyList, signed: keylists.Signed, leaf: LogLeaf, at: datetime
) -> PublishedKeyList:
    return PublishedKeyList.objects.create(
        number=new.number, text=signed.text, sha256=new.sha256, leaf=leaf, taken_at=at
    )


def _require_usable(
    new: keylists.KeyList, old: keylists.KeyList | None, at: datetime
) -> None:
    if new.log != settings.LOG_ORIGIN:
        raise UnableToListKeys(_("The list is for another log: %s.") % new.log)
    if new.made_at > at + keylists.CLOCKS_APART:
        raise UnableToListKeys(_("The list is dated in the future. Set the clocks."))
    rows = SigningKey.objects.in_bulk([key.key_id for key in new.keys])
    for key in new.keys:
        row = rows.get(key.key_id)
        mine = row and (row.purpose, row.algorithm, row.public_key)
        if mine != (key.purpose, key.algorithm, key.public_key):
            raise UnableToListKeys(
                _("Key %s of the list is not on record here.") % key.key_id
            )
        before = old.key(key.key_id) if old else None
        ends = key.valid_until
        if before and ends != before.valid_until and ends is not None and ends < at:
            # What it signed until now would fall.
            raise UnableToListKeys(
                _("The list came too late: key %s ends before now. Draft a new one.")
                % key.key_id
            )


def _as_listed(row: SigningKey, *, valid_from: datetime) -> ListedKey:
    return ListedKey(
        key_id=row.key_id,
        purpose=row.purpose,
        algorithm=row.algorithm,
        public_key=row.public_key,
        valid_from=valid_from.replace(microsecond=0),
    )


def _is_here(row: SigningKey) -> bool:
    try:
        signing.signer(row.purpose, row.key_id)
    except signing.MissingKey:
        return False
    return True
