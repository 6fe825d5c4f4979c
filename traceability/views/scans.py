"""What a phone sees that points at a package. Looking writes nothing."""

from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    parse_cookie,
)
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from partners.addresses import network_address
from partners.form_acts import carried_out
from partners.limits import Limit, TooOften, spend
from partners.templatetags.market import spoken
from traceability import codes, devices, operations, queries, words
from traceability.network_places import network_place
from traceability.queries import State, Verdict
from traceability.scan_forms import FakeReportForm, PlaceForm, ScratchForm
from traceability.signals import scan_judged
from traceability.views import skeletons
from traceability.views.boxes import box_context
from traceability.views.skeletons import Skeleton

_STATUS = {
    State.TAMPERED: 404,
    State.UNKNOWN: 404,
    State.ALTERED: 409,
    State.COMPROMISED: 409,
    State.UNCHECKED: 503,
}
# Of one network address. Behind a mobile carrier many phones share one.
SCANS = Limit("scans", 600, timedelta(minutes=10))
PLACES = Limit("scan-places", 60, timedelta(minutes=10))
REPORTS = Limit("fake-reports", 10, timedelta(hours=1))
_DEVICE_COOKIE_AGE = 400 * 24 * 3600
# Where a request's environment holds its verdict. No header can have this name.
VERDICT = "xiangji.verdict"


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """Type a code in by hand."""
    text = request.GET.get("code", "").strip()[:80].replace("/", "")
    if text:
        return redirect("traceability:scan", text=text)
    return render(request, "traceability/ask.html")


@never_cache
@require_safe
def scan(request: HttpRequest, text: str) -> HttpResponse:
    """The verdict on a code. Sets no cookie, counts nothing: see `seen`."""
    verdict = judged(request.META, text)
    reported = "reported" in request.GET
    if request.method == "GET" and not reported and not verdict.is_genuine:
        tell_judged(verdict)
    if verdict.facts is None or reported:
        return _answer(request, text, verdict, FakeReportForm(), reported=reported)
    context = _context(verdict, text) | skeletons.holes(verdict)
    page = render_to_string("traceability/scan.html", context, request)
    skeleton = Skeleton.of(page, verdict)
    told = skeleton.filled(
        verdict, language=get_language() or "", today=timezone.localdate()
    )
    response = _unlisted(HttpResponse(told))
    if not context.get("incomplete"):
        # Whoever stands at the door may give it to the next who asks.
        response.skeleton = skeleton  # type: ignore[attr-defined]
    return response


def judged(environ: dict[str, Any], text: str) -> Verdict:
    """The verdict for whoever asks, known by the cookie that only a POST sets.

    One for each request: the door asks for it, and then perhaps the view.
    """
    verdict: Verdict | None = environ.get(VERDICT)
    if verdict is None:
        cookies = environ.get("HTTP_COOKIE", "")
        # Most bring none: what is asked for most is not parsed for nothing.
        mine = devices.COOKIE in cookies
        device = devices.device_in(parse_cookie(cookies)) if mine else None
        verdict = queries.judge(text=text, device=device, now=timezone.now())
        environ[VERDICT] = verdict
    return verdict


def tell_judged(verdict: Verdict) -> None:
    """Somebody looks; a genuine one is told of when it is counted."""
    scan_judged.send(sender=None, state=verdict.state)


# Nobody is logged in here, so there is nothing that a forged post could use.
@csrf_exempt
@never_cache
@require_POST
def seen(request: HttpRequest, text: str) -> HttpResponse:
    """A browser says that somebody is looking: count it, and tell which scan it is.

    With a script the answer is JSON with the verdict's words; without, the browser is
    sent back to the page, and a cookie keeps the device's random name.
    """
    wants_json = "application/json" in request.headers.get("Accept", "")
    # A forged code is answered from its own characters: nothing to slow down.
    if codes.number_of(text) is not None and not _allowed(request, SCANS):
        return _unable(request, text, wants_json, status=429)
    device = _device_of(request)
    try:
        verdict = operations.count_scan(
            code=text,
            device=device,
            place=network_place(network_address(request)),
            at=timezone.now(),
        )
    except DatabaseError:
        return _unable(request, text, wants_json, status=503)
    scan_judged.send(sender=None, state=verdict.state)
    if wants_json:
        strip = words.strip(verdict)
        return JsonResponse(
            {
                "state": verdict.state,
                "ordinal": verdict.ordinal,
                "count": verdict.count,
                "first_at": verdict.first_at,
                "html": render_to_string(
                    "traceability/parts/strip.html",
                    {"strip": strip},
                    request,
                ),
                # As the template's title has it.
                "title": f"{strip.word} · {_('Xiangji')}",
            },
            status=_STATUS.get(verdict.state, 200),
        )
    response = redirect("traceability:scan", text=verdict.code or text)
    if not request.POST.get("device"):
        _remember(request, response, device)
    return response


def _device_of(request: HttpRequest) -> str:
    """The name that the script or the cookie tells, or else a new one."""
    posted = request.POST.get("device", "")
    if devices.is_device(posted):
        return posted
    return devices.device_in(request.COOKIES) or devices.new_device()


def _remember(request: HttpRequest, response: HttpResponse, device: str) -> None:
    response.set_cookie(
        devices.COOKIE,
        device,
        max_age=_DEVICE_COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


@csrf_exempt
@never_cache
@require_POST
def scratch(request: HttpRequest, text: str) -> HttpResponse:
    """Somebody scratched the silver field free and tells what is under it.

    Once it was right, the page itself says so: to this device, known by a cookie.
    """
    device, now = _device_of(request), timezone.now()
    form = ScratchForm(request.POST)
    status = 422

    def use(data: dict[str, Any]) -> Verdict:
        address = network_address(request)
        return operations.scratch_label(
            code=text, device=device, address=address, at=now, **data
        )

    try:
        used = carried_out(form, use, operations.UnableToScratch, field="hidden")
        verdict = used or queries.judge(text=text, device=device, now=now)
    except TooOften as error:
        form.add_error("hidden", str(error))
        verdict, status = queries.judge(text=text, device=device, now=now), 429
    except DatabaseError:
        return _unable(request, text, False, status=503)
    if form.is_valid() or not verdict.may_scratch:
        response: HttpResponse = redirect(
            "traceability:scan", text=verdict.code or text
        )
        _remember(request, response, device)
        return response
    return _answer(request, text, verdict, FakeReportForm(), hidden=form, status=status)


@csrf_exempt
@never_cache
@require_POST
def place(request: HttpRequest, text: str) -> HttpResponse:
    """Somebody lets us know roughly where they are; the answer is a sentence."""
    form = PlaceForm(request.POST)
    if not form.is_valid():
        return _words(_("The phone does not say where it is."), status=422)
    if not _allowed(request, PLACES):
        return _words(_("Please try again later."), status=429)
    told = form.cleaned_data
    try:
        operations.tell_place(
            code=text, device=_device_of(request), at=timezone.now(), **told
        )
    except operations.UnableToPlace as error:
        return _words(str(error), status=409)
    except DatabaseError:
        return _words(_("Please try again later."), status=503)
    return _words(_("Thank you. The county sees the town, not more."))


def _words(words: str, *, status: int = 200) -> JsonResponse:
    return JsonResponse({"words": words}, status=status)


@csrf_exempt
@never_cache
@require_POST
def report(request: HttpRequest, text: str) -> HttpResponse:
    """Take down that a package is a fake."""
    form = FakeReportForm(request.POST)
    if form.is_valid() and not _allowed(request, REPORTS):
        form.add_error(None, _("Too many reports from here. Please try again later."))
    if form.is_valid():
        operations.report_fake(
            code=text,
            device=_device_of(request),
            at=timezone.now(),
            **form.cleaned_data,
        )
        page = reverse("traceability:scan", args=[text])
        return HttpResponseRedirect(f"{page}?reported#report")
    verdict = queries.judge(text=text, device=None, now=timezone.now())
    return _answer(request, text, verdict, form, status=400)


def _allowed(request: HttpRequest, limit: Limit) -> bool:
    """Whether this address may go on. A database that cannot count stops nobody: it
    cannot note the scan either."""
    try:
        spend(limit=limit, subject=network_address(request), at=timezone.now())
    except TooOften:
        return False
    except DatabaseError:
        return True
    return True


def _answer(
    request: HttpRequest,
    text: str,
    verdict: Verdict,
    form: FakeReportForm,
    *,
    hidden: ScratchForm | None = None,
    reported: bool = False,
    status: int = 0,
) -> HttpResponse:
    context = _context(verdict, text) | {"form": form, "reported": reported}
    if hidden is not None:
        context["scratch_form"] = hidden
    return _unlisted(
        render(
            request,
            "traceability/scan.html",
            context,
            status=status or _STATUS.get(verdict.state, 200),
        )
    )


def _context(verdict: Verdict, text: str) -> dict[str, Any]:
    context: dict[str, Any] = {
        "verdict": verdict,
        "strip": words.strip(verdict),
        "text": verdict.code or text,
        "typed": codes.grouped(verdict.code) if verdict.code else text,
        "form": FakeReportForm(),
        "scratch_form": ScratchForm(),
        "may_count": verdict.is_genuine and verdict.ordinal is None,
    }
    if verdict.label is not None:
        context["packed"] = spoken(verdict.label.activated_at)
        context |= box_context(verdict.label)
    return context


def _unlisted(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _unable(
    request: HttpRequest, text: str, wants_json: bool, *, status: int
) -> HttpResponse:
    verdict = Verdict(State.UNCHECKED)
    if wants_json:
        return JsonResponse({"state": verdict.state}, status=status)
    return _answer(request, text, verdict, FakeReportForm(), status=status)
