"""The farmers of an assistant's villages: the list, a new one, one of them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from partners.organisations import operations, queries
from partners.organisations.forms import DescribeForm, FarmerForm, PhoneForm
from partners.organisations.models import Assistant, Farmer
from partners.organisations.operations import UnableToRegister


@never_cache
@login_required
def farmers(request: HttpRequest) -> HttpResponse:
    """Everybody who grows in my villages."""
    villages = _assistant(request).villages.order_by("code")
    return render(
        request,
        "partners/organisations/farmers.html",
        {"groups": queries.farmers_by_village(villages)},
    )


@never_cache
@login_required
def register(request: HttpRequest) -> HttpResponse:
    """Put a farmer of one of my villages on the list."""
    villages = _assistant(request).villages.order_by("code")
    form = FarmerForm(request.POST or None, villages=villages)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if not request.user.has_perm("organisations.register_farmer", said["village"]):
            raise PermissionDenied
        try:
            farmer = operations.register_farmer(
                **said, at=timezone.now(), by=request.user
            )
        except UnableToRegister as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(
                request, _("%(called)s is on the list.") % {"called": farmer.called}
            )
            return redirect("organisations:farmers")
    return render(request, "partners/organisations/register.html", {"form": form})


@never_cache
@login_required
def farmer(request: HttpRequest, pk: int) -> HttpResponse:
    """What pages say about a farmer; their number, masked, for the operator to move."""
    found = Farmer.objects.select_related("village").filter(pk=pk).first()
    if found is None or not request.user.has_perm("organisations.change_farmer", found):
        raise Http404
    may_move = request.user.has_perm("organisations.move_phone", found)
    moving = request.method == "POST" and "phone" in request.POST
    if moving and not may_move:
        raise PermissionDenied
    form = DescribeForm(
        request.POST if request.method == "POST" and not moving else None,
        initial={
            "called": found.called,
            "growing_since": found.growing_since,
            "story": found.story,
        },
    )
    phone_form = PhoneForm(request.POST if moving else None)
    said = phone_form if moving else form
    if request.method == "POST" and said.is_valid():
        change = operations.move_phone if moving else operations.describe_farmer
        try:
            change(
                farmer=found, **said.cleaned_data, at=timezone.now(), by=request.user
            )
        except UnableToRegister as error:
            said.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("organisations:farmer", pk)
    return render(
        request,
        "partners/organisations/farmer.html",
        {
            "farmer": found,
            "form": form,
            "phone_form": phone_form if may_move else None,
        },
    )


def _assistant(request: HttpRequest) -> Assistant:
    """The logged-in assistant; everybody else is refused."""
    if not request.user.has_perm("organisations.assist"):
        raise PermissionDenied
    found: Assistant = request.user.assistant  # type: ignore[union-attr]
    return found
