"""Do the rows that pages are made of still say what was signed?

Whoever can write to the database can change what a page tells, but not sign it. So
nothing is told as genuine before it was compared with the signed text.
"""

import json
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from traceability import signing
from traceability.canonical import canonical_json, commitment, sha256_hex, timestamp
from traceability.keylists import Trust
from traceability.models import (
    Certificate,
    KeyPurpose,
    Label,
    LabelBatch,
    LogLeaf,
    SigningKey,
)
from traceability.queries.keys import trust_in
from traceability.queries.withdrawn import is_taken_back

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, ObjectDoesNotExist)


def label_as_signed(label: Label) -> bool:
    """Whether the label is in the batch that was logged, under a certificate that
    holds, for the lot that the certificate names."""
    batch = label.batch
    try:
        logged = _logged(batch.leaf)
        batch_fits = (
            batch.holds(label.number)
            and batch.lot_id == batch.certificate.lot_id
            and logged["number"] == batch.number
            and logged["certificate"] == batch.certificate.number
            and logged["count"] == batch.count
            and logged["root"] == batch.root
            # Batches of before these were logged do not have them.
            and logged.get("product", batch.product_name) == batch.product_name
            and logged.get("pack_g", batch.pack_g) == batch.pack_g
            and logged.get("scratch", False) == bool(batch.scratch)
            and logged.get("use_by", _day(batch)) == _day(batch)
            and _batch_signed(batch, logged)
        )
    except (signing.SignatureRejected, *_UNREADABLE):
        return False
    if not batch_fits:
        return False
    # The same lot, as the caller has read it: its papers are read once.
    batch.certificate.lot = batch.lot
    return certificate_as_signed(batch.certificate)


def _day(batch: LabelBatch) -> str:
    return batch.expires_on.isoformat() if batch.expires_on else ""


def certificate_as_signed(certificate: Certificate) -> bool:
    """Whether the signature fits, and the certificate's row, its lot, its papers and
    its line in the log say what the signed text says."""
    try:
        signing.verify_text(
            text=certificate.document,
            signature=certificate.signature,
            algorithm=certificate.algorithm,
            public_key=certificate.key.public_key,
        )
        told = json.loads(certificate.document)
        return (
            signing.key_id_of_text(certificate.key.public_key) == certificate.key_id
            and sha256_hex(certificate.document) == certificate.sha256
            and _row_fits(certificate, told)
            and _lot_fits(certificate, told)
            and _evidence_fits(certificate, told)
            and _leaf_fits(certificate)
            and _trust(certificate) != Trust.UNKNOWN
        )
    except (signing.SignatureRejected, *_UNREADABLE):
        return False


def certificate_holds(certificate: Certificate) -> bool:
    """Whether it is as signed, by somebody who was to sign, and nothing that was
    published of it is taken back."""
    return (
        certificate_as_signed(certificate)
        and not signed_by_a_thief(certificate)
        and not is_taken_back(certificate)
    )


def signed_by_a_thief(
    certificate: Certificate, batch: LabelBatch | None = None
) -> bool:
    """Whether the certificate, or the batch under it, was logged when its key was not
    ours alone any more. Nothing of it is believed then."""
    if _trust(certificate) == Trust.COMPROMISED:
        return True
    if batch is None:
        return False
    key = _key_of(batch, _logged(batch.leaf))
    return key is not None and _trust_in(key, batch.leaf) == Trust.COMPROMISED


def batch_statement(**facts: Any) -> str:
    """The text that is signed for a batch of labels: its line but for signature and
    time, which the log gives."""
    return canonical_json({"type": "batch", **facts})


def _batch_signed(batch: LabelBatch, logged: dict[str, Any]) -> bool:
    """Whoever can write rows can write lines of the log too, but not sign them."""
    key = _key_of(batch, logged)
    if key is None:
        # None is signed where tests run without a root.
        return signing.root() is None
    told = {name: logged[name] for name in logged if name not in _NOT_SIGNED}
    signing.verify_text(
        text=canonical_json(told),
        signature=logged["signature"],
        algorithm=logged["algorithm"],
        public_key=key.public_key,
    )
    return (
        logged["type"] == "batch"
        and signing.key_id_of_text(key.public_key) == key.key_id
        and _trust_in(key, batch.leaf) != Trust.UNKNOWN
    )


_NOT_SIGNED = ("at", "signature")


def _key_of(batch: LabelBatch, logged: dict[str, Any]) -> SigningKey | None:
    """Who signed the batch's line; None where nobody did."""
    if "signature" not in logged:
        return None
    if logged["key_id"] == batch.certificate.key_id:
        return batch.certificate.key
    return SigningKey.objects.get(pk=logged["key_id"])


def _trust(certificate: Certificate) -> Trust:
    return _trust_in(certificate.key, certificate.leaf)


def _trust_in(key: SigningKey, leaf: LogLeaf) -> Trust:
    return trust_in(key=key, purpose=KeyPurpose.CERTIFICATE, leaf=leaf)


def _row_fits(certificate: Certificate, told: dict[str, Any]) -> bool:
    kept = json.loads(certificate.disclosure)
    return (
        told["number"] == certificate.number
        and told["form"] == certificate.form
        and told["quantity_g"] == certificate.quantity_g
        and told["issued_at"] == timestamp(certificate.issued_at)
        and told["key_id"] == certificate.key_id
        and told["algorithm"] == certificate.algorithm
        and all(
            told[who]["sha256"] == commitment(**kept[who])
            for who in ("promisor", "contact")
        )
    )


def _lot_fits(certificate: Certificate, told: dict[str, Any]) -> bool:
    lot = certificate.lot
    signed = (
        told["lot"],
        told["product"],
        told["harvest_date"],
        told["origin"]["code"],
    )
    return signed == (
        lot.number,
        lot.product_name,
        lot.harvest_date.isoformat(),
        lot.village_id,
    )


def _evidence_fits(certificate: Certificate, told: dict[str, Any]) -> bool:
    """Papers that came later are not in the text; those in it must all be there."""
    kept = {paper.sha256: paper for paper in certificate.lot.evidence.all()}
    for signed in told["evidence"]:
        paper = kept[signed["sha256"]]
        done_on = paper.done_on.isoformat() if paper.done_on else ""
        if (
            signed["kind"] != paper.kind
            # Version 1 named only the kind and the hash.
            or signed.get("title", paper.title) != paper.title
            or signed.get("result", paper.result) != paper.result
            or signed.get("done_on", done_on) != done_on
            or signed.get("identifier", paper.identifier) != paper.identifier
        ):
            return False
    return True


def _leaf_fits(certificate: Certificate) -> bool:
    logged = _logged(certificate.leaf)
    return bool(
        logged["number"] == certificate.number
        and logged["sha256"] == certificate.sha256
        and logged["key_id"] == certificate.key_id
        and logged["signature"] == certificate.signature
    )


def _logged(leaf: LogLeaf) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(leaf.entry)
    return entry
