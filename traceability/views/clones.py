"""Labels that seem to be on two packages: a map to see them appear on, and each one."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from partners.form_acts import carried_out
from partners.paging import newest_first
from traceability import operations, queries
from traceability.mapping import Map, Pair, Spot, draw_map
from traceability.models import CloneAlarm, CloneConclusion, ScanPlace
from traceability.places import degrees
from traceability.scan_forms import CloneForm
from traceability.views.common import address

_MAY_VIEW = permission_required("traceability.view_reports", raise_exception=True)
_ABOUT = ("label__batch__lot__village", "conclusion")


@never_cache
@login_required
@_MAY_VIEW
@require_safe
def alarms(request: HttpRequest) -> HttpResponse:
    """Open alarms, or all: on a map, and newest first. The filter is in the address."""
    part = "all" if request.GET.get("part") == "all" else "waiting"
    found = CloneAlarm.objects.select_related(*_ABOUT)
    if part == "waiting":
        found = found.waiting()
    shown, urls = newest_first(request, found)
    context = {"alarms": shown, "part": part, "map": _map_of(list(shown)), **urls}
    return render(request, "traceability/clone_alarms.html", context)


@never_cache
@login_required
@_MAY_VIEW
@require_http_methods(["GET", "HEAD", "POST"])
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """One alarm: where and when its label was scanned, and the form to conclude it."""
    found = get_object_or_404(CloneAlarm.objects.select_related(*_ABOUT), pk=pk)
    form = CloneForm(request.POST or None)

    def conclude(data: dict[str, Any]) -> CloneConclusion:
        return operations.conclude_clone_alarm(
            alarm=found, by=request.user, at=timezone.now(), **data
        )

    if carried_out(form, conclude, operations.UnableToConcludeClone):
        messages.success(request, _("Written down."))
        return redirect("traceability:clone_alarms")
    may_conclude = not hasattr(found, "conclusion") and request.user.has_perm(
        "traceability.conclude_report"
    )
    scans = queries.scans_of(found.label)
    return render(
        request,
        "traceability/clone_alarm.html",
        {
            "alarm": found,
            "others": found.label.clone_alarms.exclude(pk=pk).order_by("pk"),
            "reports": found.label.fake_reports.order_by("pk"),
            "scans": scans,
            "map": map_of_scans(scans, bad={found.first, found.second}),
            "form": form,
            "may_conclude": may_conclude,
        },
        status=422 if form.errors else 200,
    )


def map_of_scans(
    scans: list[queries.PlacedScan], *, bad: set[int | None]
) -> Map | None:
    """A label's scans, each place once, with a line between the two of an alarm."""
    placed = [(_where(scan.place), scan.ordinal) for scan in scans if scan.place]
    placed.sort()
    spots = []
    for where, group in groupby(placed, key=lambda one: one[0]):
        ordinals = [ordinal for _where_it_is, ordinal in group]
        text = ", ".join(map(str, ordinals[:3])) + ("…" if len(ordinals) > 3 else "")
        spots.append(Spot(where[0], where[1], text, is_bad=bool(bad & set(ordinals))))
    ends = [where for where, ordinal in placed if ordinal in bad]
    pairs: list[Pair] = [(ends[0], ends[1], "", "")] if len(ends) == 2 else []
    return draw_map(spots, pairs)


def _map_of(alarms: list[CloneAlarm]) -> Map | None:
    """The alarms that have two places, on the whole country."""
    places = queries.places_of(alarms)
    spots, pairs = [], []
    for one in alarms:
        ends = [
            _where(places[one.label_id, ordinal])
            for ordinal in (one.first, one.second)
            if ordinal is not None and (one.label_id, ordinal) in places
        ]
        spots += [Spot(end[0], end[1], "", is_bad=True) for end in ends]
        if len(ends) == 2:
            batch = one.label.batch
            title = f"{batch.product_name} · {one.get_kind_display()}"
            pairs.append((ends[0], ends[1], address("clone_alarm", str(one.pk)), title))
    return draw_map(spots, pairs, whole=True)


def _where(place: ScanPlace) -> tuple[float, float]:
    return degrees(place.latitude, place.longitude)
