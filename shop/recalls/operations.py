"""Telling of a recall: a row with the recall itself, texts in batches after it.

A recall of 5,000 orders must not hold the log and the lots until 5,000 texts are
written. Its row says that they are to be; a job writes them, some hundred in a
transaction, and beat repeats whatever a death left (docs/decisions/0220).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from partners.organisations.models import Assistant
from partners.people import Person
from shop.listings.templatetags.produce import with_english
from shop.notices.operations import Draft, revive_text, write_texts
from shop.notices.queries import languages_for
from shop.ordering.models import Purchase
from shop.recalls import queries, tasks
from shop.recalls.models import Notice, Recall
from traceability.models import Lot

AT_ONCE = 200
# An order that was being placed while its lot was recalled turns up within this time.
LATECOMERS = timedelta(hours=1)
MOST_AGAIN = 1_000


class UnableToNote(Exception):
    """They were told already."""


def open_recall(
    *, lot: Lot, lots: Sequence[Lot], reason: str, by: Person, at: datetime
) -> Recall:
    """Note that everybody is to be told, inside the transaction that recalls."""
    recall = Recall.objects.create(
        lot=lot, recalled_at=at, recalled_by=by, reason=reason
    )
    Recall.lots.through.objects.bulk_create(
        Recall.lots.through(recall=recall, lot=each) for each in lots
    )

    def enqueue() -> None:
        tasks.tell_everybody.delay(recall_id=recall.pk)

    # Robust: with the broker down the recall stands all the same; beat finds the row.
    transaction.on_commit(enqueue, robust=True)
    return recall


def tell_of_recalls(*, now: datetime) -> int:
    """Tell whomever the unsettled recalls still miss; how many that were."""
    unsettled = Recall.objects.unsettled().order_by("pk").values_list("pk", flat=True)
    return sum(tell_everybody(recall_id=pk, now=now) for pk in list(unsettled))


def tell_everybody(*, recall_id: int, now: datetime) -> int:
    """Write to every station and buyer whom a recall concerns and nobody told yet.

    May be cut off anywhere and repeated, also by several at once: each is told once.
    Returns how many were new.
    """
    recall = Recall.objects.select_related("lot__village").get(pk=recall_id)
    told = _tell_station(recall, now)
    for some in _chunks(queries.orders_to_tell(recall)):
        told += _tell_buyers(recall, some, now)
    if now >= recall.recalled_at + LATECOMERS:
        Recall.objects.unsettled().filter(pk=recall.pk).update(settled_at=now)
    return told


def tell_again(*, recall: Recall, by: Person, at: datetime) -> int:
    """Send the texts again that were given up; how many.

    At most MOST_AGAIN at a time: the answer must not take minutes.
    """
    del by  # Whose hand it was is in the request's log.
    failed = queries.failed_notices(recall).select_related("text")
    with transaction.atomic():
        texts = [notice.text for notice in failed[:MOST_AGAIN]]
        for text in texts:
            assert text is not None
            revive_text(message=text, at=at)
    return len(texts)


def note_reached(*, notice: Notice, by: Person, at: datetime) -> None:
    """Note that staff told somebody in another way, as by a call.

    Errors: UnableToNote where that, or that their text was sent, is known already.
    """
    noted = Notice.objects.filter(
        Q(text__isnull=True) | ~Q(text__status="sent"),
        pk=notice.pk,
        reached_at__isnull=True,
    ).update(reached_at=at, reached_by=by)
    if not noted:
        raise UnableToNote(_("They were told already."))


def _tell_station(recall: Recall, now: datetime) -> int:
    lot = recall.lot
    link = reverse("traceability:recall", kwargs={"number": lot.number})
    with transaction.atomic():
        _hold(recall)
        missing = Assistant.objects.filter(villages=lot.village_id).exclude(
            notice__recall=recall
        )
        assistants = list(missing.select_related("user").order_by("pk"))
        languages = languages_for(assistant.user.phone for assistant in assistants)
        drafts, notices = [], []
        for assistant in assistants:
            language = languages[assistant.user.phone]
            with override(language):
                words = {
                    "lot": lot.number,
                    "product": with_english(lot.product_name),
                    "link": link,
                }
            drafts.append(
                Draft(
                    phone=assistant.user.phone,
                    template="station_recall",
                    params=words,
                    key=f"recall:{lot.number}:station:{assistant.pk}",
                    language=language,
                )
            )
            notices.append(
                Notice(assistant=assistant, village_id=lot.village_id, recall=recall)
            )
        _write(drafts, notices, now)
    return len(notices)


def _tell_buyers(recall: Recall, order_ids: list[int], now: datetime) -> int:
    with transaction.atomic():
        _hold(recall)
        told = recall.notices.filter(order__in=order_ids).values("order")
        purchases = list(
            Purchase.objects.filter(order__in=order_ids)
            .exclude(order__in=told)
            .select_related("order")
            .order_by("order_id")
        )
        goods = queries.recalled_goods(recall, [each.order_id for each in purchases])
        languages = languages_for(
            (each.phone for each in purchases),
            otherwise={each.phone: each.language for each in purchases},
        )
        drafts, notices = [], []
        for purchase in purchases:
            names = goods.get(purchase.order_id, [recall.lot.product_name])
            drafts.append(_text_to(purchase, recall, names, languages[purchase.phone]))
            notices.append(Notice(order=purchase.order, recall=recall))
        _write(drafts, notices, now)
    return len(notices)


def _text_to(
    purchase: Purchase, recall: Recall, names: list[str], language: str
) -> Draft:
    with override(language):
        product = _(", ").join(with_english(name) for name in names)
    return Draft(
        phone=purchase.phone,
        template="lot_recalled",
        params={
            "number": purchase.order.number,
            "product": product,
            "link": purchase.path,
        },
        key=f"recall:{recall.lot.number}:{purchase.order.number}",
        language=language,
    )


def _write(drafts: list[Draft], notices: list[Notice], now: datetime) -> None:
    """The texts, and beside each of `drafts` its notice, or why there is no text."""
    written = write_texts(drafts=[draft for draft in drafts if draft.phone], at=now)
    for draft, notice in zip(drafts, notices, strict=True):
        notice.written_at = now
        notice.text = written.get(draft.key)
        if notice.text is None:
            known = Notice.Obstacle
            notice.obstacle = known.BAD_NUMBER if draft.phone else known.NO_PHONE
    Notice.objects.bulk_create(notices)


def _hold(recall: Recall) -> None:
    """One batch of a recall after the other: who comes second sees the first's."""
    Recall.objects.select_for_update().get(pk=recall.pk)


def _chunks(keys: Iterable[Any]) -> Iterator[list[Any]]:
    listed = list(keys)
    for start in range(0, len(listed), AT_ONCE):
        yield listed[start : start + AT_ONCE]
