"""What freight costs, and where a parcel is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from logistics.models import FreightRule, FreightTemplate, Parcel, ParcelEvent
from logistics.regions import region_name
from partners.spelling import region_told


class NotDelivered(Exception):
    """Nothing of this template is sent to `region`; offer another address."""

    def __init__(self, region: str) -> None:
        self.region = region
        super().__init__(_("Not delivered to %(region)s.") % {"region": region})


@dataclass(frozen=True)
class Quote:
    """What sending costs, in fen, and from which sum of goods it costs nothing."""

    fen: int
    free_from_fen: int | None


def quote(
    *,
    template: FreightTemplate,
    division_code: str,
    weight_g: int,
    pieces: int,
    goods_fen: int,
) -> Quote:
    """Freight to a division, by the rule with the longest matching code.

    `weight_g` counts for templates by weight, `pieces` for those by the piece; both
    and `goods_fen` (the goods' price, for the free-shipping threshold) must not be
    negative. What does not fill a whole additional unit costs a whole one.

    Errors: NotDelivered with the region's name; ValueError for negative amounts.
    """
    if min(weight_g, pieces, goods_fen) < 0:
        raise ValueError("weight, pieces and goods must not be negative")
    by_weight = template.basis == FreightTemplate.Basis.WEIGHT
    return price_by(
        rules=template.rules.all(),
        division_code=division_code,
        units=weight_g if by_weight else pieces,
        goods_fen=goods_fen,
    )


def price_by(
    *, rules: Iterable[FreightRule], division_code: str, units: int, goods_fen: int
) -> Quote:
    """What these rules, saved or not, ask for so many grams or pieces.

    Errors: NotDelivered with the region's name.
    """
    rule = _rule_for(rules, division_code)
    if rule is None or not rule.delivers:
        raise NotDelivered(_told(rule.region_code if rule else division_code))
    return _price(rule, units=units, goods_fen=goods_fen)


def _price(rule: FreightRule, *, units: int, goods_fen: int) -> Quote:
    free_from = rule.free_from_fen
    if free_from is not None and goods_fen >= free_from:
        return Quote(fen=0, free_from_fen=free_from)
    steps = -(-max(0, units - rule.first_units) // rule.additional_units)
    return Quote(
        fen=rule.first_fen + steps * rule.additional_fen, free_from_fen=free_from
    )


def _rule_for(rules: Iterable[FreightRule], division_code: str) -> FreightRule | None:
    # A template's few rules are read whole, so that a prefetched list asks nothing.
    matching = [rule for rule in rules if division_code.startswith(rule.region_code)]
    return max(matching, key=lambda rule: len(rule.region_code), default=None)


def lowest_fen(
    template: FreightTemplate, *, weight_g: int, pieces: int, goods_fen: int
) -> int:
    """The least anybody pays for these goods: "freight from ¥6" on a card.

    Weight, pieces and goods are those of `quote`.
    """
    by_weight = template.basis == FreightTemplate.Basis.WEIGHT
    units = weight_g if by_weight else pieces
    return min(
        (
            _price(rule, units=units, goods_fen=goods_fen).fen
            for rule in template.rules.all()
            if rule.delivers
        ),
        default=0,
    )


def not_delivered_to(template: FreightTemplate) -> list[str]:
    """The names of the regions this template leaves out, in the codes' order."""
    rules = sorted(template.rules.all(), key=lambda rule: rule.region_code)
    return [_told(rule.region_code) for rule in rules if not rule.delivers]


def _told(region_code: str) -> str:
    return region_told(region_name(region_code))


def explain(
    *,
    template: FreightTemplate,
    division_code: str,
    weight_g: int = 0,
    pieces: int = 1,
    goods_fen: int = 0,
) -> str:
    """The product page's sentence: "To Beijing ¥8, free from ¥99".

    Says so where the template does not go there; never raises NotDelivered.
    """
    try:
        found = quote(
            template=template,
            division_code=division_code,
            weight_g=weight_g,
            pieces=pieces,
            goods_fen=goods_fen,
        )
    except NotDelivered as error:
        return str(error)
    words = {
        "region": _told(division_code[:2]),
        "fee": short_yuan(found.fen),
        "threshold": short_yuan(found.free_from_fen or 0),
    }
    if found.fen == 0:
        return _("To %(region)s: free delivery") % words
    if found.free_from_fen is not None:
        return _("To %(region)s %(fee)s, free from %(threshold)s") % words
    return _("To %(region)s %(fee)s") % words


def short_yuan(amount_fen: int) -> str:
    """¥8 or ¥8.50: freight in a sentence, without needless zeros."""
    whole, cents = divmod(amount_fen, 100)
    return f"¥{whole}.{cents:02d}" if cents else f"¥{whole}"


@dataclass(frozen=True)
class Step:
    """One line of a parcel's way, as `parts/timeline.html` shows it.

    `note` is the carrier's own sentence, or the place where it said nothing; `state`
    is "now" for the newest.
    """

    title: str
    at: datetime
    note: str
    state: str


def timeline(parcel: Parcel) -> list[Step]:
    """What happened to the parcel, newest first, in the reader's words.

    That it waits to be packed is said only while it does: its row begins with packing.
    """
    opened = ParcelEvent.Kind.OPENED
    told = list(parcel.events.all())
    if len(told) > 1:
        told = [event for event in told if event.kind != opened]
    # Carriers tell whole seconds: within one, the order of writing counts.
    events = sorted(
        told,
        key=lambda event: (event.happened_at.replace(microsecond=0), event.pk),
        reverse=True,
    )
    return [
        Step(
            title=event.get_kind_display(),
            at=event.happened_at,
            note=event.text or event.place,
            state="" if position else "now",
        )
        for position, event in enumerate(events)
    ]
