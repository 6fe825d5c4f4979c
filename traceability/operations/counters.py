"""Taking the next number."""

from django.db import transaction
from django.db.models import F

from traceability.models import Counter


def take_numbers(*, name: str, count: int = 1) -> int:
    """The first of `count` numbers that nobody else gets; numbers begin with 1.

    Call it inside the transaction that uses the numbers: until that ends, whoever
    wants the next number of this name waits.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "numbers are taken inside the transaction that uses them"
        )
    counter = Counter.objects.filter(pk=name)
    if not counter.update(value=F("value") + count):
        Counter.objects.get_or_create(pk=name)
        counter.update(value=F("value") + count)
    return Counter.objects.values_list("value", flat=True).get(pk=name) - count + 1
