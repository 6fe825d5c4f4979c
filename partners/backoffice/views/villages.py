"""Villages: the station, who serves, who grows, who joined together."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from partners.backoffice.trail import trail_of
from partners.backoffice.views.common import form_page, now_by, require
from partners.form_acts import carried_out
from partners.organisations import operations, queries
from partners.organisations.forms import (
    CooperativeForm,
    FarmerForm,
    PersonForm,
    StationForm,
)
from partners.organisations.models import Cooperative, Division, Farmer, Station
from partners.organisations.operations import UnableToAppoint, UnableToRegister


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Villages of a township, or those where somebody serves already."""
    townships = _townships()
    chosen = request.GET.get("township", "")
    shown = next((place for place in townships if place.code == chosen), None)
    found = _with_counts()
    return render(
        request,
        "partners/backoffice/villages.html",
        {
            "townships": townships,
            "township": shown,
            "villages": found.filter(parent=shown)
            if shown
            else found.exclude(assistants=None),
        },
    )


def _townships() -> list[Division]:
    try:
        pairs = queries.villages_by_township(settings.COUNTY_CODE)
    except queries.UnknownDivision:
        return []
    return [township for township, _villages in pairs]


def _with_counts() -> QuerySet[Division]:
    return (
        Division.objects.filter(level=Division.Level.VILLAGE)
        .select_related("parent", "station")
        .annotate(
            farmer_count=Count("farmers", distinct=True),
            household_count=Count("households", distinct=True),
            assistant_count=Count("assistants", distinct=True),
        )
        .order_by("code")
    )


@never_cache
@require_safe
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """One village: station, assistants, farmers, cooperatives."""
    return _page(request, _village(code), PersonForm())


def _page(
    request: HttpRequest, village: Division, person_form: PersonForm
) -> HttpResponse:
    may = request.user.has_perm
    return render(
        request,
        "partners/backoffice/village.html",
        {
            "village": village,
            "station": Station.objects.filter(village=village).first(),
            "assistants": village.assistants.select_related("user").order_by("pk"),
            "farmers": village.farmers.order_by("joined_at", "pk"),
            "cooperatives": village.cooperatives.order_by("pk"),
            "households": village.households.count(),
            "person_form": person_form,
            "may_register": may("organisations.register_farmer", village),
            "may_open": may("organisations.open_station"),
            "may_appoint": may("organisations.appoint_assistant"),
            "may_take_in": may("partners.register"),
            "trail": trail_of([f"village:{village.pk}"]),
        },
        status=422 if person_form.is_bound else 200,
    )


@never_cache
@require_POST
def appoint(request: HttpRequest, code: str) -> HttpResponse:
    """One more assistant for the village, by name and number."""
    require(request, "organisations.appoint_assistant")
    village, form = _village(code), PersonForm(request.POST)

    def engage(data: dict[str, Any]) -> Any:
        return operations.engage_assistant(village=village, **data, **now_by(request))

    if person := carried_out(form, engage, UnableToAppoint, UnableToRegister):
        messages.success(request, _("%(who)s serves this village.") % {"who": person})
        return redirect("partners_backoffice:village", code=code)
    return _page(request, village, form)


@never_cache
@require_POST
def dismiss(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """An assistant of the village less."""
    require(request, "organisations.appoint_assistant")
    village = _village(code)
    assistant = get_object_or_404(village.assistants.select_related("user"), pk=pk)
    operations.change_villages(
        user=assistant.user, village=village, serves=False, **now_by(request)
    )
    messages.success(
        request, _("%(who)s serves this village no more.") % {"who": assistant}
    )
    return redirect("partners_backoffice:village", code=code)


@never_cache
def station(request: HttpRequest, code: str) -> HttpResponse:
    """Open the village's station, or change what pages say about it."""
    require(request, "organisations.open_station")
    village = _village(code)
    there = Station.objects.filter(village=village).first()
    usual = _("Service station of %(village)s") % {"village": village.name}
    form = StationForm(
        request.POST or None,
        initial={
            "name": there.name,
            "address": there.address,
            "phone": there.phone,
            "position": there.position or "",
        }
        if there
        else {"name": usual},
    )

    def keep(data: dict[str, Any]) -> Station:
        if there is not None:
            return operations.describe_station(station=there, **data, **now_by(request))
        return operations.open_station(village=village, **data, **now_by(request))

    if carried_out(form, keep, UnableToRegister):
        messages.success(request, _("Saved."))
        return redirect("partners_backoffice:village", code=code)
    title = _("Change the station") if there else _("Open the service station")
    return _form(request, form, village, title=title)


@sensitive_post_parameters()
@never_cache
def new_farmer(request: HttpRequest, code: str) -> HttpResponse:
    """Put a farmer on the village's list."""
    village = _village(code)
    require(request, "organisations.register_farmer", village)
    form = FarmerForm(
        request.POST or None,
        villages=Division.objects.filter(pk=village.pk),
        initial={"village": village},
    )

    def register(data: dict[str, Any]) -> Farmer:
        return operations.register_farmer(**data, **now_by(request))

    if made := carried_out(form, register, UnableToRegister):
        messages.success(
            request, _("%(called)s is on the list.") % {"called": made.called}
        )
        return redirect("partners_backoffice:village", code=code)
    return _form(request, form, village, title=_("Register a farmer"))


@never_cache
def new_cooperative(request: HttpRequest, code: str) -> HttpResponse:
    """Register a cooperative of the village."""
    require(request, "organisations.register_cooperative")
    village, form = _village(code), CooperativeForm(request.POST or None)

    def register(data: dict[str, Any]) -> Cooperative:
        return operations.register_cooperative(
            village=village, **data, **now_by(request)
        )

    if made := carried_out(form, register, UnableToRegister):
        messages.success(request, _("%(name)s is taken in.") % {"name": made})
        return redirect("partners_backoffice:village", code=code)
    return _form(request, form, village, title=_("Register a cooperative"))


def _village(code: str) -> Division:
    """A village of this county. Errors: Http404."""
    try:
        found = queries.require_within(code, settings.COUNTY_CODE)
    except (queries.UnknownDivision, queries.MisplacedDivision) as error:
        raise Http404(str(error)) from error
    if found.level != Division.Level.VILLAGE:
        raise Http404
    return found


def _form(
    request: HttpRequest, form: Any, village: Division, *, title: str
) -> HttpResponse:
    return form_page(
        request,
        form,
        title=title,
        here="villages",
        back=reverse("partners_backoffice:village", args=[village.code]),
        back_words=village.name,
    )
