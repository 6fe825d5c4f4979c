"""At the village station: labelled packages into a box, the box to a carrier."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, F
from django.utils.translation import gettext as _

from logistics.operations import Recipient, hand_over, open_parcel, pack_parcel
from shop.ordering.models import LineTerms, PackedLabel, Purchase, SubOrder
from traceability.models import Lot
from traceability.operations import UnableToPack, pack_label

# Three seedlings weigh less than the box they travel in; no carrier takes less.
LIGHTEST_G = 500


class UnableToPackOrder(Exception):
    """This package does not belong into this box; the message says why."""


class UnableToSend(Exception):
    """The box cannot go yet; the message says what is missing."""


@transaction.atomic
def pack(*, sub_order: SubOrder, code: str, by, at: datetime) -> PackedLabel:
    """Put the package with this label into the box of a part of an order.

    The label must be of the lot that the listing sells from, not used before, and
    its line must still lack a package. Errors: UnableToPackOrder.
    """
    sub_order = SubOrder.objects.select_for_update().get(pk=sub_order.pk)
    if sub_order.status != SubOrder.Status.PAID:
        raise UnableToPackOrder(_("This order is not waiting to be packed."))
    try:
        label = pack_label(code=code, at=at, by=by)
    except UnableToPack as error:
        raise UnableToPackOrder(str(error)) from error
    terms = _line_for(sub_order=sub_order, lot=label.batch.lot)
    try:
        with transaction.atomic():
            return PackedLabel.objects.create(
                sub_order=sub_order,
                terms=terms,
                label=label,
                packed_by=by,
                packed_at=at,
            )
    except IntegrityError as error:
        raise UnableToPackOrder(_("This label is in a box already.")) from error


def _line_for(*, sub_order: SubOrder, lot: Lot) -> LineTerms:
    """The line that this lot's package is for and that still lacks one."""
    lines = sub_order.line_terms.filter(listing__lot=lot)
    if not lines.exists():
        wanted = sub_order.line_terms.filter(listing__lot__isnull=False)
        numbers = wanted.order_by("pk").values_list("listing__lot__number", flat=True)
        raise UnableToPackOrder(
            _("This package is of lot %(lot)s. This box wants %(wanted)s.")
            % {"lot": lot.number, "wanted": " · ".join(numbers)}
            if numbers
            else _("No lot is chosen yet for what was ordered: choose it at the offer.")
        )
    open_line = (
        lines.annotate(packed=Count("packed_labels"))
        .filter(packed__lt=F("quantity"))
        .order_by("pk")
        .first()
    )
    if open_line is None:
        raise UnableToPackOrder(_("All packages of this kind are in the box already."))
    return open_line


def send_box(
    *, sub_order: SubOrder, carrier: str, by, at: datetime, gateway=None
) -> SubOrder:
    """Hand a fully packed box to a carrier. May be tried again until it is known.

    The carrier is asked outside every transaction; `parcel_handed_over` moves the
    order on. Errors: UnableToSend; logistics' UnableToHandOver and HandOverPending.
    """
    parcel = _parcel_of(sub_order=sub_order, by=by, at=at)
    hand_over(parcel=parcel, carrier=carrier, at=at, by=by, gateway=gateway)
    sub_order.refresh_from_db()
    return sub_order


@transaction.atomic
def _parcel_of(*, sub_order: SubOrder, by, at: datetime):
    """The closed box of a part of an order; made once, when everything is packed."""
    locked = SubOrder.objects.select_for_update().get(pk=sub_order.pk)
    if locked.status == SubOrder.Status.CANCELLED:
        raise UnableToSend(_("This was cancelled. Do not send it, unpack it."))
    if holds_recalled(sub_order=locked):
        raise UnableToSend(
            _("Something in this box is recalled. Put it aside and call the county.")
        )
    if locked.parcel_id is not None:
        return locked.parcel
    missing = missing_packs(sub_order=locked)
    if locked.status != SubOrder.Status.PAID or missing:
        raise UnableToSend(
            _("%(count)d packages are still to be scanned.") % {"count": missing}
            if missing
            else _("This order is not waiting to be packed.")
        )
    purchase = Purchase.objects.get(order_id=locked.order_id)
    parcel = open_parcel(
        reference=locked.number,
        station_code=locked.village_id,
        recipient=Recipient(
            name=purchase.recipient,
            phone=purchase.phone,
            division_code=purchase.division_code,
            address=purchase.detail,
        ),
        weight_g=max(
            LIGHTEST_G, sum(t.pack_g * t.quantity for t in locked.line_terms.all())
        ),
        at=at,
    )
    locked.parcel = pack_parcel(parcel=parcel, at=at, by=by)
    locked.save(update_fields=["parcel"])
    return locked.parcel


def missing_packs(*, sub_order: SubOrder) -> int:
    """How many packages still have to be scanned into the box."""
    wanted = sum(sub_order.line_terms.values_list("quantity", flat=True))
    return wanted - sub_order.packed_labels.count()


def holds_recalled(*, sub_order: SubOrder) -> bool:
    """Whether a package that was scanned into the box is of a recalled lot."""
    return sub_order.packed_labels.recalled().exists()
