"""What payments announce, always inside the transaction that makes it true.

Every signal carries `payment` and `at`; receivers must not ask the network. One that
raises undoes the whole step, and Alipay tells us again.
"""

from django.dispatch import Signal

# The order's money has come in, whole.
payment_captured = Signal()
# Money came that is not the order's: it is in suspense, and goes back by itself. Also
# carries `capture`.
payment_suspended = Signal()
# Nobody can pay this any more. Money that still comes goes back by itself.
payment_closed = Signal()
# Money went back to the buyer. Also carries `refund`.
payment_refunded = Signal()
# Sent just before `refund`'s entry: whoever has moved the order's money on from its
# escrow brings it back first, in the same transaction. Also carries `refund`.
refund_due = Signal()
