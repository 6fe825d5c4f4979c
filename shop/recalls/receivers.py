"""What recalls do about what happens elsewhere, and answer when they are asked."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from partners.people import Person
from shop.recalls import operations, queries
from traceability.effects import Effect
from traceability.models import Lot
from traceability.signals import lot_recalled, recall_effects


@receiver(lot_recalled)
def on_recalled(
    sender: Any,
    lot: Lot,
    lots: list[Lot],
    reason: str,
    by: Person,
    at: datetime,
    **kwargs: Any,
) -> None:
    operations.open_recall(lot=lot, lots=lots, reason=reason, by=by, at=at)


@receiver(recall_effects)
def what_a_recall_does(
    sender: Any, lots: list[Lot], done: bool, **kwargs: Any
) -> list[Effect]:
    return queries.reaches(lots, done=done)
