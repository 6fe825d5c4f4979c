"""What people type about how things travel."""

from logistics.forms.address import AddressForm, PlaceSelect
from logistics.forms.freight import AskForm, PriceRows, TemplateForm, rows_of

__all__ = [
    "AddressForm",
    "AskForm",
    "PlaceSelect",
    "PriceRows",
    "TemplateForm",
    "rows_of",
]
