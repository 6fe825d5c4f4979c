"""Staff's view of money that needs a look: on its way back, contradicted, different."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from partners.cleaning import one_line
from shop.alipay import operations, queries
from shop.alipay.models import Difference, Payment
from shop.alipay.operations import SyncResult
from shop.users.models import User

may_look = permission_required("alipay.view_payment", raise_exception=True)
may_settle = permission_required("alipay.settle_difference", raise_exception=True)


@login_required
@may_look
def payments(request: HttpRequest) -> HttpResponse:
    """Everything about payments that waits for Alipay or for a person."""
    return render(
        request,
        "shop/alipay/backoffice/payments.html",
        {
            "troubled": queries.troubled(),
            "may_settle": _user(request).has_perm("alipay.settle_difference"),
        },
    )


@require_POST
@login_required
@may_settle
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask Alipay about one payment now."""
    payment = get_object_or_404(Payment, pk=pk)
    result = operations.sync(payment=payment, at=timezone.now())
    if result is SyncResult.UNKNOWN:
        messages.warning(request, _("Alipay does not answer right now."))
    else:
        messages.success(request, _("Alipay was asked, and what it said is booked."))
    return redirect("alipay_backoffice:payments")


@require_POST
@login_required
@may_settle
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle a difference with a note, and park its sum if asked to."""
    try:
        operations.settle_difference(
            difference=get_object_or_404(Difference, pk=pk),
            park=request.POST.get("park") == "yes",
            note=one_line(request.POST.get("note", "")),
            by=_user(request),
            at=timezone.now(),
        )
    except operations.UnableToSettle as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The difference is settled."))
    return redirect("alipay_backoffice:payments")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
