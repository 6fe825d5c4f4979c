"""What listings do about what happens elsewhere, and answer when they are asked."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from logistics.models import FreightTemplate
from logistics.signals import freight_changed
from partners.organisations.models import Assistant, Farmer
from partners.organisations.signals import farmer_phone_moved, today_items
from partners.organisations.today import TodayItem
from shop.listings import operations, queries
from traceability.effects import Effect
from traceability.models import Certificate, Lot
from traceability.signals import (
    certificate_revoked,
    lot_recalled,
    recall_effects,
    revocation_effects,
)


@receiver(today_items)
def what_waits_today(
    sender: Any, assistant: Assistant, now: datetime, **kwargs: Any
) -> list[TodayItem]:
    return queries.without_lot(assistant, now=now)


@receiver(lot_recalled)
def end_what_is_recalled(
    sender: Any, lots: list[Lot], at: datetime, **kwargs: Any
) -> None:
    operations.take_off_sale(lots=lots, at=at)


@receiver(certificate_revoked)
def end_what_nobody_vouches_for(
    sender: Any, certificate: Certificate, at: datetime, **kwargs: Any
) -> None:
    operations.follow_revocation(certificate=certificate, at=at)


@receiver(recall_effects)
def tell_what_a_recall_ends(
    sender: Any, lots: list[Lot], done: bool, **kwargs: Any
) -> list[Effect]:
    return queries.recall_ends(lots, done=done)


@receiver(revocation_effects)
def tell_what_a_revocation_ends(
    sender: Any, certificate: Certificate, done: bool, **kwargs: Any
) -> list[Effect]:
    return queries.revocation_ends(certificate, done=done)


@receiver(freight_changed)
def follow_the_freight(
    sender: Any, old: FreightTemplate, new: FreightTemplate, at: datetime, **kwargs: Any
) -> None:
    operations.follow_freight(old=old, new=new, at=at)


@receiver(farmer_phone_moved)
def forget_what_the_old_number_was_asked(
    sender: Any, farmer: Farmer, at: datetime, **kwargs: Any
) -> None:
    operations.withdraw_questions(farmer=farmer, at=at)
