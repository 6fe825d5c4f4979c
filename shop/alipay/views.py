"""The ways to the cashier and back, and the door for Alipay's notices."""

import re
from datetime import timedelta
from urllib.parse import parse_qsl

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from . import operations, queries, signing, tasks
from .models import Payment, Refund

NOTICE_BYTES = 64_000
NOTICE_FIELDS = 100
HEARD_OUT_BYTES = 16_000_000
RETURN_PAUSE_SECONDS = 5
LATE_MONEY_MAY_COME = timedelta(hours=1)
_PHONE = re.compile(r"Mobile|Android|iPhone|iPad|HarmonyOS", re.IGNORECASE)


@require_GET
@never_cache
def pay(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """Send the buyer on to Alipay's cashier; nothing is written."""
    payment = _payment(number, token)
    agent = request.headers.get("User-Agent", "")
    if payment.status != Payment.Status.PENDING:
        return redirect(queries.status_path(payment))
    if "MicroMessenger" in agent:
        # WeChat's own browser may not open Alipay.
        address = request.build_absolute_uri(queries.pay_path(payment))
        return render(
            request,
            "shop/alipay/open_in_browser.html",
            {"address": address, **_around(payment)},
        )
    try:
        address = operations.pay_url(payment=payment, wap=bool(_PHONE.search(agent)))
    except operations.UnableToPay:
        return redirect(queries.status_path(payment))
    return redirect(address)


@require_GET
@never_cache
def status(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """Whether the money has come: a page that looks again by itself."""
    payment = _payment(number, token)
    return render(
        request,
        "shop/alipay/status.html",
        {
            "is_open": payment.status == Payment.Status.PENDING
            and payment.expires_at > timezone.now(),
            "waits": _waits(payment),
            "asked": "asked" in request.GET,
            **_around(payment),
        },
    )


def _waits(payment: Payment) -> bool:
    """Whether something may still happen that this page would show."""
    returns = queries.returns_of(payment.order_number)
    if any(each.status == Refund.Status.WAITING for each in returns):
        return True
    if payment.status == Payment.Status.CLOSED and payment.closed_at is not None:
        # An open cashier may take money a little later; it goes back.
        fresh = payment.closed_at > timezone.now() - LATE_MONEY_MAY_COME
        return fresh and not returns
    return payment.status == Payment.Status.PENDING


@require_GET
@never_cache
def news(request: HttpRequest, number: str, token: str) -> JsonResponse:
    """The payment's status, for the page that waits."""
    return JsonResponse({"status": queries.news_of(_payment(number, token))})


@require_GET
@never_cache
def come_back(request: HttpRequest) -> HttpResponse:
    """Where the cashier sends the buyer back to: shows, and has Alipay asked.

    The address is signed, yet it does not say that anything was paid: nothing is booked
    from it.
    """
    params = _single_valued(
        [(name, value) for name, values in request.GET.lists() for value in values]
    )
    payment = queries.returned(params) if params else None
    if payment is None:
        return render(request, "shop/alipay/unreadable.html", status=400)
    # Also where it is closed: the money may have been taken all the same.
    if not payment.captured_fen and cache.add(
        f"alipay-return-{payment.pk}", 1, timeout=RETURN_PAUSE_SECONDS
    ):
        tasks.soon(tasks.ask_about, payment_id=payment.pk)
    return redirect(f"{queries.status_path(payment)}?asked")


@csrf_exempt
@require_POST
@never_cache
def notify(request: HttpRequest) -> HttpResponse:
    """Alipay's notices. `success`, exactly, only for what is safely in our books."""
    params = _notice_fields(request)
    outcome = operations.receive_notice(params=params, at=timezone.now())
    if outcome.follow_up:
        tasks.soon(tasks.resolve)
    # Seven bytes and nothing more, or Alipay sends it again.
    return HttpResponse(
        b"success" if outcome.acknowledged else b"refused",
        status=200 if outcome.acknowledged else 400,
        content_type="text/plain",
    )


def _payment(number: str, token: str) -> Payment:
    payment = queries.shown(number, token)
    if payment is None:
        raise Http404
    return payment


def _around(payment: Payment) -> dict[str, object]:
    return {
        "payment": payment,
        "news": queries.news_of(payment),
        "returns": queries.returns_of(payment.order_number),
        "pay_path": queries.pay_path(payment),
        "status_path": queries.status_path(payment),
        "news_path": queries.news_path(payment),
    }


def _notice_fields(request: HttpRequest) -> dict[str, str]:
    """The notice's fields; none where it is not of the one shape notices have."""
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        # Byte by byte first: only its own fields say in which charset it is written.
        raw = parse_qsl(
            _body(request).decode("latin-1"),
            keep_blank_values=True,
            encoding="latin-1",
            max_num_fields=NOTICE_FIELDS,
        )
        charset = signing.charset_of(dict(raw))
        pairs = [
            (
                name.encode("latin-1").decode(charset),
                value.encode("latin-1").decode(charset),
            )
            for name, value in raw
        ]
    except ValueError:
        return {}
    return _single_valued(pairs)


def _body(request: HttpRequest) -> bytes:
    """The request's body; empty where it is longer than a notice can be."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length <= NOTICE_BYTES:
        return request.body
    # Whoever sends too much still hears our no, not a line that breaks.
    left = min(length, HEARD_OUT_BYTES)
    while left > 0 and (part := request.read(min(left, NOTICE_BYTES))):
        left -= len(part)
    return b""


def _single_valued(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Each name's one value; nothing at all where a name has two meanings."""
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\x00" in value for value in fields.values()):
        return {}
    return fields
