"""What logistics announces, inside the transaction that makes it true.

Those of a parcel are sent with `sender=Parcel`, `parcel=` and `at=`.
"""

from django.dispatch import Signal

parcel_handed_over = Signal()
parcel_delivered = Signal()
parcel_returned = Signal()
parcel_lost = Signal()

freight_changed = Signal()
"""`sender=FreightTemplate`, `old=`, `new=`, `at=`: `new` counts from now on."""
