"""Reads about supermarkets, households and what was shared."""

from partners.queries.agreements import (
    Part,
    SharePreview,
    agreement_for,
    pairings_in,
    parts_of,
    share_preview,
)

__all__ = [
    "Part",
    "SharePreview",
    "agreement_for",
    "pairings_in",
    "parts_of",
    "share_preview",
]
