"""The history's orders, each from the basket to the grower's account."""

import random
from datetime import datetime, timedelta

from django.apps import apps
from django.utils import timezone

from logistics.carriers import registry
from logistics.carriers.base import TrackingEvent
from logistics.carriers.standin.offline import OfflineCarrier, usual_way
from logistics.operations import record_tracking
from shop.alipay.gateway import Gateway
from shop.alipay.operations import receive_notice
from shop.alipay.queries import payment_of
from shop.alipay.sandbox.client import Sandbox
from shop.demo.history import PLACES, Calendar, Happening, by_day
from shop.demo.people import buyer_phone
from shop.listings.models import Listing
from shop.ordering import operations
from shop.ordering.baskets import items
from shop.ordering.models import Purchase, SubOrder
from shop.ordering.quotes import quote_order
from traceability.models import Label
from traceability.operations import mint_labels
from traceability.queries import certificate_of_lot

LABELS_AT_ONCE = 20
# A pack at that price carries a hidden code.
DEAR_FEN = 5_000


class Orders:
    """Places orders and sees them through, one step at its time."""

    def __init__(self, *, calendar: Calendar, chance: random.Random) -> None:
        self.calendar, self.chance = calendar, chance
        self.sandbox, self.carrier = Sandbox(now=calendar.until), OfflineCarrier()
        self.labels: dict[int, list[Label]] = {}

    def placing(self, index: int) -> Happening:
        """What one buyer does: fill a basket, order, pay or change their mind."""

        def happen(at: datetime) -> None:
            if Purchase.objects.filter(key=f"{index:032x}").exists():
                return
            basket = self._basket(at=at)
            if basket is not None:
                self._place(index, basket, at=at)

        return happen

    def _basket(self, *, at: datetime):
        ripe = list(
            Listing.objects.on_sale()
            .filter(lot__harvest_date__lt=timezone.localdate(at))
            .order_by("pk")
        )
        basket = None
        for listing in self.chance.sample(ripe, k=min(len(ripe), self._some())):
            try:
                basket = operations.add_to_basket(
                    basket=basket, product_id=listing.product_id, quantity=self._some()
                )
            except operations.UnableToAdd:
                continue
        return basket

    def _alipay(self, at: datetime) -> Gateway:
        """The sandbox's gateway, at that time."""
        self.sandbox.now = at
        return self.sandbox.gateway

    def _some(self) -> int:
        return self.chance.choices((1, 2, 3), weights=(6, 3, 1))[0]

    def _place(self, index: int, basket, *, at: datetime) -> None:
        place = self.chance.choice(PLACES)
        quote = quote_order(items=items(basket), division_code=place)
        order = operations.place_order(
            basket=basket,
            delivery=operations.Delivery(
                recipient="示例买家",
                phone=buyer_phone(index),
                division_code=place,
                detail=f"示例小区{index % 40 + 1}栋",
            ),
            fresh_confirmed=True,
            expected_total_fen=quote.total_fen,
            key=f"{index:032x}",
            at=at,
            gateway=self._alipay(at),
        )
        if self.chance.random() < 0.05:
            self.calendar.at(at + timedelta(minutes=31), self._forgotten(order))
            return
        self.calendar.at(at + timedelta(minutes=4), self._paying(order))

    def _forgotten(self, order) -> Happening:
        return lambda at: operations.cancel_order(
            order=order, at=at, gateway=self._alipay(at)
        )

    def _paying(self, order) -> Happening:
        def happen(at: datetime) -> None:
            alipay = self._alipay(at)
            params = self.sandbox.signed_notice(payment_of(order.number))
            receive_notice(params=params, at=at, gateway=alipay)
            for part in order.sub_orders.all():
                packed = at + timedelta(hours=self.chance.randrange(6, 30))
                self.calendar.at(by_day(packed), self._packing(part))

        return happen

    def _packing(self, part: SubOrder) -> Happening:
        def happen(at: datetime) -> None:
            assistant = part.village.assistants.first()
            for terms in part.line_terms.select_related("listing__lot", "line"):
                for label in self._take_labels(terms, by=assistant.user, at=at):
                    operations.pack(
                        sub_order=part, code=label.code, by=assistant.user, at=at
                    )
            sent = operations.send_box(
                sub_order=part,
                carrier=registry.usual(),
                by=assistant.user,
                at=at,
                gateway=self.carrier,
            )
            for told in usual_way(sent.parcel, until=at + timedelta(days=5)):
                self.calendar.at(told.happened_at, self._moving(sent, told))

        return happen

    def _take_labels(self, terms, *, by, at: datetime) -> list[Label]:
        lot = terms.listing.lot
        own = self.labels.setdefault(lot.pk, [])
        while len(own) < terms.quantity:
            batch = mint_labels(
                certificate=certificate_of_lot(lot),
                count=LABELS_AT_ONCE,
                product_name=terms.line.title,
                pack_g=terms.pack_g,
                scratch=terms.price_fen >= DEAR_FEN,
                by=by,
                at=at,
            )
            own.extend(batch.labels.all())
        taken, self.labels[lot.pk] = own[: terms.quantity], own[terms.quantity :]
        return taken

    def _moving(self, part: SubOrder, told: TrackingEvent) -> Happening:
        def happen(at: datetime) -> None:
            parcel = part.parcel
            record_tracking(
                carrier=parcel.carrier,
                waybill=parcel.waybill,
                events=[told],
                at=at,
            )
            if told.kind == "delivered":
                self.calendar.at(at + timedelta(hours=30), self._completing(part))

        return happen

    def _completing(self, part: SubOrder) -> Happening:
        def happen(at: datetime) -> None:
            Order = apps.get_model("order", "Order")
            order = Order.objects.get(pk=part.order_id)
            try:
                operations.complete_order(order=order, at=at)
            except operations.UnableToComplete:
                return  # another box is still on its way, or it was the last one's turn

        return happen
