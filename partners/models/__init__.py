"""Supermarkets, the households they are paired with, and what was shared."""

from partners.models.people import (
    Agreement,
    Household,
    HouseholdMember,
    Pairing,
    Supermarket,
)
from partners.models.shares import (
    Accrual,
    AccrualLine,
    AccrualReversal,
    Confirmation,
    Disbursement,
    DisbursementPhoto,
    Draw,
    Funding,
    PayIn,
)
from partners.models.statements import (
    Source,
    Statement,
    StatementDecision,
    StatementFinding,
    StatementLine,
    StatementUpload,
)

__all__ = [
    "Accrual",
    "AccrualLine",
    "AccrualReversal",
    "Agreement",
    "Confirmation",
    "Disbursement",
    "DisbursementPhoto",
    "Draw",
    "Funding",
    "Household",
    "HouseholdMember",
    "Pairing",
    "PayIn",
    "Source",
    "Statement",
    "StatementDecision",
    "StatementFinding",
    "StatementLine",
    "StatementUpload",
    "Supermarket",
]
