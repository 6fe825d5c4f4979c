"""Recalling a lot, revoking a certificate: what it will do, a second yes, what it did.

One address each. Before, it asks; afterwards it tells, for good.
"""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from traceability import effects, operations
from traceability.forms import WithdrawForm
from traceability.models import Certificate, Lot, StatusEvent

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@never_cache
@get_or_post
def recall(request: HttpRequest, number: str) -> HttpResponse:
    """Recall a lot, or see what its recall did."""
    lot = get_object_or_404(
        Lot.objects.select_related("village__parent", "farmer"), number=number.upper()
    )
    status = _status(lot, StatusEvent.Status.RECALLED)
    _require(request, "traceability.recall_lot", lot, told=status is not None)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and status is None and form.is_confirmed():
        try:
            operations.recall_lot(
                lot=lot,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
            )
        except operations.UnableToRecall as error:
            form.add_error("reason", str(error))
        else:
            return redirect("traceability:recall", number=lot.number)
    return _page(
        request,
        lot=lot,
        status=status,
        form=form,
        effects=effects.of_recall(lot, done=status is not None),
        title=_("Recall lot %(number)s") % {"number": lot.number},
        done_title=_("Lot %(number)s is recalled") % {"number": lot.number},
        button=_("Recall it now"),
        warning=_(
            "A recall cannot be taken back. Recall only what somebody must not eat."
        ),
    )


@login_required
@never_cache
@get_or_post
def revoke(request: HttpRequest, number: str) -> HttpResponse:
    """Revoke a certificate, or see what that did."""
    certificate = get_object_or_404(
        Certificate.objects.select_related("lot__village__parent", "lot__farmer"),
        number=number.upper(),
    )
    status = _status(certificate, StatusEvent.Status.REVOKED)
    lot = certificate.lot
    _require(request, "traceability.revoke_certificate", lot, told=status is not None)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and status is None and form.is_confirmed():
        try:
            operations.revoke_certificate(
                certificate=certificate,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
            )
        except operations.UnableToWithdraw as error:
            form.add_error("reason", str(error))
        else:
            return redirect("traceability:revoke", number=certificate.number)
    return _page(
        request,
        lot=lot,
        certificate=certificate,
        status=status,
        form=form,
        effects=effects.of_revocation(certificate, done=status is not None),
        title=_("Revoke certificate %(number)s") % {"number": certificate.number},
        done_title=_("Certificate %(number)s is revoked")
        % {"number": certificate.number},
        button=_("Revoke it now"),
        warning=_(
            "A revoked certificate stays revoked, in public, and what it covered is "
            "not certified again. Is the produce unsafe? Then recall the lot as well."
        ),
    )


def _status(thing: Lot | Certificate, status: str) -> StatusEvent | None:
    found: StatusEvent | None = (
        thing.status_events.filter(status=status).select_related("recorded_by").first()
    )
    return found


def _require(request: HttpRequest, permission: str, lot: Lot, *, told: bool) -> None:
    """The county withdraws; what was withdrawn may be read by whoever sees the lot."""
    may = request.user.has_perm(permission, lot.village)
    reads = told and request.method != "POST"
    if not may and not (
        reads and request.user.has_perm("traceability.view_lots", lot.village)
    ):
        raise PermissionDenied


def _page(
    request: HttpRequest,
    *,
    status: StatusEvent | None,
    form: WithdrawForm,
    **facts: Any,
) -> HttpResponse:
    context = {
        **facts,
        "status": status,
        "form": form,
        # Where staff go on from here is closed to whoever only reads.
        "may_withdraw": request.user.has_perm("traceability.recall_lot"),
        "asks": status is None and form.is_bound and form.is_valid(),
    }
    return render(request, "traceability/withdraw.html", context)
