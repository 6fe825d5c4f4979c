"""The demo's text messages, and the operator's list of those that did not go."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shop.notices import queries

PAGE = 30


@never_cache
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Every text of the demo, newest first, for everybody: only in the demo."""
    if not settings.DEMO:
        raise Http404
    before = request.GET.get("before", "")
    items = queries.outbox(
        before=int(before) if before.isdecimal() else None, limit=PAGE + 1
    )
    more = items[PAGE - 1].pk if len(items) > PAGE else None
    return render(
        request,
        "shop/notices/outbox.html",
        {"items": items[:PAGE], "next_url": f"?before={more}" if more else ""},
    )
