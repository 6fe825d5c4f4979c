"""What logistics announces, inside the transaction that makes it true.

Each is sent with `sender=Parcel`, `parcel=` and `at=`.
"""

from django.dispatch import Signal

parcel_handed_over = Signal()
parcel_delivered = Signal()
parcel_returned = Signal()
parcel_lost = Signal()
