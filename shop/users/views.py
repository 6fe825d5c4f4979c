"""Logging in and out, and the page about oneself."""

from django.contrib import auth, messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from partners.addresses import network_address
from shop.users import me as mine
from shop.users import operations
from shop.users.authenticators import is_staff
from shop.users.entering import (
    NEXT,
    PROVEN,
    TICKET,
    first_step_done,
    safe_next,
)
from shop.users.forms import (
    CodeForm,
    NameForm,
    NewPasswordForm,
    PasswordForm,
    PhoneForm,
)
from shop.users.login import UnableToLogIn, finish_login, is_open, start_login
from shop.users.models import Authenticator, LoginTicket, User
from shop.users.operations import UnableToSetPassword

# How long after coming in by a code a password may be set without the old one.
PROVEN_FOR_SECONDS = 15 * 60


@never_cache
@sensitive_post_parameters()
def login(request: HttpRequest) -> HttpResponse:
    """First field: the phone; its two buttons choose code or password."""
    if request.user.is_authenticated:
        return redirect(safe_next(request, request.GET.get("next", "")))
    form = PhoneForm(
        request.POST or None, initial={"next": request.GET.get("next", "")}
    )
    if request.method == "POST" and form.is_valid():
        way = request.POST.get("way", "")
        by_password = way == LoginTicket.Way.PASSWORD
        try:
            ticket = start_login(
                phone=form.cleaned_data["phone"],
                way=LoginTicket.Way.PASSWORD if by_password else LoginTicket.Way.CODE,
                address=network_address(request),
                at=timezone.now(),
            )
        except UnableToLogIn as error:
            form.add_error("phone", str(error))
        else:
            request.session[TICKET] = ticket.pk
            request.session[NEXT] = safe_next(request, form.cleaned_data["next"])
            return redirect("users:password" if by_password else "users:code")
    return render(request, "shop/users/login.html", {"form": form})


@never_cache
@sensitive_post_parameters()
def code(request: HttpRequest) -> HttpResponse:
    """Second field: the code from the text."""
    return _finish(request, LoginTicket.Way.CODE, CodeForm, "shop/users/code.html")


@never_cache
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Second field: the password."""
    return _finish(
        request, LoginTicket.Way.PASSWORD, PasswordForm, "shop/users/password.html"
    )


@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Another code, or a code instead of a password, for the phone on its way in."""
    ticket = _ticket(request)
    if ticket is None:
        return redirect("users:login")
    try:
        fresh = start_login(
            phone=ticket.phone,
            way=LoginTicket.Way.CODE,
            address=network_address(request),
            at=timezone.now(),
        )
    except UnableToLogIn as error:
        messages.warning(request, str(error))
        return redirect(f"users:{ticket.way}")
    request.session[TICKET] = fresh.pk
    messages.info(request, _("A new code is on its way. The old one no longer works."))
    return redirect("users:code")


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Leave; the session is gone."""
    auth.logout(request)
    return redirect("/")


@never_cache
@login_required
def me(request: HttpRequest) -> HttpResponse:
    """Everything that is mine: my doors, my orders, my settings."""
    assert isinstance(request.user, User)
    return render(
        request,
        "shop/users/me.html",
        {
            "doors": mine.doors(request.user),
            "sections": mine.sections(request.user),
            "roles": request.user.roles.order_by("granted_at"),
            "authenticator": Authenticator.objects.filter(user=request.user).first(),
            "is_staff": is_staff(request.user),
        },
    )


@login_required
def name(request: HttpRequest) -> HttpResponse:
    """What the site calls me."""
    assert isinstance(request.user, User)
    form = NameForm(request.POST or None, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        operations.rename_user(user=request.user, name=form.cleaned_data["name"])
        return redirect("users:me")
    return render(request, "shop/users/name.html", {"form": form})


@never_cache
@sensitive_post_parameters()
@login_required
def new_password(request: HttpRequest) -> HttpResponse:
    """Set or change my password."""
    assert isinstance(request.user, User)
    proven = request.session.get(PROVEN, 0)
    old_needed = timezone.now().timestamp() - proven > PROVEN_FOR_SECONDS
    if old_needed and not request.user.has_usable_password():
        messages.info(request, _("Log in by a text code first, then set a password."))
        return redirect("users:me")
    form = NewPasswordForm(request.POST or None, old_needed=old_needed)
    if request.method == "POST" and form.is_valid():
        try:
            operations.change_password(
                user=request.user,
                password=form.cleaned_data["password"],
                old=form.cleaned_data["old"] if old_needed else None,
                at=timezone.now(),
            )
        except UnableToSetPassword as error:
            form.add_error(error.field, str(error))
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, _("Your password is set."))
            return redirect("users:me")
    return render(request, "shop/users/new_password.html", {"form": form})


def _finish(
    request: HttpRequest,
    way: str,
    form_class: type[CodeForm] | type[PasswordForm],
    template: str,
) -> HttpResponse:
    ticket = _ticket(request)
    if ticket is None or ticket.way != way:
        return redirect("users:login")
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = finish_login(
                ticket_id=ticket.pk,
                secret=form.cleaned_data["secret"],
                address=network_address(request),
                at=timezone.now(),
            )
        except UnableToLogIn as error:
            form.add_error("secret", str(error))
            form.data = {}  # The same wrong code sent again would cost another try.
            ticket.refresh_from_db()
        else:
            return first_step_done(request, user, way)
    over = not is_open(ticket, at=timezone.now())
    return render(
        request, template, {"form": form, "phone": ticket.phone, "over": over}
    )


def _ticket(request: HttpRequest) -> LoginTicket | None:
    pk = request.session.get(TICKET)
    return LoginTicket.objects.filter(pk=pk).first() if pk else None
