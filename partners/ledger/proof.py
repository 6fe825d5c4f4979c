"""The public proof of one entry: its lines, its seal, and the sums done again."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max

from . import public, sealing
from .models import Entry, Seal


class NotPublic(Exception):
    """There is no such entry, or it is nobody's business but its people's."""


@dataclass(frozen=True)
class ProofLine:
    """One leg; `fen` is positive on either side."""

    name: public.PublicName
    code: str
    fen: int


@dataclass(frozen=True)
class Proof:
    """What the page shows, and `holds`: whether it was right a moment ago.

    `body` and `whole` are the sealed texts; their SHA-256 are `fingerprint` and
    `digest`, and the seal follows from the digest as sealing.py says.
    """

    entry: Entry
    title: str
    debits: list[ProofLine]
    credits: list[ProofLine]
    body: str
    whole: str
    fingerprint: str
    digest: str
    seal: Seal | None
    last_sequence: int
    holds: bool
    reverses: Entry | None
    reversed_by: Entry | None

    @property
    def debit_fen(self) -> int:
        return sum(line.fen for line in self.debits)

    @property
    def credit_fen(self) -> int:
        return sum(line.fen for line in self.credits)

    @property
    def chained_hex(self) -> str:
        """The bytes that the seal is the SHA-256 of, in hexadecimal digits."""
        if self.seal is None:
            return ""
        return f"{self.seal.previous}{self.seal.sequence:016x}{self.digest}"


def proof(entry_id: UUID) -> Proof:
    """The proof of a public entry. Errors: NotPublic."""
    entry = (
        Entry.objects.select_related("seal", "reverses__reverses", "reversed_by")
        .prefetch_related("lines__account")
        .filter(pk=entry_id)
        .first()
    )
    if entry is None or not public.is_public(entry):
        raise NotPublic(f"no public entry {entry_id}")
    lines = [(line.account.code, line.amount_fen) for line in entry.lines.all()]
    names = public.public_names(code for code, _fen in lines)
    body, whole = entry.body(lines), entry.whole()
    seal: Seal | None = getattr(entry, "seal", None)
    fingerprint, digest = sealing.fingerprint(body), sealing.digest(whole)
    return Proof(
        entry=entry,
        title=public.title(entry),
        debits=[ProofLine(names[code], code, fen) for code, fen in lines if fen > 0],
        credits=[ProofLine(names[code], code, -fen) for code, fen in lines if fen < 0],
        body=body.decode(),
        whole=whole.decode(),
        fingerprint=fingerprint,
        digest=digest,
        seal=seal,
        last_sequence=Seal.objects.aggregate(last=Max("sequence"))["last"] or 0,
        holds=sum(fen for _code, fen in lines) == 0
        and fingerprint == entry.fingerprint
        and (seal is None or _seal_holds(seal, digest)),
        reverses=entry.reverses,
        reversed_by=getattr(entry, "reversed_by", None),
    )


def _seal_holds(seal: Seal, digest: str) -> bool:
    return seal.digest == digest and seal.seal == sealing.link(
        previous=seal.previous, sequence=seal.sequence, digest=digest
    )
