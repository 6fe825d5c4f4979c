"""Supermarkets, the households they are paired with, what was shared; limits."""

from partners.models.limits import Allowance
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
    "Allowance",
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
