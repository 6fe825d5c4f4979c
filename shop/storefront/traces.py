"""What a product's page tells of its lot, without the reader's day or language."""

from typing import Any, NamedTuple

from traceability import signing
from traceability.models import Certificate, Evidence, Lot
from traceability.queries import (
    certificate_of_lot,
    history_of,
    recalled_ids,
    signed_by_a_thief,
)


class Trace(NamedTuple):
    """Facts of a lot as JSON, and the marks that a card shows of them."""

    facts: dict[str, Any]
    certified: bool = False
    tested: bool = False
    gi: bool = False
    recalled: bool = False


NOTHING = Trace(facts={})


def trace_of(lot: Lot | None) -> Trace:
    """The lot's plot, harvest, certificate, papers and events. Dates are ISO text.

    Nothing personal: no farmer's name, no address beyond the plot's name.
    """
    if lot is None:
        return NOTHING
    certificate = _believed(certificate_of_lot(lot))
    papers = list(lot.evidence.exclude(kind=Evidence.Kind.PHOTO))
    kinds = {paper.kind for paper in papers}
    facts = {
        "number": lot.number,
        "harvested_on": lot.harvest_date.isoformat(),
        "weight_g": lot.weight_g,
        "plot": lot.plot.name if lot.plot else "",
        "certificate": certificate.number if certificate else "",
        "certified_at": certificate.issued_at.isoformat() if certificate else "",
        "papers": [
            {
                "kind": paper.kind,
                "title": paper.title,
                "result": paper.result,
                "identifier": paper.identifier,
                "done_on": paper.done_on.isoformat() if paper.done_on else "",
            }
            for paper in papers
        ],
        "events": [
            {
                "kind": event.kind,
                "at": event.happened_at.isoformat(),
                "note": event.note,
                "substance": event.substance,
                "interval_days": event.interval_days,
                "weight_g": event.weight_g,
            }
            for event in history_of(lot).order_by("happened_at", "pk")
        ],
    }
    return Trace(
        facts=facts,
        certified=certificate is not None,
        tested=Evidence.Kind.TEST_REPORT in kinds,
        gi=Evidence.Kind.GI_LICENCE in kinds,
        recalled=bool(recalled_ids([lot.pk])),
    )


def _believed(certificate: Certificate | None) -> Certificate | None:
    """The certificate, unless its key was not ours alone, or nobody can tell."""
    # While it is being issued it has no line yet, and the key that signs is ours.
    if certificate is None or not hasattr(certificate, "leaf"):
        return certificate
    try:
        if signed_by_a_thief(certificate):
            return None
    except signing.MissingKey:
        return None
    return certificate
