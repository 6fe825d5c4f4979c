"""Find a person, see their roles, give and take."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from partners.form_acts import carried_out
from partners.keys import key_in
from partners.organisations import operations as organisations
from partners.organisations.forms import PersonForm
from partners.organisations.operations import UnableToAppoint, UnableToRegister
from partners.organisations.queries import (
    MisplacedDivision,
    UnknownDivision,
    require_within,
)
from shop.users import authenticators, operations, queries
from shop.users.authenticators import UnableToReset
from shop.users.backoffice.forms import GIVEN_HERE, FindForm, RoleForm, VillageForm
from shop.users.models import Authenticator, Role, User
from shop.users.operations import UnableToGrant

may_look = permission_required("users.view_user", raise_exception=True)


@login_required
@may_look
def people(request: HttpRequest) -> HttpResponse:
    """Who holds a role; and the way to one person, by their number."""
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = queries.user_by_phone(form.cleaned_data["phone"])
        if found is not None:
            return redirect("users_backoffice:person", found.pk)
        form.add_error("phone", _("Nobody with this number has an account yet."))
    role = request.GET.get("role", "")
    page = queries.people(
        role=role if role in Role.values else "",
        after=key_in(request.GET.get("after")) or 0,
    )
    return render(
        request,
        "shop/users/people.html",
        {
            "form": form,
            "page": page,
            "role": role,
            "roles": queries.LISTED_ROLES,
            "may_open": _operator(request).has_perm("organisations.open_account"),
        },
    )


@login_required
@permission_required("organisations.open_account", raise_exception=True)
def new(request: HttpRequest) -> HttpResponse:
    """Open an account for somebody who has never logged in; roles come after."""
    form = PersonForm(request.POST or None)

    def open_account(data: dict[str, Any]) -> Any:
        return organisations.account_for(
            **data, by=_operator(request), at=timezone.now()
        )

    if found := carried_out(form, open_account, UnableToRegister):
        return redirect("users_backoffice:person", found.pk)
    return render(
        request,
        "shop/users/new_person.html",
        {"form": form},
        status=422 if form.is_bound else 200,
    )


@login_required
@may_look
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: roles, villages, and everything said about them."""
    user = get_object_or_404(User, pk=pk)
    return render(
        request,
        "shop/users/person.html",
        {
            "person": user,
            "grants": user.roles.select_related("granted_by").order_by("granted_at"),
            "assistant": getattr(user, "assistant", None),
            "given_here": GIVEN_HERE,
            "role_form": RoleForm(),
            "village_form": VillageForm(),
            "trail": queries.trail(user),
            "authenticator": Authenticator.objects.filter(user=user).first(),
            "may_change": _operator(request).has_perm("users.grant_role"),
        },
    )


@login_required
@require_POST
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role."""
    user = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            operations.grant_role(
                user=user,
                role=form.cleaned_data["role"],
                by=_operator(request),
                at=timezone.now(),
            )
        except UnableToGrant as error:
            messages.error(request, str(error))
    return redirect("users_backoffice:person", pk)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a role."""
    user = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            operations.revoke_role(
                user=user,
                role=form.cleaned_data["role"],
                by=_operator(request),
                at=timezone.now(),
            )
        except UnableToGrant as error:
            messages.error(request, str(error))
    return redirect("users_backoffice:person", pk)


@login_required
@permission_required("users.reset_authenticator", raise_exception=True)
@require_POST
def reset_authenticator(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away the authenticator of somebody whose phone is lost."""
    user = get_object_or_404(User, pk=pk)
    try:
        authenticators.reset_authenticator(
            user=user, by=_operator(request), at=timezone.now()
        )
    except UnableToReset as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("They are logged out, and set up a new app when they come back.")
        )
    return redirect("users_backoffice:person", pk)


@login_required
@require_POST
def appoint(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a village to the person's, or take one away."""
    user = get_object_or_404(User, pk=pk)
    try:
        organisations.change_villages(
            user=user,
            village=require_within(
                request.POST.get("village", ""), settings.COUNTY_CODE
            ),
            serves=request.POST.get("serves") == "yes",
            by=_operator(request),
            at=timezone.now(),
        )
    except (UnableToAppoint, UnknownDivision, MisplacedDivision) as error:
        messages.error(request, str(error))
    return redirect("users_backoffice:person", pk)


def _operator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
