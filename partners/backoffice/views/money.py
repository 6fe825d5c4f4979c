"""What supermarkets owe, and what they paid into the fund."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from partners import operations, queries
from partners.forms import PayInForm
from partners.measures import yuan
from partners.models import PayIn, Supermarket


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every supermarket's debt, the fund, and whether the books agree."""
    return render(
        request,
        "partners/backoffice/shares.html",
        {
            "debts": queries.debts(),
            "fund_fen": queries.fund_fen(),
            "disagreements": queries.disagreements(),
            "pay_ins": PayIn.objects.select_related(
                "supermarket", "recorded_by"
            ).order_by("-paid_at", "-pk")[:20],
            "may_record": request.user.has_perm("partners.record_money"),
        },
    )


@never_cache
def pay_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a payment as the bank shows it."""
    if not request.user.has_perm("partners.record_money"):
        raise PermissionDenied
    supermarket = get_object_or_404(Supermarket, pk=pk)
    form = PayInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            paid = operations.pay_in(
                supermarket=supermarket,
                by=request.user,
                at=timezone.now(),
                **form.cleaned_data,
            )
        except operations.UnableToPayIn as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                _("%(amount)s recorded for %(supermarket)s.")
                % {"amount": yuan(paid.amount_fen), "supermarket": supermarket},
            )
            return redirect("partners_backoffice:shares")
    return render(
        request,
        "partners/backoffice/pay_in.html",
        {
            "form": form,
            "supermarket": supermarket,
            "owed_fen": queries.owed_fen(supermarket=supermarket),
        },
    )
