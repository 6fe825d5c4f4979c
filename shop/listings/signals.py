"""What a listing announces, inside the transaction that makes it true."""

from django.dispatch import Signal

listing_published = Signal()
"""`listing=`: its product is on sale from now on."""

listing_changed = Signal()
"""`listing=`: price, stock, lot or pictures of an offer on sale are other ones."""

listing_ended = Signal()
"""`listing=`: its product is no longer on sale."""
