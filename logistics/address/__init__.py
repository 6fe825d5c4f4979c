"""One pasted line → who, which phone, where; and what has to be asked."""

from logistics.address.reading import Choice, PastedAddress, parse

__all__ = ["Choice", "PastedAddress", "parse"]
