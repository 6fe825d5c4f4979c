"""The way of a lot, back to the plots and on to the packages: drawn, and as data."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from traceability import drawing, queries
from traceability.canonical import timestamp
from traceability.models import LotLink
from traceability.queries import LotTrace, TracedLot
from traceability.views.common import lot_for

# A page lists so many lots, and as many links; the data has all.
MOST_ROWS = 200


@login_required
@never_cache
@require_safe
def trace(request: HttpRequest, number: str) -> HttpResponse:
    """The lots that went into this one and that it went into."""
    lot = lot_for(request, number, "traceability.view_lots")
    found = queries.lot_trace(lot)
    shown = _nearest(found)
    context = {
        "lot": lot,
        "trace": shown,
        "left_out": len(found.lots) - len(shown.lots),
        "drawing": drawing.draw(found),
    }
    return render(request, "traceability/lots/trace.html", context)


@login_required
@never_cache
@require_safe
def trace_as_json(request: HttpRequest, number: str) -> JsonResponse:
    """The same for programs: weights in whole grams, nobody's name."""
    lot = lot_for(request, number, "traceability.view_lots")
    found = queries.lot_trace(lot)
    response = JsonResponse(
        {
            "lot": lot.number,
            "lots": [_lot(one) for one in found.lots],
            "links": [_link(link) for link in found.links],
        },
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )
    response["Content-Disposition"] = f'inline; filename="{lot.number}-trace.json"'
    return response


def _nearest(found: LotTrace) -> LotTrace:
    """So much of the way as a page can list: what is nearest to the lot."""
    near = sorted(found.lots, key=lambda one: (abs(one.layer), one.lot.pk))[:MOST_ROWS]
    keys = {one.lot.pk for one in near}
    links = [
        link for link in found.links if link.parent_id in keys and link.child_id in keys
    ]
    lots = sorted(near, key=lambda one: (one.layer, one.lot.pk))
    return LotTrace(lots, links[:MOST_ROWS])


def _lot(one: TracedLot) -> dict[str, Any]:
    lot = one.lot
    return {
        "number": lot.number,
        "relation": one.relation,
        "product": lot.product_name,
        "crop": lot.crop,
        "village": {"code": lot.village_id, "name": lot.village.name},
        "plot": lot.plot.name if lot.plot else None,
        "harvest_date": lot.harvest_date.isoformat(),
        "recorded_at": timestamp(lot.recorded_at),
        "weight_g": lot.weight_g,
        "moved_on_g": lot.split_g,
        "certified_g": lot.certified_g,
        "free_g": lot.free_g,
        "recalled": one.is_recalled,
        "labels": one.labels,
        "labels_on_packages": one.packed,
    }


def _link(link: LotLink) -> dict[str, Any]:
    return {
        "from": link.parent.number,
        "to": link.child.number,
        "weight_g": link.weight_g,
        "at": timestamp(link.linked_at),
    }
