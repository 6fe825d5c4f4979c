"""Reads about supermarkets, households and what was shared."""

from partners.queries.agreements import (
    Part,
    SharePreview,
    agreement_for,
    pairings_in,
    parts_of,
    share_preview,
)
from partners.queries.money import (
    Standing,
    disagreements,
    fund_fen,
    lines_missing_money,
    lines_ready,
    owed_fen,
    standing_lines,
    standing_of,
)
from partners.queries.statements import (
    StatementPreview,
    accruals_standing,
    latest_statement,
    latest_version,
    preview_statement,
    profit_before,
    receipts_filed_before,
    room_fen,
)

__all__ = [
    "Part",
    "SharePreview",
    "Standing",
    "StatementPreview",
    "accruals_standing",
    "agreement_for",
    "disagreements",
    "fund_fen",
    "latest_statement",
    "latest_version",
    "lines_missing_money",
    "lines_ready",
    "owed_fen",
    "pairings_in",
    "parts_of",
    "preview_statement",
    "profit_before",
    "receipts_filed_before",
    "room_fen",
    "share_preview",
    "standing_lines",
    "standing_of",
]
