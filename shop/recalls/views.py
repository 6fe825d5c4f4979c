"""Staff's pages about recalls: who was reached, and telling those who were not."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from partners.paging import newest_first
from partners.views.downloads import table
from shop.recalls import operations, queries
from shop.recalls import report as read
from shop.recalls.models import Notice, Recall

_MAY_READ = permission_required("recalls.view_recall", raise_exception=True)
_MAY_TELL = permission_required("recalls.tell", raise_exception=True)


@never_cache
@login_required
@_MAY_READ
@require_safe
def recalls(request: HttpRequest) -> HttpResponse:
    """Every recall, newest first."""
    shown, urls = newest_first(request, queries.newest_recalls())
    return render(request, "shop/recalls/recalls.html", {"recalls": shown, **urls})


@never_cache
@login_required
@_MAY_READ
@require_safe
def report(request: HttpRequest, number: str) -> HttpResponse:
    """What one recall reached, and what it did not."""
    recall = _recall(number)
    told, money = request.GET.get("told", ""), request.GET.get("money", "")
    shown, urls = newest_first(request, read.chosen(recall, told=told, money=money))
    context = {
        "report": read.report(recall),
        "shown": [
            (notice, str(read.TOLD[notice.told]), str(read.MONEY[notice.money]))
            for notice in shown
        ],
        "told": told,
        "money": money,
        "reached": read.REACHED,
        "again": queries.failed_notices(recall).count(),
        "may_tell": request.user.has_perm("recalls.tell"),
        **urls,
    }
    return render(request, "shop/recalls/report.html", context)


@never_cache
@login_required
@_MAY_READ
@require_safe
def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The same as a table for a spreadsheet, phone numbers masked."""
    recall = _recall(number)
    name = _("recall %(number)s") % {"number": recall.lot.number}
    return table(read.head(), read.rows(recall), name=name)


@never_cache
@login_required
@_MAY_TELL
@require_POST
def again(request: HttpRequest, number: str) -> HttpResponse:
    """Send the texts again that were given up."""
    recall = _recall(number)
    count = operations.tell_again(recall=recall, by=request.user, at=timezone.now())
    words = ngettext(
        "%(count)d text is sent again.", "%(count)d texts are sent again.", count
    )
    messages.success(request, words % {"count": count})
    return redirect("recalls:report", number=recall.lot.number)


@never_cache
@login_required
@_MAY_TELL
@require_POST
def reached(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody was told in another way."""
    notice = get_object_or_404(Notice.objects.select_related("recall__lot"), pk=pk)
    try:
        operations.note_reached(notice=notice, by=request.user, at=timezone.now())
    except operations.UnableToNote as reason:
        messages.warning(request, str(reason))
    else:
        messages.success(request, _("Noted: they were told."))
    return redirect("recalls:report", number=notice.recall.lot.number)


def _recall(number: str) -> Recall:
    found = Recall.objects.select_related("lot__village__parent", "recalled_by")
    recall: Recall = get_object_or_404(found, lot__number=number.upper())
    return recall
