"""What this package announces. Sent inside the transaction that wrote it."""

from django.dispatch import Signal

manager_appointed = Signal()  # supermarket=, user=, by=, at=
manager_dismissed = Signal()  # supermarket=, user=, by=, at=
contact_named = Signal()  # household=, user=, by=, at=
disbursement_made = Signal()  # disbursement=, at=
