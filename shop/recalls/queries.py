"""Whom a recall concerns, and what became of telling them."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.notices.models import TextMessage
from shop.ordering.models import LineTerms, PackedLabel, Purchase
from shop.ordering.queries import UNSENT, parts_with
from shop.recalls.models import Notice, Recall
from traceability.effects import Effect
from traceability.models import Lot


def orders_to_tell(recall: Recall) -> list[int]:
    """The keys of the orders that hold something of it and that nobody told yet."""
    parts = parts_with(recall.lots.values("pk")).order_by()
    told = recall.notices.filter(order__isnull=False).values("order")
    bought = Purchase.objects.filter(order__in=parts.values("order"))
    keys = bought.exclude(order__in=told).order_by("order_id")
    return list(keys.values_list("order_id", flat=True))


def recalled_goods(recall: Recall, order_ids: Iterable[int]) -> dict[int, list[str]]:
    """Of each order the names of what is recalled in it, each once."""
    keys, lots = list(order_ids), recall.lots.values("pk")
    packed = PackedLabel.objects.filter(
        sub_order__order__in=keys, label__batch__lot__in=lots
    ).values_list("sub_order__order", "label__batch__lot__product_name")
    to_come = LineTerms.objects.filter(
        sub_order__order__in=keys,
        sub_order__status__in=UNSENT,
        listing__lot__in=lots,
    ).values_list("sub_order__order", "listing__lot__product_name")
    found: defaultdict[int, list[str]] = defaultdict(list)
    for key, name in sorted({*packed, *to_come}):
        found[key].append(name)
    return dict(found)


def failed_notices(recall: Recall) -> QuerySet[Notice]:
    """Those whose text was given up, is still of use, and whom nobody reached."""
    return (
        recall.notices.filter(
            text__status=TextMessage.Status.DEAD, reached_at__isnull=True
        )
        .exclude(text__words="")
        .exclude(text__expires_at__lte=timezone.now())
        .order_by("pk")
    )


def newest_recalls() -> QuerySet[Recall]:
    """Every recall, with how many notices it has."""
    return Recall.objects.select_related("lot__village", "recalled_by").annotate(
        asked=Count("notices")
    )


def reaches(lots: list[Lot], *, done: bool) -> list[Effect]:
    """Whom a recall writes to, or has written to."""
    if done:
        written = Notice.objects.filter(
            recall__lots__in=lots, order__isnull=False, text__isnull=False
        )
        count = written.distinct().count()
        words = ngettext(
            "The buyer of %(count)d order was written to.",
            "The buyers of %(count)d orders were written to.",
            count,
        )
    else:
        reachable = parts_with(lots).exclude(order__purchase__phone_index="")
        count = reachable.order_by().values("order").distinct().count()
        words = ngettext(
            "The buyer of %(count)d order gets a text message: do not eat or use it.",
            "The buyers of %(count)d orders get a text message: do not eat or use it.",
            count,
        )
    recall = Recall.objects.filter(lots__in=lots).order_by("pk").last()
    told = Effect(
        words % {"count": count} if count else _("Nobody has bought any of it."),
        count,
        url=reverse("recalls:report", args=[recall.lot.number]) if recall else "",
        icon="message-square",
    )
    return [told]
