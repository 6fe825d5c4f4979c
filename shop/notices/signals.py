"""What notices announces."""

from django.dispatch import Signal

# Sent inside the transaction with message=: it is written and waits to be sent.
text_written = Signal()
