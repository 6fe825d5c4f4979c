"""The packing table of a village station: scan packages into boxes, send them."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from logistics.carriers.registry import carriers
from logistics.operations import HandOverPending, UnableToHandOver
from partners.cleaning import LineField
from shop.ordering import operations, queries
from shop.ordering.models import SubOrder
from shop.ordering.operations.packing import missing_packs


class ScanForm(forms.Form):
    """What a scanner gun or a camera types: the code or the whole address."""

    code = LineField(
        label=gettext_lazy("Code on the label"),
        max_length=200,
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "off", "inputmode": "text"}
        ),
    )

    def clean_code(self) -> str:
        """The code alone: a label's picture holds its whole address."""
        return str(self.cleaned_data["code"]).rstrip("/").rsplit("/", 1)[-1]


class CarrierForm(forms.Form):
    """Who takes the box."""

    carrier = forms.ChoiceField(label=gettext_lazy("Carrier"))

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["carrier"].choices = carriers()


def _villages(request: HttpRequest) -> list[str]:
    """The villages whose boxes this person packs."""
    if not request.user.has_perm("organisations.assist"):
        raise PermissionDenied
    return list(request.user.assistant.villages.values_list("pk", flat=True))


@never_cache
@login_required
def packing(request: HttpRequest) -> HttpResponse:
    """What waits to be packed, oldest first, and before it what nobody may pack."""
    villages = _villages(request)
    recalled = queries.recalled_parts().filter(village__in=villages)
    return render(
        request,
        "shop/ordering/packing.html",
        {
            "boxes": queries.to_pack(villages)[:100],
            "recalled": recalled.select_related("village").prefetch_related(
                "line_terms__line"
            ),
        },
    )


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def box(request: HttpRequest, pk: int) -> HttpResponse:
    """One box: scan its packages, then hand it over."""
    sub_order = get_object_or_404(SubOrder.objects.select_related("village"), pk=pk)
    if not request.user.has_perm("organisations.serve_village", sub_order.village):
        raise PermissionDenied
    scan, send = ScanForm(), CarrierForm()
    if request.method == "POST" and "code" in request.POST:
        scan = ScanForm(request.POST)
        if scan.is_valid() and _scan(request, sub_order, scan):
            return redirect("ordering:box", pk=pk)
    elif request.method == "POST":
        send = CarrierForm(request.POST)
        if send.is_valid() and _send(request, sub_order, send):
            return redirect("ordering:box", pk=pk)
    return render(
        request,
        "shop/ordering/box.html",
        {
            "sub_order": sub_order,
            "lines": queries.lines_of_box(sub_order),
            "recalls": queries.recalls_of(SubOrder.objects.filter(pk=pk)),
            "county_phone": settings.COUNTY_PHONE,
            "missing": missing_packs(sub_order=sub_order),
            "scan": scan,
            "send": send,
            "base_url": settings.BASE_URL,
        },
    )


def _scan(request: HttpRequest, sub_order: SubOrder, form: ScanForm) -> bool:
    try:
        operations.pack(
            sub_order=sub_order,
            code=form.cleaned_data["code"],
            by=request.user,
            at=timezone.now(),
        )
    except operations.UnableToPackOrder as reason:
        form.add_error("code", str(reason))
        return False
    return True


def _send(request: HttpRequest, sub_order: SubOrder, form: CarrierForm) -> bool:
    try:
        operations.send_box(
            sub_order=sub_order,
            carrier=form.cleaned_data["carrier"],
            by=request.user,
            at=timezone.now(),
        )
    except HandOverPending:
        form.add_error(
            None,
            _("The carrier has not answered yet. We keep asking; the box stays here."),
        )
        return False
    except (operations.UnableToSend, UnableToHandOver) as reason:
        form.add_error(None, str(reason))
        return False
    messages.info(request, _("The carrier has the box."))
    return True
