"""Box codes: what a phone sees at /V/, and signing them for a batch."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from traceability import codes, devices, operations, queries, signing, words
from traceability.models import Lot
from traceability.printing import BOX_PAPERS
from traceability.queries import Mark
from traceability.signals import scan_judged
from traceability.views.common import get_or_post, lot_for, now_by

_STATUS = {
    Mark.UNREADABLE: 404,
    Mark.FOREIGN: 404,
    Mark.FALSE: 404,
    Mark.UNLOGGED: 409,
    Mark.STOLEN: 409,
    Mark.CHANGED: 409,
    Mark.UNCHECKED: 503,
}


@never_cache
@require_safe
def box_code(request: HttpRequest, text: str) -> HttpResponse:
    """The verdict on a box code: its signature, and what became of its label."""
    device = devices.device_in(request.COOKIES)
    box = queries.judge_box(text=text, device=device, now=timezone.now())
    label = box.label
    if label is not None and request.method == "GET" and not label.is_genuine:
        scan_judged.send(sender=None, state=label.state)
    context: dict[str, Any] = {
        "box": box,
        "facts": box.facts,
        "mark": words.mark(box.mark),
        "strip": words.strip(label) if label is not None else words.mark(box.mark),
        "typed": codes.grouped(box.facts.code) if box.facts else "",
        "may_count": label is not None and label.is_genuine and label.ordinal is None,
    }
    status = _STATUS.get(box.mark, 200)
    response = render(request, "traceability/box_code.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@login_required
@get_or_post
def box_labels(request: HttpRequest, number: str, batch: str) -> HttpResponse:
    """Sign box codes for a batch, and the way to print them."""
    found = lot_for(request, number)
    printed = _batch_of(found, batch)
    issue = queries.box_issue_that_holds(printed)
    error = ""
    if request.method == "POST":
        try:
            operations.issue_boxes(batch=printed, **now_by(request))
            return redirect("traceability:boxes", number=number, batch=batch)
        except (operations.UnableToIssueBoxes, signing.MissingKey) as refusal:
            error = str(refusal)
    context = {
        "lot": found,
        "batch": printed,
        "issue": issue,
        "error": error,
        "paper": next(iter(BOX_PAPERS)),
    }
    return render(
        request, "traceability/lots/boxes.html", context, status=422 if error else 200
    )


def _batch_of(lot: Lot, number: str) -> Any:
    batches = lot.batches.select_related("certificate__key", "certificate__leaf")
    return get_object_or_404(batches, number=number)
