"""What the back office adds to what a recall does: a way to the boxes it stops."""

from django.dispatch import receiver

from shop.backoffice import queries
from traceability.effects import Effect
from traceability.models import Lot
from traceability.signals import recall_effects


@receiver(recall_effects)
def what_a_recall_stops(
    sender: object, lots: list[Lot], **kwargs: object
) -> list[Effect]:
    return queries.unsent_recalled(lots)
