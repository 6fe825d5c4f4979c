"""Where a lot came from and where it went: every lot on the way, and what flowed."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Q

from traceability.models import Label, Lot, LotLink
from traceability.queries.lots import ancestor_ids, descendant_ids, recalled_ids


@dataclass(frozen=True)
class TracedLot:
    """A lot on the way. `relation` is "origin", "self" or "result"; `layer` is how
    many steps it is away at most: below zero back, above zero on."""

    lot: Lot
    relation: str
    layer: int
    is_recalled: bool
    labels: int
    packed: int


@dataclass(frozen=True)
class LotTrace:
    """The lots that went into one and that it went into, and the links between."""

    lots: list[TracedLot]
    links: list[LotLink]


def lot_trace(lot: Lot) -> LotTrace:
    """Backward and forward from a lot; what its parents gave to others is left out.

    A fixed number of queries and one for each step of the way.
    """
    origins, results = ancestor_ids([lot.pk]), descendant_ids([lot.pk])
    ids = {lot.pk} | origins | results
    # A link between an origin and a result that goes around the lot is no part of it.
    links = list(
        LotLink.objects.filter(
            Q(parent__in=origins, child__in=origins | {lot.pk})
            | Q(parent__in=results | {lot.pk}, child__in=results)
        )
        .select_related("parent", "child")
        .order_by("parent_id", "child_id")
    )
    layers = _layers(lot.pk, links)
    recalled, labels = recalled_ids(ids), _labels_of(ids)
    lots = Lot.objects.filter(pk__in=ids).select_related("farmer", "plot", "village")
    traced = [
        TracedLot(
            lot=found,
            relation=_relation(found.pk, lot.pk, origins),
            layer=layers[found.pk],
            is_recalled=found.pk in recalled,
            labels=labels[found.pk][0],
            packed=labels[found.pk][1],
        )
        for found in lots
    ]
    return LotTrace(sorted(traced, key=lambda one: (one.layer, one.lot.pk)), links)


def _relation(lot_id: int, asked_id: int, origins: set[int]) -> str:
    if lot_id == asked_id:
        return "self"
    return "origin" if lot_id in origins else "result"


def _layers(lot_id: int, links: list[LotLink]) -> dict[int, int]:
    """How many steps at most every lot is away from the one asked about.

    Parents are recorded before children, so that one pass in the order of their keys
    is enough, forwards for results and backwards for origins.
    """
    layers = {lot_id: 0}
    for link in sorted(links, key=lambda link: link.child_id):
        if link.parent_id >= lot_id:
            on = layers[link.parent_id] + 1
            layers[link.child_id] = max(on, layers.get(link.child_id, on))
    for link in sorted(links, key=lambda link: -link.parent_id):
        if link.child_id <= lot_id:
            back = layers[link.child_id] - 1
            layers[link.parent_id] = min(back, layers.get(link.parent_id, back))
    return layers


def _labels_of(ids: set[int]) -> dict[int, tuple[int, int]]:
    """Of each lot how many labels were made, and how many are on packages."""
    counted = (
        Label.objects.filter(batch__lot__in=ids)
        .values_list("batch__lot")
        .annotate(made=Count("pk"), packed=Count("activated_at"))
        .order_by()
    )
    found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    return found | {lot_id: (made, packed) for lot_id, made, packed in counted}
