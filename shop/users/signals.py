"""What accounts announce."""

from django.dispatch import Signal

# Sent inside the transaction with ticket=, phone=, code= and at=: whoever can reach a
# phone sends the code there. It must not be logged or kept.
login_code_issued = Signal()

# Sent by the page "mine" with user=. A receiver returns a MeSection, or None.
me_sections = Signal()
