"""Plots and lots, and how lots are split and merged."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partners import measures
from partners.organisations.models import Division, Farmer
from partners.people import Person
from traceability import queries
from traceability.models import Lot, LotLink, Plot, WeightCorrection
from traceability.operations import quotas
from traceability.operations.counters import take_numbers
from traceability.operations.events import HISTORY_AGO, LONGEST_AGO

# A harvest is promised for the next season at most.
LONGEST_AHEAD = timedelta(days=400)
MAX_WEIGHT_G = 10**10  # ten thousand tonnes: more is a slip of the finger


class UnableToRegisterPlot(Exception):
    """The plot cannot be registered; the message says what to change."""


class UnableToRecordLot(Exception):
    """The lot cannot be recorded; the message says what to change."""


class UnableToMove(Exception):
    """The lot does not hold what should be taken from it, or may not be touched."""


class UnableToCorrect(Exception):
    """The weight cannot be taken off; the message says what to change."""


class Portion(NamedTuple):
    """So many grams of a lot."""

    lot: Lot
    weight_g: int


def register_plot(
    *,
    village: Division,
    farmer: Farmer,
    name: str,
    area_mu: Decimal,
    crop: str,
    by: Person,
    at: datetime,
) -> Plot:
    """Put a farmer's plot on record. `area_mu` is in mu (1/15 hectare).

    Errors: UnableToRegisterPlot where the farmer is of another village, the area is
    not positive or the farmer has a plot of this name.
    """
    if farmer.village_id != village.pk:
        raise UnableToRegisterPlot(_("This farmer belongs to another village."))
    if not 0 < area_mu < 100_000:
        raise UnableToRegisterPlot(_("Give the area in mu, more than zero."))
    if not name.strip() or not crop.strip():
        raise UnableToRegisterPlot(_("Give the plot a name and say what grows there."))
    plot, created = Plot.objects.get_or_create(
        farmer=farmer,
        name=name.strip(),
        defaults={
            "village": village,
            "crop": crop.strip(),
            "area_mu": area_mu,
            "registered_by": by,
            "registered_at": at,
        },
    )
    if not created:
        raise UnableToRegisterPlot(_("This farmer already has a plot of this name."))
    return plot


def record_lot(
    *,
    plot: Plot,
    farmer: Farmer,
    crop: str,
    product_name: str,
    harvest_date: date,
    weight_g: int,
    is_history: bool = False,
    by: Person,
    at: datetime,
) -> Lot:
    """Record one harvest of one plot: the unit that is certified and labelled.

    `harvest_date` may lie ahead; only `is_history`, taken over from older books, may be
    from longer ago than LONGEST_AGO.

    Errors: UnableToRecordLot where the plot is not the farmer's, the weight or the day
    is out of range, the plot was sprayed too short before, or its area does not allow
    so much in a year.
    """
    if plot.farmer_id != farmer.pk:
        raise UnableToRecordLot(_("This plot belongs to another farmer."))
    _require_weight(weight_g)
    day = timezone.localtime(at).date()
    longest_ago = HISTORY_AGO if is_history else LONGEST_AGO
    if not day - longest_ago <= harvest_date <= day + LONGEST_AHEAD:
        raise UnableToRecordLot(_("Choose a day of this harvest."))
    if not product_name.strip() or not crop.strip():
        raise UnableToRecordLot(_("Say what the product is."))
    with transaction.atomic():
        Plot.objects.select_for_update().get(pk=plot.pk)
        safe_from = queries.safe_harvest_date(plot=plot, day=harvest_date)
        if safe_from is not None and harvest_date < safe_from:
            raise UnableToRecordLot(
                _("The plot was sprayed. It may be harvested from %(date)s on.")
                % {"date": date_format(safe_from)}
            )
        try:
            quotas.book_harvest(plot=plot, day=harvest_date, weight_g=weight_g)
        except quotas.QuotaExceeded as error:
            raise UnableToRecordLot(str(error)) from error
        return Lot.objects.create(
            number=_next_number(at),
            village_id=plot.village_id,
            plot=plot,
            farmer=farmer,
            crop=crop.strip(),
            product_name=product_name.strip(),
            harvest_date=harvest_date,
            weight_g=weight_g,
            recorded_by=by,
            recorded_at=at,
        )


def split_lot(
    *, lot: Lot, weights_g: Sequence[int], by: Person, at: datetime
) -> list[Lot]:
    """Take parts out of a lot, each a lot of its own with the same history.

    What stands under a certificate cannot be taken: supersede that first.
    Errors: UnableToMove, and nothing is moved.
    """
    with transaction.atomic():
        hold_links()
        _take(Portion(lot, sum(weights_g)), parts=weights_g)
        parts = [
            Lot.objects.create(
                number=_next_number(at),
                village_id=lot.village_id,
                plot=lot.plot,
                farmer=lot.farmer,
                crop=lot.crop,
                product_name=lot.product_name,
                harvest_date=lot.harvest_date,
                weight_g=weight_g,
                recorded_by=by,
                recorded_at=at,
            )
            for weight_g in weights_g
        ]
        LotLink.objects.bulk_create(
            LotLink(parent=lot, child=part, weight_g=part.weight_g, linked_at=at)
            for part in parts
        )
    return parts


def merge_lots(
    *,
    portions: Sequence[Portion],
    product_name: str,
    by: Person,
    at: datetime,
) -> Lot:
    """Put parts of several lots of one crop and village together into a new lot.

    The new lot's harvest date is the earliest of its parents'. Errors: UnableToMove,
    and nothing is moved.
    """
    lots = [portion.lot for portion in portions]
    if len({lot.pk for lot in lots}) < 2:
        raise UnableToMove(_("Choose at least two different lots."))
    if len({(lot.crop, lot.village_id) for lot in lots}) > 1:
        raise UnableToMove(_("Only lots of one crop and one village can be merged."))
    first = min(lots, key=lambda lot: lot.harvest_date)
    with transaction.atomic():
        hold_links()
        for portion in sorted(portions, key=lambda portion: portion.lot.pk):
            _take(portion, parts=[portion.weight_g])
        merged = Lot.objects.create(
            number=_next_number(at),
            village_id=first.village_id,
            crop=first.crop,
            product_name=product_name,
            harvest_date=first.harvest_date,
            weight_g=sum(portion.weight_g for portion in portions),
            recorded_by=by,
            recorded_at=at,
        )
        LotLink.objects.bulk_create(
            LotLink(parent=lot, child=merged, weight_g=weight_g, linked_at=at)
            for lot, weight_g in portions
        )
    return merged


def hold_links() -> None:
    """Let nobody link lots until the transaction ends.

    Whoever recalls follows links that stand still, and whoever links sees every
    recall. Taken before any lot, so that nobody who holds one waits for it.
    """
    take_numbers(name="lot-links")


def take_off_weight(
    *, lot: Lot, weight_g: int, reason: str, by: Person, at: datetime
) -> WeightCorrection:
    """Say that so much of what was written down for a lot was never there.

    Only what is free can be taken off. The plot's year has room for it again.
    Errors: UnableToCorrect.
    """
    if not reason.strip():
        raise UnableToCorrect(_("Say why the entry was wrong."))
    if lot.plot is None:
        raise UnableToCorrect(
            _("This lot was put together. Correct the lots that went into it.")
        )
    with transaction.atomic():
        try:
            _take(Portion(lot, weight_g), parts=[weight_g])
        except UnableToMove as error:
            raise UnableToCorrect(str(error)) from error
        quotas.unbook_harvest(plot=lot.plot, day=lot.harvest_date, weight_g=weight_g)
        return WeightCorrection.objects.create(
            lot=lot,
            weight_g=weight_g,
            reason=reason.strip(),
            corrected_by=by,
            corrected_at=at,
        )


def _take(portion: Portion, *, parts: Sequence[int]) -> None:
    """Book grams out of a lot. The UPDATE's condition is the guard: whoever comes
    second sees what the first has left."""
    if not parts or min(parts) <= 0:
        raise UnableToMove(_("Give weights of more than zero."))
    if queries.recalled_ids([portion.lot.pk]):
        raise UnableToMove(_("This lot is recalled."))
    taken = Lot.objects.filter(
        pk=portion.lot.pk,
        weight_g__gte=F("split_g") + F("certified_g") + portion.weight_g,
    ).update(split_g=F("split_g") + portion.weight_g)
    if not taken:
        portion.lot.refresh_from_db()
        raise UnableToMove(
            _("Lot %(number)s has only %(jin)s jin left.")
            % {
                "number": portion.lot.number,
                "jin": measures.jin(portion.lot.free_g),
            }
        )


def _require_weight(weight_g: int) -> None:
    if not 0 < weight_g <= MAX_WEIGHT_G:
        raise UnableToRecordLot(_("Give a weight of more than zero."))


def _next_number(at: datetime) -> str:
    year = timezone.localtime(at).year
    return f"L{year}-{take_numbers(name=f'lot:{year}'):06d}"
