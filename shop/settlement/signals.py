"""What settlement announces: order_settled(settlement, at), inside its transaction."""

from django.dispatch import Signal

order_settled = Signal()
