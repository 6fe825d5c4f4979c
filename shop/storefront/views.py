"""The market's public pages. None of them writes, none of them sets a cookie."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

READING_COOKIE_AGE = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The market's front: what is ripe."""
    return render(request, "shop/storefront/home.html")


# Public pages carry no token. A forged post could only change how a page reads.
@csrf_exempt
@require_POST
def reading(request: HttpRequest) -> HttpResponse:
    """Remember the reader's language and letter size, then go back."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    language = request.POST.get("language")
    if language in dict(settings.LANGUAGES):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    size = request.POST.get("type")
    if size == "large":
        _remember(response, "type", size)
    elif size == "":
        response.delete_cookie("type", samesite="Lax")
    return response


def _remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=READING_COOKIE_AGE,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
