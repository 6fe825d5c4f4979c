"""The county's pages: what a mu may bear, and who may use which mark for how much."""

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

from partners.cleaning import LineField
from partners.form_acts import carried_out
from partners.measures import GRAMS_PER_KILOGRAM
from partners.organisations.models import Division, Farmer
from partners.paging import newest_first
from traceability import operations, queries, yields
from traceability.forms import AreaField, DayField, JinField
from traceability.models import Licence, Mark, YieldLimit
from traceability.views.common import get_or_post, now_by

_MAY_VIEW = permission_required("traceability.view_quotas", raise_exception=True)
_MAY_SET = permission_required("traceability.set_quotas", raise_exception=True)


class YieldLimitForm(forms.Form):
    """What a mu of a crop may bear."""

    crop = LineField(
        label=gettext_lazy("Crop"),
        max_length=30,
        required=False,
        help_text=gettext_lazy(
            "As it stands on the plots. Empty: every crop without a figure of its own."
        ),
    )
    kilograms = forms.IntegerField(
        label=gettext_lazy("Kilograms a mu and year"),
        min_value=1,
        max_value=yields.MOST_G // GRAMS_PER_KILOGRAM,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("Empty: no limit."),
    )
    valid_from = DayField(label=gettext_lazy("For harvests from"))
    source = LineField(
        label=gettext_lazy("Where the figure comes from"),
        max_length=200,
        widget=forms.TextInput(
            attrs={"placeholder": gettext_lazy("The county's survey of 2025")}
        ),
    )


class FarmerField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A farmer by what the village calls them."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.village.name} · {obj.called}"


class LicenceForm(forms.Form):
    """A licence as its paper has it."""

    mark = forms.ChoiceField(
        label=gettext_lazy("Mark"), choices=Mark.choices, widget=forms.RadioSelect
    )
    number = LineField(label=gettext_lazy("Number of the licence"), max_length=24)
    holder = LineField(label=gettext_lazy("Holder"), max_length=80)
    holder_uscc = LineField(
        label=gettext_lazy("Unified social credit code"),
        max_length=24,
        required=False,
        help_text=gettext_lazy("Needed for a geographical indication."),
    )
    crop = LineField(
        label=gettext_lazy("Crop"),
        max_length=30,
        help_text=gettext_lazy("As it stands on the plots."),
    )
    quantity_g = JinField(label=gettext_lazy("Allowed in all, in jin"))
    valid_from = DayField(label=gettext_lazy("Valid from"))
    valid_to = DayField(label=gettext_lazy("Valid to"))
    area = AreaField(
        label=gettext_lazy("Where it may grow"),
        queryset=Division.objects.none(),
        empty_label=gettext_lazy("Choose the place"),
    )
    farmer = FarmerField(
        label=gettext_lazy("Only this farmer's"),
        queryset=Farmer.objects.none(),
        required=False,
        empty_label=gettext_lazy("Every grower there"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, choices in (
            ("area", queries.places_with_farmers()),
            ("farmer", Farmer.objects.select_related("village").order_by("village")),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = choices


class EndForm(forms.Form):
    """Why a licence ends before its day."""

    reason = LineField(label=gettext_lazy("Reason"), max_length=200)


@never_cache
@login_required
@_MAY_VIEW
@get_or_post
def yield_limits(request: HttpRequest) -> HttpResponse:
    """The table as it holds today, the form for another row, and all that was said."""
    may_set = request.user.has_perm("traceability.set_quotas")
    today = timezone.localdate()
    start = {"valid_from": today, "crop": request.GET.get("crop", "")}
    typed = request.POST if request.method == "POST" and may_set else None
    form = YieldLimitForm(typed, initial=start)

    def say(data: dict[str, Any]) -> YieldLimit:
        kilograms = data.pop("kilograms")
        g_per_mu = None if kilograms is None else kilograms * GRAMS_PER_KILOGRAM
        return operations.set_yield_limit(g_per_mu=g_per_mu, **data, **now_by(request))

    if carried_out(form, say, operations.UnableToSetLimit):
        messages.success(request, _("Set. What was said before stays on record."))
        return redirect("traceability:yield_limits")
    said, urls = newest_first(request, queries.latest_rows())
    context = {
        "form": form,
        "may_set": may_set,
        "limits": queries.limits_in_force(day=today),
        "said": said,
        **urls,
    }
    status = 422 if form.errors else 200
    return render(request, "traceability/yield_limits.html", context, status=status)


@never_cache
@login_required
@_MAY_VIEW
@get_or_post
def licences(request: HttpRequest) -> HttpResponse:
    """Every licence with what is left of it, and the form for another one."""
    may_set = request.user.has_perm("traceability.set_quotas")
    typed = request.POST if request.method == "POST" and may_set else None
    form = LicenceForm(typed, initial={"mark": Mark.GI})

    def register(data: dict[str, Any]) -> Licence:
        return operations.register_licence(**data, **now_by(request))

    if carried_out(form, register, operations.UnableToLicense):
        messages.success(
            request, _("Registered. Lots with this mark count against it.")
        )
        return redirect("traceability:licences")
    found = Licence.objects.select_related("area", "farmer")
    shown, urls = newest_first(request, found)
    context = {
        "licences": shown,
        "form": form,
        "may_set": may_set,
        "today": timezone.localdate(),
        **urls,
    }
    status = 422 if form.errors else 200
    return render(request, "traceability/licences.html", context, status=status)


@never_cache
@login_required
@_MAY_SET
@get_or_post
def end_licence(request: HttpRequest, pk: int) -> HttpResponse:
    """End a licence before its day."""
    licence = get_object_or_404(Licence, pk=pk)
    form = EndForm(request.POST or None)

    def end(data: dict[str, Any]) -> bool:
        operations.end_licence(licence=licence, at=timezone.now(), **data)
        return True

    if carried_out(form, end, operations.UnableToLicense):
        messages.success(request, _("Nothing more is certified under this licence."))
        return redirect("traceability:licences")
    context = {"form": form, "licence": licence}
    status = 422 if form.errors else 200
    return render(request, "traceability/licence_end.html", context, status=status)
