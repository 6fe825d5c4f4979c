"""What a box code is worth when there is a network: its signature, and its label."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from django.db import DatabaseError

from traceability import boxcodes, codes, keylists, signing
from traceability.keylists import ListedKey, State, Trust
from traceability.models import BoxIssue, KeyPurpose, LabelBatch
from traceability.queries.judging import Verdict, judge
from traceability.queries.keys import published_key_list, trust_in
from traceability.queries.signed import certificate_as_signed


class Mark(StrEnum):
    """What the signature on a box says, first match first."""

    UNREADABLE = "unreadable"
    FOREIGN = "foreign"
    FALSE = "false"
    STOLEN = "stolen"
    UNLOGGED = "unlogged"
    CHANGED = "changed"
    UNCHECKED = "unchecked"
    HOLDS = "holds"


@dataclass(frozen=True)
class BoxVerdict:
    """A box code's verdict. `facts` are told only where they are believed; `label` is
    the online verdict on the label that the box names."""

    mark: Mark
    facts: boxcodes.Facts | None = None
    label: Verdict | None = None


def judge_box(*, text: str, device: str | None, now: datetime) -> BoxVerdict:
    """Judge what stands behind /V/; writes nothing.

    A box code without a right signature of a key of ours is answered without asking
    the database.
    """
    try:
        code = boxcodes.read(text)
    except boxcodes.BoxCodeRejected:
        return BoxVerdict(Mark.UNREADABLE)
    try:
        public_keys = box_keys()
    except (signing.MissingKey, keylists.KeyListRejected):
        return BoxVerdict(Mark.UNCHECKED)
    if code.key_id not in public_keys:
        return BoxVerdict(Mark.FOREIGN)
    try:
        code.verify(public_keys[code.key_id])
    except signing.SignatureRejected:
        return BoxVerdict(Mark.FALSE)
    try:
        mark = _mark_of(code)
        if mark != Mark.HOLDS:
            return BoxVerdict(mark)
        label = judge(text=code.facts.code, device=device, now=now)
    except (DatabaseError, signing.MissingKey):
        return BoxVerdict(Mark.UNCHECKED, facts=_if_never_stolen(code))
    return BoxVerdict(Mark.HOLDS, facts=code.facts, label=label)


def box_keys() -> dict[str, bytes]:
    """Raw public keys for box codes, by id: of the published key list, or without a
    root those that are here. Asks no database.

    Errors: signing.MissingKey, KeyListRejected.
    """
    if signing.root() is None:
        here = [signing.signer(KeyPurpose.BOX, it) for it in _ids_here()]
        return {signer.key_id: signer.public_key for signer in here}
    return {key.key_id: key.raw_public_key for key in _listed()}


def _ids_here() -> list[str]:
    return [signing.signer_in(path).key_id for path in signing.key_files("box")]


def _listed() -> list[ListedKey]:
    listed = published_key_list()
    return [
        key
        for key in (listed.keys if listed is not None else ())
        if (key.purpose, key.algorithm) == (KeyPurpose.BOX, "Ed25519")
    ]


def _if_never_stolen(code: boxcodes.BoxCode) -> boxcodes.Facts | None:
    """The facts, where the signature alone is enough to believe them."""
    try:
        stolen = {key.key_id for key in _listed() if key.state == State.COMPROMISED}
    except (signing.MissingKey, keylists.KeyListRejected):
        return None
    return None if code.key_id in stolen else code.facts


def _mark_of(code: boxcodes.BoxCode) -> Mark:
    """Whether the log has that these boxes were issued, and with these facts."""
    facts = code.facts
    issue = (
        BoxIssue.objects.select_related(
            "key", "leaf", "batch__certificate__key", "batch__certificate__leaf"
        )
        .filter(batch__number=facts.batch, key=code.key_id, issued_at=facts.issued_at)
        .first()
    )
    if issue is None or not _is_logged(issue):
        stolen = {key.key_id for key in _listed() if key.state == State.COMPROMISED}
        return Mark.STOLEN if code.key_id in stolen else Mark.UNLOGGED
    trust = trust_in(key=issue.key, purpose=KeyPurpose.BOX, leaf=issue.leaf)
    if trust == Trust.COMPROMISED:
        return Mark.STOLEN
    if trust == Trust.UNKNOWN:
        return Mark.UNLOGGED
    number = codes.number_of(facts.code)
    if number is None or not issue.batch.holds(number):
        return Mark.CHANGED
    if not certificate_as_signed(issue.batch.certificate):
        return Mark.CHANGED
    same = facts_of(issue.batch, number, issued_at=issue.issued_at) == facts
    return Mark.HOLDS if same else Mark.CHANGED


def _is_logged(issue: BoxIssue) -> bool:
    """Whether the issue's line is about it: a row may point at any line."""
    told = json.loads(issue.leaf.entry)
    names = ("type", "batch", "root", "key_id")
    wanted = ("boxes", issue.batch.number, issue.root, issue.key_id)
    return tuple(told.get(name) for name in names) == wanted


def facts_of(batch: LabelBatch, number: int, *, issued_at: datetime) -> boxcodes.Facts:
    """What the box code of a label says: as the certificate was signed, whatever was
    renamed since."""
    return replace(shared_facts(batch, issued_at=issued_at), code=codes.code_of(number))


def shared_facts(batch: LabelBatch, *, issued_at: datetime) -> boxcodes.Facts:
    """What is the same on all boxes of a batch; the code is that of the first."""
    certified = json.loads(batch.certificate.document)
    return boxcodes.Facts(
        code=batch.first_code,
        product=batch.product_name,
        pack_g=batch.pack_g,
        village_code=certified["origin"]["code"],
        village=certified["origin"]["name"],
        lot=certified["lot"],
        batch=batch.number,
        certificate=batch.certificate.number,
        harvested_on=date.fromisoformat(certified["harvest_date"]),
        use_by=batch.expires_on,
        issued_at=issued_at,
    )


def signed_boxes(issue: BoxIssue, numbers: Sequence[int]) -> list[bytes]:
    """The signed messages of some labels, the same as when they were issued.

    Errors: signing.MissingKey where the key's private half is no longer here.
    """
    signer = signing.signer(KeyPurpose.BOX, issue.key_id)
    shared = shared_facts(issue.batch, issued_at=issue.issued_at)
    return [
        boxcodes.sign(replace(shared, code=codes.code_of(number)), signer=signer)
        for number in numbers
    ]


def box_issue_that_holds(batch: LabelBatch) -> BoxIssue | None:
    """The newest issue of a batch's box codes whose key is still trusted and here;
    None where they have to be issued (anew)."""
    issues = batch.box_issues.select_related(
        "key", "leaf", "batch__certificate", "batch__lot"
    )
    for issue in issues.order_by("-pk"):
        trust = trust_in(key=issue.key, purpose=KeyPurpose.BOX, leaf=issue.leaf)
        if trust == Trust.HOLDS and _is_here(issue.key_id):
            return issue
    return None


def _is_here(key_id: str) -> bool:
    try:
        return key_id in _ids_here()
    except signing.MissingKey:
        return False
