"""What ordering announces, inside the transaction that makes it true.

order_paid(order, at); order_cancelled(order, at); order_completed(order, at);
stock_moved(product_ids): what can be bought of these products has changed.
"""

from django.dispatch import Signal

order_paid = Signal()
order_cancelled = Signal()
order_completed = Signal()
stock_moved = Signal()
