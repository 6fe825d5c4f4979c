"""Every write about supermarkets, households and what was shared."""

from partners.operations.people import (
    UnableToPair,
    UnableToRegister,
    UnableToSign,
    add_member,
    appoint_manager,
    end_pairing,
    pair,
    register_household,
    register_supermarket,
    sign_agreement,
)

__all__ = [
    "UnableToPair",
    "UnableToRegister",
    "UnableToSign",
    "add_member",
    "appoint_manager",
    "end_pairing",
    "pair",
    "register_household",
    "register_supermarket",
    "sign_agreement",
]
