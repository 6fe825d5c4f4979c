"""Every write about supermarkets, households and what was shared."""

from partners.links import link_token
from partners.operations.agreements import (
    UnableToPair,
    UnableToSign,
    end_pairing,
    pair,
    sign_agreement,
)
from partners.operations.approvals import (
    AlreadyDecided,
    UnableToDecide,
    approve_statement,
    return_statement,
)
from partners.operations.confirmations import (
    UnableToConfirm,
    confirm_receipt,
    dispute_receipt,
    end_links,
)
from partners.operations.money import (
    Photo,
    UnableToDisburse,
    UnableToPayIn,
    disburse,
    pay_in,
    publish_photo,
    withdraw_photo,
)
from partners.operations.people import (
    add_member,
    appoint_manager,
    change_bank_card,
    change_contact,
    dismiss_manager,
    engage_manager,
    engage_supermarket,
    register_household,
    register_supermarket,
)
from partners.operations.statements import (
    UnableToFile,
    check_upload,
    file_platform_statement,
    file_statement,
    file_upload,
)
from partners.organisations.operations import UnableToRegister

__all__ = [
    "AlreadyDecided",
    "Photo",
    "UnableToConfirm",
    "UnableToDecide",
    "UnableToDisburse",
    "UnableToFile",
    "UnableToPair",
    "UnableToPayIn",
    "UnableToRegister",
    "UnableToSign",
    "add_member",
    "appoint_manager",
    "approve_statement",
    "change_bank_card",
    "change_contact",
    "check_upload",
    "confirm_receipt",
    "disburse",
    "dismiss_manager",
    "dispute_receipt",
    "end_links",
    "end_pairing",
    "engage_manager",
    "engage_supermarket",
    "file_platform_statement",
    "file_statement",
    "file_upload",
    "link_token",
    "pair",
    "pay_in",
    "publish_photo",
    "register_household",
    "register_supermarket",
    "return_statement",
    "sign_agreement",
    "withdraw_photo",
]
