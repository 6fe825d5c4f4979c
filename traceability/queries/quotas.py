"""What land and licences allow, and what of it is taken."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from partners.organisations.division_files import padded
from partners.organisations.models import Division, Farmer
from partners.organisations.queries import OWN_DIGITS, own_prefix
from traceability import yields
from traceability.models import (
    Evidence,
    Licence,
    Lot,
    Mark,
    Plot,
    PlotYear,
    YieldLimit,
)
from traceability.queries.lots import ancestor_ids
from traceability.yields import Limit

# Where a licence may reach.
_AREAS = ("county", "township", "village")


@dataclass(frozen=True)
class Allowance:
    """What a plot may bear in the year of a day. `allowed_g` is None without limit."""

    plot: Plot
    year: int
    limit: Limit
    harvested_g: int

    @property
    def allowed_g(self) -> int | None:
        if self.limit.g_per_mu is None:
            return None
        return int(self.plot.area_mu * self.limit.g_per_mu)

    @property
    def is_exceeded(self) -> bool:
        """Whether more is on record than may be: a limit came down, or came late."""
        return self.allowed_g is not None and self.harvested_g > self.allowed_g


def yield_limit(*, crop: str, day: date) -> Limit:
    """What a mu of this crop may bear in the year of a harvest on `day`.

    The crop's own row before the row for every other crop, the last one said before
    those it replaced; the starting value where the county said nothing.
    """
    said = YieldLimit.objects.filter(
        Q(crop=crop) | Q(crop=""), valid_from__lte=day
    ).order_by("-crop", "-valid_from", "-pk")
    row = said.first()
    # A starting value names the crop: it is nearer than the county's word on the rest.
    if row is None or (not row.crop and crop in yields.STARTING_G):
        return yields.starting(crop)
    return Limit(row.g_per_mu, is_own=True, source=row.source)


def allowance(*, plot: Plot, day: date) -> Allowance:
    """What the plot may bear in that year, and what is on record of it."""
    taken = PlotYear.objects.filter(plot=plot, year=day.year)
    return Allowance(
        plot=plot,
        year=day.year,
        limit=yield_limit(crop=plot.crop, day=day),
        harvested_g=sum(taken.values_list("harvested_g", flat=True)),
    )


def allowances_of(lot: Lot) -> list[Allowance]:
    """The allowances of every plot and year that the lot's produce grew in."""
    lots = Lot.objects.filter(pk__in={lot.pk} | ancestor_ids([lot.pk]))
    grown = {
        (one.plot, one.harvest_date.year): one
        for one in lots.filter(plot__isnull=False).select_related("plot").order_by("pk")
    }
    return [
        allowance(plot=plot, day=one.harvest_date)
        for (plot, _year), one in grown.items()
        if plot is not None
    ]


def grown_by(lot: Lot) -> set[int]:
    """The keys of the farmers whose produce the lot is."""
    lots = Lot.objects.filter(pk__in={lot.pk} | ancestor_ids([lot.pk]))
    return {
        farmer
        for farmer in lots.values_list("farmer_id", flat=True)
        if farmer is not None
    }


def marks_on(lot: Lot) -> list[Evidence]:
    """The papers of the lot that claim a mark, the first of each mark."""
    papers = lot.evidence.filter(kind__in=Mark.values).order_by("pk")
    return list({paper.kind: paper for paper in reversed(papers)}.values())


def licences_for(*, lot: Lot, paper: Evidence, day: date) -> list[Licence]:
    """Licences under which the lot may carry the paper's mark on `day`, the one that
    runs out first before the others.

    Picked and certified within the licence's days; grown in its area and by its
    farmer, where it names one. A paper of a geographical indication names the holder's
    social credit code, one of green food the licence; an organic code names neither.
    """
    found = Licence.objects.standing().filter(
        mark=paper.kind,
        crop=lot.crop,
        valid_from__lte=min(lot.harvest_date, day),
        valid_to__gte=max(lot.harvest_date, day),
    )
    if paper.kind == Mark.GI:
        found = found.filter(holder_uscc=paper.identifier)
    elif paper.kind == Mark.GREEN:
        found = found.filter(number=paper.identifier)
    growers = grown_by(lot)
    return [
        licence
        for licence in found.select_related("area").order_by("valid_to", "pk")
        if lot.village_id.startswith(own_prefix(licence.area))
        and (licence.farmer_id is None or growers == {licence.farmer_id})
    ]


def limits_in_force(*, day: date) -> list[tuple[str, Limit]]:
    """The table as it holds on `day`: every crop that grows here, has a row or a
    starting value; the empty crop, every other one, is last."""
    crops = {
        *Plot.objects.values_list("crop", flat=True).distinct(),
        *YieldLimit.objects.exclude(crop="").values_list("crop", flat=True),
    }
    return [(crop, yield_limit(crop=crop, day=day)) for crop in [*sorted(crops), ""]]


def latest_rows() -> QuerySet[YieldLimit]:
    """What the county has said, newest first, each with who said it."""
    return YieldLimit.objects.select_related("set_by").order_by("-pk")


def places_with_farmers() -> QuerySet[Division]:
    """Villages that have farmers, their townships and counties, from above down."""
    villages = set(Farmer.objects.values_list("village_id", flat=True))
    lengths = [OWN_DIGITS[Division.Level(level)] for level in _AREAS]
    codes = {padded(code[:digits]) for code in villages for digits in lengths}
    return Division.objects.filter(pk__in=codes).order_by("code")
