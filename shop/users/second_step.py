"""Pages of the second step: asked on the way in, set up, and looked after."""

import base64
import io
from typing import Any

import qrcode
import qrcode.image.svg
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from partners.form_acts import carried_out
from shop.users import authenticators, entering
from shop.users.authenticators import UnableToVerify
from shop.users.forms import SecondCodeForm
from shop.users.models import Authenticator, User

# The session's note of a secret that no app has proven to hold yet.
UNPROVEN = "new_authenticator"


@never_cache
@sensitive_post_parameters()
def ask(request: HttpRequest) -> HttpResponse:
    """The second step: the app's code, or a spare one."""
    user = entering.who(request)
    if user is None:
        return redirect("users:login")
    if authenticators.step_for(user) != "ask":
        return redirect("users:enrol")
    form = SecondCodeForm(request.POST or None)

    def verified(data: dict[str, Any]) -> bool:
        authenticators.verify(user=user, code=data["secret"], at=timezone.now())
        return True

    if carried_out(form, verified, UnableToVerify, field="secret"):
        return entering.let_in(request, user)
    return render(request, "shop/users/second_step.html", {"form": form})


@never_cache
@sensitive_post_parameters()
def enrol(request: HttpRequest) -> HttpResponse:
    """Set an app up: on the way in for the first time, or from the page "mine"."""
    user = entering.who(request) or request.user
    if not isinstance(user, User):
        return redirect("users:login")
    if not authenticators.is_staff(user):
        raise Http404
    if authenticators.step_for(user) == "ask":
        return redirect("users:authenticator" if user == request.user else "users:ask")
    secret = request.session.get(UNPROVEN)
    if not secret:
        secret = request.session[UNPROVEN] = authenticators.new_secret()
    form = SecondCodeForm(request.POST or None)

    def enrolled(data: dict[str, Any]) -> authenticators.Enrolled:
        return authenticators.enrol(
            user=user, secret=secret, code=data["secret"], at=timezone.now()
        )

    if done := carried_out(form, enrolled, UnableToVerify, field="secret"):
        del request.session[UNPROVEN]
        going_on = "/me/"
        if user != request.user:
            going_on = entering.let_in(request, user)["Location"]
        return _spare_codes(request, done.spare_codes, going_on)
    address = authenticators.address_for(user=user, secret=secret)
    return render(
        request,
        "shop/users/enrol.html",
        {
            "form": form,
            "picture": _picture(address),
            "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        },
    )


@never_cache
@sensitive_post_parameters()
@login_required
def authenticator(request: HttpRequest) -> HttpResponse:
    """My authenticator: since when, how many spare codes are left, ten new ones."""
    mine = get_object_or_404(Authenticator, user=request.user)
    form = SecondCodeForm(request.POST or None)

    def renewed(data: dict[str, Any]) -> list[str]:
        return authenticators.renew_spare_codes(
            user=mine.user, code=data["secret"], at=timezone.now()
        )

    if codes := carried_out(form, renewed, UnableToVerify, field="secret"):
        return _spare_codes(request, codes, "/me/")
    return render(
        request,
        "shop/users/authenticator.html",
        {
            "form": form,
            "authenticator": mine,
            "left": mine.spare_codes.filter(used_at__isnull=True).count(),
        },
    )


def _spare_codes(request: HttpRequest, codes: list[str], going_on: str) -> HttpResponse:
    # Not redirected to: they are shown in this one answer and kept nowhere.
    return render(
        request, "shop/users/spare_codes.html", {"codes": codes, "going_on": going_on}
    )


def _picture(address: str) -> str:
    """The address as a QR code that the page itself carries."""
    drawn = io.BytesIO()
    qrcode.make(
        address, image_factory=qrcode.image.svg.SvgPathFillImage, border=4
    ).save(drawn)
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.getvalue()).decode()}"
