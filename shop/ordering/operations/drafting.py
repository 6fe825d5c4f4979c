"""Keep what a buyer types at the checkout, and forget it in time."""

from datetime import datetime, timedelta

from shop.ordering.models import CheckoutDraft
from shop.ordering.typed import Typed

KEPT_FOR = timedelta(days=1)


def keep_typed(*, basket, typed: Typed, at: datetime) -> None:
    """Remember this for the basket, instead of what was kept before."""
    CheckoutDraft.objects.update_or_create(
        basket_id=basket.pk, defaults={"typed": typed.to_json(), "changed_at": at}
    )


def forget_typed(*, basket) -> None:
    """The order has it now: nothing of it is needed here."""
    CheckoutDraft.objects.filter(basket_id=basket.pk).delete()


def forget_old_drafts(*, now: datetime) -> int:
    """Forget what nobody came back to within a day; how many."""
    old = CheckoutDraft.objects.filter(changed_at__lte=now - KEPT_FOR)
    return old.delete()[0]
