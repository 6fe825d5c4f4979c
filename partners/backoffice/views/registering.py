"""Taking in a household, and keeping what is known of it; shown masked afterwards."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from partners import operations, periods
from partners.backoffice.views.common import form_page, now_by, require
from partners.form_acts import carried_out
from partners.forms import CardForm, ContactForm, HouseholdForm, MemberForm, PairForm
from partners.models import Household, Pairing
from partners.operations import UnableToPair, UnableToRegister


@sensitive_post_parameters()
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """Take in a household."""
    require(request, "partners.register")
    form = HouseholdForm(
        request.POST or None, initial={"village": request.GET.get("village", "")}
    )

    def register(data: dict[str, Any]) -> Household:
        return operations.register_household(**data, **now_by(request))

    if made := carried_out(form, register, UnableToRegister):
        messages.success(request, _("Taken in. Now pair it with a supermarket."))
        return redirect("partners_backoffice:household", number=made.number)
    return form_page(
        request,
        form,
        title=_("Take in a household"),
        here="households",
        back=reverse("partners_backoffice:households"),
        back_words=_("Households"),
        lead=_(
            "The public never sees more than the family name, the village and what was "
            "given. Enter only what is needed."
        ),
    )


@never_cache
def pair(request: HttpRequest, number: str) -> HttpResponse:
    """Give a household a part in a supermarket's agreement."""
    require(request, "partners.register")
    household, today = _household(number), timezone.localdate()
    form = PairForm(
        request.POST or None,
        household=household,
        today=today,
        initial={"from_on": periods.first_day(today)},
    )

    def unite(data: dict[str, Any]) -> Pairing:
        return operations.pair(household=household, **data, **now_by(request))

    if made := carried_out(form, unite, UnableToPair):
        messages.success(
            request, _("Paired with %(agreement)s.") % {"agreement": made.agreement}
        )
        return redirect("partners_backoffice:household", number=number)
    return _form(
        request,
        form,
        household,
        title=_("Pair with a supermarket"),
        lead=_("Months that were approved before stay as they are."),
    )


@sensitive_post_parameters()
@never_cache
def card(request: HttpRequest, number: str) -> HttpResponse:
    """Enter a household's bank card anew."""
    require(request, "partners.register")
    household, form = _household(number), CardForm(request.POST or None)

    def change(data: dict[str, Any]) -> Household:
        return operations.change_bank_card(
            household=household, **data, **now_by(request)
        )

    if carried_out(form, change, UnableToRegister):
        messages.success(request, _("The card is changed, and it is on record."))
        return redirect("partners_backoffice:household", number=number)
    return _form(request, form, household, title=_("Enter the bank card anew"))


@sensitive_post_parameters()
@never_cache
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Say who answers for a household from now on."""
    require(request, "partners.register")
    household, form = _household(number), ContactForm(request.POST or None)

    def change(data: dict[str, Any]) -> Household:
        return operations.change_contact(household=household, **data, **now_by(request))

    if carried_out(form, change, UnableToRegister):
        messages.success(request, _("The contact is changed, and it is on record."))
        return redirect("partners_backoffice:household", number=number)
    return _form(request, form, household, title=_("Change the contact"))


@sensitive_post_parameters()
@never_cache
def member(request: HttpRequest, number: str) -> HttpResponse:
    """Note who else lives in a household."""
    require(request, "partners.register")
    household, form = _household(number), MemberForm(request.POST or None)

    def add(data: dict[str, Any]) -> Any:
        return operations.add_member(household=household, **data, **now_by(request))

    if carried_out(form, add, UnableToRegister):
        messages.success(request, _("Added."))
        return redirect("partners_backoffice:household", number=number)
    return _form(
        request,
        form,
        household,
        title=_("Add who lives there"),
        lead=_("Only so that the cross-checks find them in other offices' lists."),
    )


@never_cache
@require_POST
def end_links(request: HttpRequest, number: str) -> HttpResponse:
    """Let every link that was sent to a household stop working."""
    require(request, "partners.register")
    operations.end_links(household=_household(number), **now_by(request))
    messages.success(request, _("Links that were sent before work no more."))
    return redirect("partners_backoffice:household", number=number)


def _household(number: str) -> Household:
    return get_object_or_404(Household.objects.select_related("village"), number=number)


def _form(
    request: HttpRequest, form: Any, household: Household, *, title: str, lead: str = ""
) -> HttpResponse:
    return form_page(
        request,
        form,
        title=title,
        here="households",
        back=reverse("partners_backoffice:household", args=[household.number]),
        back_words=f"{household.public_name} · {household.village.name}",
        lead=lead,
    )
