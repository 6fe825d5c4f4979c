"""The demo's text messages, and the operator's list of those that did not go."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from partners.keys import key_in
from shop.notices import operations, queries
from shop.notices.models import TextMessage
from shop.notices.operations import UnableToRevive

PAGE = 30


@never_cache
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Every text of the demo, newest first, for everybody: only in the demo."""
    if not settings.DEMO:
        raise Http404
    items = queries.outbox(before=key_in(request.GET.get("before")), limit=PAGE + 1)
    more = items[PAGE - 1].pk if len(items) > PAGE else None
    return render(
        request,
        "shop/notices/outbox.html",
        {"items": items[:PAGE], "next_url": f"?before={more}" if more else ""},
    )


@login_required
@permission_required("notices.view_textmessage", raise_exception=True)
@require_safe
def texts(request: HttpRequest) -> HttpResponse:
    """What could not be sent, and how many wait."""
    now, may_resend = timezone.now(), request.user.has_perm("notices.resend")
    dead = [
        (message, may_resend and message.can_be_revived(now))
        for message in queries.dead_texts()[:PAGE]
    ]
    return render(
        request,
        "shop/notices/texts.html",
        {"dead": dead, "waiting": queries.waiting_texts().count()},
    )


@login_required
@permission_required("notices.resend", raise_exception=True)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a text again that was given up."""
    message = get_object_or_404(TextMessage, pk=pk)
    try:
        operations.revive_text(message=message, at=timezone.now())
    except UnableToRevive:
        messages.error(request, _("This text is of no use any more."))
    else:
        messages.success(request, _("It will be sent again."))
    return redirect("notices:texts")
