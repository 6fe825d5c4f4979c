"""Writes about places and the people who take part."""

from partners.organisations.operations.accounts import (
    account_for,
    engage_assistant,
)
from partners.organisations.operations.assistants import (
    UnableToAppoint,
    appoint_assistant,
    change_villages,
    dismiss_assistant,
)
from partners.organisations.operations.audit import (
    record,
)
from partners.organisations.operations.divisions import (
    Loaded,
    load_divisions,
)
from partners.organisations.operations.farmers import (
    describe_farmer,
    move_phone,
    recognise_farmer,
    register_farmer,
)
from partners.organisations.operations.register import (
    UnableToRegister,
)
from partners.organisations.operations.stations import (
    describe_station,
    open_station,
    register_cooperative,
)

__all__ = [
    "Loaded",
    "UnableToAppoint",
    "UnableToRegister",
    "account_for",
    "appoint_assistant",
    "change_villages",
    "describe_farmer",
    "describe_station",
    "dismiss_assistant",
    "engage_assistant",
    "load_divisions",
    "move_phone",
    "open_station",
    "recognise_farmer",
    "record",
    "register_cooperative",
    "register_farmer",
]
