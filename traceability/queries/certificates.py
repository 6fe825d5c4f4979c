"""What is known about certificates, and where the log holds them."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from partners.organisations.models import Station
from partners.privacy import mask_name
from traceability import merkle, tlog
from traceability.models import (
    Certificate,
    KeyPurpose,
    Label,
    LogLeaf,
    Lot,
    SigningKey,
)


@dataclass(frozen=True)
class Proof:
    """That the published log holds a line: the path from the line to the root."""

    index: int
    hashes: list[bytes]
    checkpoint: tlog.Checkpoint

    @property
    def text(self) -> str:
        """The proof as a file that can be checked without us (c2sp.org/tlog-proof)."""
        return tlog.inclusion_file(
            index=self.index, hashes=self.hashes, checkpoint=self.checkpoint
        )


def certificate_of_lot(lot: Lot) -> Certificate | None:
    """The newest certificate of the lot that stands."""
    return (
        Certificate.objects.filter(lot=lot, status_events__isnull=True)
        .order_by("-pk")
        .first()
    )


def repackable_g(certificate: Certificate) -> int:
    """Grams under the certificate that are on no package yet: what has gone out under
    its labels cannot be mixed or packed anew."""
    packed = Label.objects.filter(
        batch__certificate=certificate, activated_at__isnull=False
    ).aggregate(grams=Sum(F("batch__pack_g")))
    return certificate.quantity_g - (packed["grams"] or 0)


def disclosed(certificate: Certificate, field: str) -> str:
    """Who promises, or the contact, in clear: for the copy that goes with the goods."""
    value: str = json.loads(certificate.disclosure)[field]["value"]
    return value


def told_in_public(certificate: Certificate, field: str) -> str:
    """Who promises, or the contact, as everybody may read it.

    Organisations stand with their name; of a household only the family name, and its
    contact is the village's service station.
    """
    value = disclosed(certificate, field)
    if certificate.form != Certificate.Form.HOUSEHOLD:
        return value
    if field == "promisor":
        return mask_name(value)
    village = certificate.lot.village
    try:
        station = f"{village.station.name} {village.station.phone}".strip()
    except Station.DoesNotExist:
        return _("Through the village committee of %(village)s") % {
            "village": village.name
        }
    return station


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
    tlog.verify_checkpoint(checkpoint, keys=_log_keys())
    try:
        merkle.verify_inclusion(
            leaf=merkle.leaf_hash(leaf.entry.encode()),
            index=leaf.index,
            size=checkpoint.size,
            proof=hashes,
            root=checkpoint.root,
        )
    except merkle.ProofRejected as error:
        raise tlog.LogDamaged(f"line {leaf.index} is not proven: {error}") from error
    return Proof(index=leaf.index, hashes=hashes, checkpoint=checkpoint)


def _log_keys() -> list[bytes]:
    """Every key that ever signed the log, raw: old ones verify for ever."""
    keys = SigningKey.objects.filter(purpose=KeyPurpose.LOG)
    return [base64.b64decode(key) for key in keys.values_list("public_key", flat=True)]
