"""Every write about baskets and orders."""

from shop.ordering.operations.basket import (
    UnableToAdd,
    add_to_basket,
    buy_again,
    change_quantity,
)
from shop.ordering.operations.cancelling import (
    UnableToCancel,
    cancel_order,
    cancel_parts,
    mark_cancelled,
    note_refund,
)
from shop.ordering.operations.drafting import (
    forget_old_drafts,
    forget_typed,
    keep_typed,
)
from shop.ordering.operations.packing import (
    UnableToPackOrder,
    UnableToSend,
    pack,
    send_box,
)
from shop.ordering.operations.placing import (
    Delivery,
    UnableToPlace,
    place_bare_order,
    place_order,
)
from shop.ordering.operations.progress import (
    UnableToComplete,
    complete_order,
    complete_overdue,
    mark_delivered,
    mark_paid,
    mark_shipped,
    release_recalled,
)
from shop.ordering.operations.recalled import UnableToTakeBack, take_recalled_back
from shop.ordering.operations.refunding import UnableToGiveBack, give_back
from shop.ordering.operations.stock import OutOfStock, PriceChanged
from shop.ordering.operations.telling import tell_suspended

__all__ = [
    "Delivery",
    "OutOfStock",
    "PriceChanged",
    "UnableToAdd",
    "UnableToCancel",
    "UnableToComplete",
    "UnableToGiveBack",
    "UnableToPackOrder",
    "UnableToPlace",
    "UnableToSend",
    "UnableToTakeBack",
    "add_to_basket",
    "buy_again",
    "cancel_order",
    "cancel_parts",
    "change_quantity",
    "complete_order",
    "complete_overdue",
    "forget_old_drafts",
    "forget_typed",
    "give_back",
    "keep_typed",
    "mark_cancelled",
    "mark_delivered",
    "mark_paid",
    "mark_shipped",
    "note_refund",
    "pack",
    "place_bare_order",
    "place_order",
    "release_recalled",
    "send_box",
    "take_recalled_back",
    "tell_suspended",
]
