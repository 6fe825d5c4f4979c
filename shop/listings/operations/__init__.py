"""Every write about listings."""

from shop.listings.operations.catalogue import seller_for, set_up_catalogue
from shop.listings.operations.consent import (
    Asked,
    PriceChange,
    UnableToAnswer,
    UnableToChangePrice,
    UnableToSend,
    WrongCode,
    change_price,
    confirm_listing,
    consent_of,
    deny_listing,
    send_to_farmer,
)
from shop.listings.operations.drafts import (
    UnableToCorrect,
    UnableToDraft,
    correct_draft,
    draft_listing,
    drop_draft,
)
from shop.listings.operations.sale import (
    UnableToChangeStock,
    UnableToEnd,
    UnableToPublish,
    change_stock,
    end_listing,
    net_stock,
    publish,
)

__all__ = [
    "Asked",
    "PriceChange",
    "UnableToAnswer",
    "UnableToChangePrice",
    "UnableToChangeStock",
    "UnableToCorrect",
    "UnableToDraft",
    "UnableToEnd",
    "UnableToPublish",
    "UnableToSend",
    "WrongCode",
    "change_price",
    "change_stock",
    "confirm_listing",
    "consent_of",
    "correct_draft",
    "deny_listing",
    "draft_listing",
    "drop_draft",
    "end_listing",
    "net_stock",
    "publish",
    "seller_for",
    "send_to_farmer",
    "set_up_catalogue",
]
