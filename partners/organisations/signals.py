"""What organisations announces."""

from django.dispatch import Signal

# Sent inside the transaction with assistant=, by= (None: the system) and at=.
assistant_appointed = Signal()
# The same, when they have no village any more.
assistant_dismissed = Signal()

# Sent inside the transaction with farmer=, user= and at=: their account is now known.
farmer_recognised = Signal()

# The same with farmer= and at=: what was sent to the old number counts no more.
farmer_phone_moved = Signal()

# Asked, not announced: with assistant= and now=, each receiver returns a list of
# `today.TodayItem`: what waits for this assistant.
today_items = Signal()
