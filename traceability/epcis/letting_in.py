"""Staff's page: who exchanges events with us, their tokens, and licensed GTINs."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from partners.cleaning import LineField
from partners.form_acts import carried_out
from partners.organisations.models import Division
from traceability.epcis import operations
from traceability.epcis.models import Access, Party, TradeItem
from traceability.forms import AreaField
from traceability.queries import places_with_farmers

_MAY_READ = permission_required("epcis.view_everything", raise_exception=True)
_MAY_LET_IN = permission_required("epcis.let_in", raise_exception=True)


class PartyForm(forms.Form):
    """An organisation that will exchange events."""

    name = LineField(label=gettext_lazy("Organisation"), max_length=60)
    reads_records_of = AreaField(
        label=gettext_lazy("Reads the records of"),
        queryset=Division.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody but itself"),
        help_text=gettext_lazy("For a cooperative's or an inspector's programs."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        places = self.fields["reads_records_of"]
        assert isinstance(places, forms.ModelChoiceField)
        places.queryset = places_with_farmers()


class TradeItemForm(forms.Form):
    """A licensed GTIN and a lot of what it stands for."""

    gtin = LineField(
        label=gettext_lazy("GTIN"),
        max_length=20,
        help_text=gettext_lazy("From the producer's licence, all digits."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    lot_number = LineField(
        label=gettext_lazy("A lot of this product"),
        max_length=20,
        help_text=gettext_lazy(
            "The number then stands for every lot of this farmer with this name."
        ),
    )


@never_cache
@login_required
@_MAY_READ
@require_http_methods(["GET", "HEAD", "POST"])
def partners(request: HttpRequest) -> HttpResponse:
    """Every organisation with its tokens, and the form for another one."""
    may_let_in = request.user.has_perm("epcis.let_in")
    form = PartyForm(request.POST if request.method == "POST" and may_let_in else None)

    def register(data: dict[str, Any]) -> Party:
        return operations.register_party(by=request.user, at=timezone.now(), **data)

    if carried_out(form, register, operations.UnableToRegister, field="name"):
        messages.success(request, _("Registered. Now give its program a token."))
        return redirect("epcis:partners")
    return _page(request, form=form, status=422 if form.errors else 200)


@never_cache
@login_required
@_MAY_LET_IN
@require_POST
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a token, and show it on this answer alone: nothing keeps it."""
    party = get_object_or_404(Party, pk=pk)
    access, secret = operations.give_access(
        party=party, by=request.user, at=timezone.now()
    )
    return _page(request, form=PartyForm(), given=access, secret=secret)


@never_cache
@login_required
@_MAY_LET_IN
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token."""
    operations.end_access(access=get_object_or_404(Access, pk=pk), at=timezone.now())
    messages.success(request, _("This token opens nothing any more."))
    return redirect("epcis:partners")


@never_cache
@login_required
@_MAY_LET_IN
@require_POST
def new_item(request: HttpRequest) -> HttpResponse:
    """Register a licensed GTIN."""
    form = TradeItemForm(request.POST)

    def register(data: dict[str, Any]) -> TradeItem:
        return operations.register_trade_item(
            by=request.user, at=timezone.now(), **data
        )

    if carried_out(form, register, operations.UnableToRegister):
        messages.success(request, _("Registered. Its Digital Links lead here now."))
        return redirect("epcis:partners")
    return _page(request, form=PartyForm(), item_form=form, status=422)


@never_cache
@login_required
@_MAY_LET_IN
@require_POST
def end_item(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a GTIN stand for nothing any more."""
    item = get_object_or_404(TradeItem, pk=pk)
    operations.end_trade_item(item=item, at=timezone.now())
    messages.success(request, _("This GTIN stands for nothing any more."))
    return redirect("epcis:partners")


def _page(
    request: HttpRequest,
    *,
    form: PartyForm,
    item_form: TradeItemForm | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    context |= {
        "form": form,
        "item_form": item_form or TradeItemForm(),
        "items": TradeItem.objects.select_related("farmer__village"),
        "parties": Party.objects.select_related("reads_records_of").prefetch_related(
            "accesses"
        ),
        "may_let_in": request.user.has_perm("epcis.let_in"),
        "address": request.build_absolute_uri("/epcis/"),
    }
    return render(request, "traceability/exchange.html", context, status=status)
