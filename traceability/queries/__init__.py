"""Reads that span models."""

from traceability.queries.certificates import (
    Proof,
    certificate_of_lot,
    disclosed,
    proof_of,
    published_checkpoint,
    told_in_public,
)
from traceability.queries.judging import (
    State,
    Verdict,
    judge,
    label,
    scan_of_device,
    statuses_of,
)
from traceability.queries.lots import (
    ancestor_ids,
    descendant_ids,
    farmers_for,
    lots_for,
    lots_today,
    lots_with,
    plots_for,
    recalled_ids,
    safe_harvest_date,
    safe_harvest_date_of,
    standing_events,
)
from traceability.queries.signed import certificate_as_signed, label_as_signed

__all__ = [
    "Proof",
    "State",
    "Verdict",
    "ancestor_ids",
    "certificate_as_signed",
    "certificate_of_lot",
    "descendant_ids",
    "disclosed",
    "farmers_for",
    "judge",
    "label",
    "label_as_signed",
    "lots_for",
    "lots_today",
    "lots_with",
    "plots_for",
    "proof_of",
    "published_checkpoint",
    "recalled_ids",
    "safe_harvest_date",
    "safe_harvest_date_of",
    "scan_of_device",
    "standing_events",
    "statuses_of",
    "told_in_public",
]
