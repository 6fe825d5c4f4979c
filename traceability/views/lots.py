"""The assistant's lots: record, add, attach, certify, label. One hand, one screen."""

import io
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Prefetch, Q
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from partners import measures
from partners.form_acts import carried_out
from partners.keys import key_in
from traceability import forms, operations, queries, words
from traceability.models import (
    Certificate,
    Event,
    LabelBatch,
    LabelPrint,
    Lot,
    Plot,
    StatusEvent,
)
from traceability.printing import (
    CERTIFICATE_PAPERS,
    TooSmall,
    certificate_label_pdf,
    certificate_pdf,
)
from traceability.views.common import (
    address,
    get_or_post,
    lot_for,
    now_by,
    pdf_answer,
)

_PER_PAGE = 20
_PARTS = {
    "unlabelled": queries.to_be_labelled,
    "recalled": queries.recalled_lately,
}


@login_required
@require_safe
def lots(request: HttpRequest) -> HttpResponse:
    """The lots I keep, newest first."""
    _require(request, "see_lots_page")
    found = queries.lots_for(request.user).select_related("farmer", "village")
    found = queries.with_certificate_to_label(found)
    part = request.GET.get("part", "")
    if part in _PARTS:
        found = _PARTS[part](found, now=timezone.now())
    else:
        part = "all"
    if (before := key_in(request.GET.get("before"))) is not None:
        found = found.filter(pk__lt=before)
    page = list(found.order_by("-pk")[: _PER_PAGE + 1])
    more = page[_PER_PAGE - 1].pk if len(page) > _PER_PAGE else None
    context = {
        "lots": page[:_PER_PAGE],
        "more": more,
        "part": part,
        "may_record": request.user.has_perm("traceability.record_lots"),
    }
    return render(request, "traceability/lots/list.html", context)


@login_required
@require_safe
def lot(request: HttpRequest, number: str) -> HttpResponse:
    """Everything about a lot, and the next thing to do for it."""
    found = lot_for(request, number, "traceability.view_lots")
    events = [
        {
            "title": words.event_title(event),
            "at": event.happened_at,
            "note": event.note,
            "event": event,
        }
        for event in queries.standing_events(found)
    ]
    struck = found.events.filter(struck_by__isnull=False)
    voided = Count(
        "labels__status_events",
        filter=Q(labels__status_events__status=StatusEvent.Status.VOIDED),
    )
    certificates = list(
        found.certificates.select_related("balance").prefetch_related(
            "status_events",
            # Counting drops the model's own order: newest first, as ever.
            Prefetch(
                "batches",
                LabelBatch.objects.annotate(voided=voided)
                .prefetch_related(
                    Prefetch("prints", LabelPrint.objects.select_related("printed_by"))
                )
                .order_by("-pk"),
            ),
        )
    )
    context = {
        "lot": found,
        "events": events,
        "struck": [
            {"title": words.event_title(event), "event": event}
            for event in struck.select_related("struck_by__recorded_by")
        ],
        "has_labels": any(one.batches.all() for one in certificates),
        "evidence": list(found.evidence.all()),
        "collected": list(found.collected_certificates.all()),
        "corrections": list(found.corrections.all()),
        "allowance": queries.allowance(plot=found.plot, day=found.harvest_date)
        if found.plot
        else None,
        "certificates": certificates,
        "certificate_papers": CERTIFICATE_PAPERS,
        "steps": _steps(found, certificates),
        "may_keep": request.user.has_perm("traceability.keep_lots", found.village),
        "may_revoke": request.user.has_perm("traceability.revoke_certificate"),
        "may_recall": request.user.has_perm("traceability.recall_lot"),
        "recall": found.status_events.filter(status="recalled").first(),
    }
    return render(request, "traceability/lots/lot.html", context)


@login_required
@get_or_post
def new_plot(request: HttpRequest) -> HttpResponse:
    """Register a plot."""
    _require(request, "record_lots")
    form = forms.PlotForm(
        request.POST or None,
        farmers=queries.farmers_for(request.user),
        initial={"farmer": request.GET.get("farmer", "")},
    )

    def register(data: dict[str, Any]) -> Plot:
        village = data["farmer"].village
        _require_village(request, village)
        return operations.register_plot(village=village, **data, **now_by(request))

    if plot := carried_out(form, register, operations.UnableToRegisterPlot):
        return redirect(f"{address('lot_new')}?plot={plot.pk}")
    return _form_page(request, form, _("Register a plot"), back=address("lots"))


@login_required
@get_or_post
def new_lot(request: HttpRequest) -> HttpResponse:
    """Record a lot."""
    _require(request, "record_lots")
    plots = queries.plots_for(request.user)
    chosen = key_in(request.GET.get("plot"))
    start: dict[str, Any] = {"harvest_date": timezone.localdate()}
    if chosen is not None and (plot := plots.filter(pk=chosen).first()):
        start |= {"plot": plot.pk, "product_name": plot.crop}
    form = forms.LotForm(request.POST or None, plots=plots, initial=start)

    def record(data: dict[str, Any]) -> Lot:
        plot = data["plot"]
        _require_village(request, plot.village)
        return operations.record_lot(
            farmer=plot.farmer, crop=plot.crop, **data, **now_by(request)
        )

    if made := carried_out(form, record, operations.UnableToRecordLot):
        return redirect("traceability:lot", number=made.number)
    context = {"form": form, "has_plots": plots.exists()}
    return render(request, "traceability/lots/new.html", context)


@login_required
@get_or_post
def new_event(request: HttpRequest, number: str) -> HttpResponse:
    """Record what happened to a lot."""
    found = lot_for(request, number)
    kind = request.GET.get("kind", Event.Kind.HARVEST)
    start = {"happened_at": timezone.localtime(), "kind": kind}
    form = forms.EventForm(request.POST or None, initial=start)

    def record(data: dict[str, Any]) -> Event:
        return operations.record_event(lot=found, **data, **now_by(request))

    if carried_out(form, record, operations.UnableToRecordEvent):
        return redirect("traceability:lot", number=found.number)
    return render(request, "traceability/lots/event.html", {"form": form, "lot": found})


@login_required
@get_or_post
def new_evidence(request: HttpRequest, number: str) -> HttpResponse:
    """Attach a test report, a licence or a photo."""
    found = lot_for(request, number)
    start = {"kind": request.GET.get("kind", "test_report")}
    form = forms.EvidenceForm(
        request.POST or None, request.FILES or None, initial=start
    )

    def attach(data: dict[str, Any]) -> Any:
        return operations.attach_evidence(lot=found, **data, **now_by(request))

    if carried_out(form, attach, operations.UnableToAttach):
        return redirect("traceability:lot", number=found.number)
    back = address("lot", found.number)
    return _form_page(request, form, _("Attach a file"), back=back)


@login_required
@get_or_post
def new_certificate(request: HttpRequest, number: str) -> HttpResponse:
    """Issue a certificate for the lot."""
    found = lot_for(request, number)
    start: dict[str, Any] = {
        "quantity_g": measures.jin(found.free_g),
        "basis": ["quality_control"],
    }
    if found.farmer is not None:
        start |= {"promisor": found.farmer.name, "contact": found.farmer.phone}
    form = forms.CertificateForm(request.POST or None, initial=start)

    def issue(data: dict[str, Any]) -> Certificate:
        return operations.issue_certificate(lot=found, **data, **now_by(request))

    if carried_out(form, issue, operations.UnableToCertify):
        return redirect("traceability:lot", number=found.number)
    return _form_page(
        request,
        form,
        _("Issue a certificate"),
        back=address("lot", found.number),
        note=_("Once issued it is signed, public, and can only be withdrawn."),
    )


@login_required
@get_or_post
def new_collected(request: HttpRequest, number: str) -> HttpResponse:
    """Keep a certificate that came with what went into the lot."""
    found = lot_for(request, number)
    start = {"form": Certificate.Form.HOUSEHOLD, "product": found.product_name}
    form = forms.CollectedForm(request.POST or None, initial=start)

    def collect(data: dict[str, Any]) -> Any:
        return operations.collect_certificate(lot=found, **data, **now_by(request))

    if carried_out(form, collect, operations.UnableToCollect):
        return redirect(f"{address('lot', found.number)}#collected")
    return _form_page(
        request,
        form,
        _("Keep a certificate"),
        back=address("lot", found.number),
        note=_("Kept for good, and for six months at least by law."),
    )


@login_required
@get_or_post
def new_labels(request: HttpRequest, number: str, certificate: str) -> HttpResponse:
    """Mint labels under a certificate."""
    found = lot_for(request, number)
    under = get_object_or_404(found.certificates, number=certificate)
    start = {"product_name": found.product_name}
    form = forms.LabelsForm(request.POST or None, initial=start)

    def mint(data: dict[str, Any]) -> LabelBatch:
        return operations.mint_labels(certificate=under, **data, **now_by(request))

    if made := carried_out(form, mint, operations.UnableToMint):
        return redirect("traceability:labels_print", found.number, made.number)
    left = measures.jin(under.balance.free_g)
    return _form_page(
        request,
        form,
        _("Make labels"),
        back=address("lot", found.number),
        note=_("The certificate covers %(jin)s jin more.") % {"jin": left},
    )


@login_required
@require_safe
def paper_certificate(
    request: HttpRequest, number: str, certificate: str
) -> HttpResponseBase:
    """The certificate that goes with the goods: names and contact in full."""
    found = lot_for(request, number)
    printed = get_object_or_404(found.certificates, number=certificate)
    if not _goes_with_goods(printed):
        return redirect("traceability:certificate", number=printed.number)
    data = certificate_pdf(printed, disclose=True)
    return pdf_answer(io.BytesIO(data), printed.number)


@login_required
@require_safe
def certificate_label(
    request: HttpRequest, number: str, certificate: str, paper: str
) -> HttpResponseBase:
    """The same on one label of a roll, for the box itself."""
    found = lot_for(request, number)
    printed = get_object_or_404(found.certificates, number=certificate)
    size = next((one for one in CERTIFICATE_PAPERS if one.name == paper), None)
    if size is None:
        raise Http404
    if not _goes_with_goods(printed):
        return redirect("traceability:certificate", number=printed.number)
    try:
        data = certificate_label_pdf(printed, paper=size)
    except TooSmall:
        # Names that long are legible on a whole page only.
        return redirect("traceability:certificate_paper", found.number, printed.number)
    return pdf_answer(io.BytesIO(data), f"{printed.number}-{paper}")


def _goes_with_goods(certificate: Certificate) -> bool:
    """Whether it may be printed for goods still: nothing of it was withdrawn."""
    return (
        queries.certificate_holds(certificate)
        and not certificate.status_events.exists()
        and not queries.recalled_ids([certificate.lot_id])
    )


def _require(request: HttpRequest, permission: str) -> None:
    """Whether this is somebody's page at all; each lot is asked about by itself."""
    if not request.user.has_perm(f"traceability.{permission}"):
        raise PermissionDenied


def _require_village(request: HttpRequest, village: Any) -> None:
    if not request.user.has_perm("traceability.keep_lots", village):
        raise PermissionDenied


def _form_page(
    request: HttpRequest, form: Form, title: str, *, back: str, note: str = ""
) -> HttpResponse:
    context = {"form": form, "title": title, "back": back, "note": note}
    return render(request, "traceability/lots/form.html", context)


def _steps(found: Lot, certificates: list[Certificate]) -> list[dict[str, str]]:
    """Where the lot is on its way: recorded, tested, certified, labelled. What was
    left out before a certificate is no duty any more."""
    done = [
        (_("Recorded"), found.events.exists()),
        (_("Tested"), found.evidence.exists()),
        (pgettext("a step", "Certified"), bool(certificates)),
        (_("Labelled"), any(c.batches.all() for c in certificates)),
    ]
    passed = 2 if certificates else 0
    now = next((i for i in range(passed, len(done)) if not done[i][1]), None)
    return [
        {
            "label": name,
            "state": "done" if is_done else "now" if i == now else "",
        }
        for i, (name, is_done) in enumerate(done)
    ]
