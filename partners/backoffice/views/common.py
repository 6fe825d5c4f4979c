"""What staff's forms have in common: who may, when, and how a form is shown."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


def require(request: HttpRequest, permission: str, about: Any = None) -> None:
    """Refuse whoever may not; auditors look and write nothing."""
    if not request.user.has_perm(permission, about):
        raise PermissionDenied


def now_by(request: HttpRequest) -> dict[str, Any]:
    """By whom and when, as operations take it."""
    return {"by": request.user, "at": timezone.now()}


def form_page(
    request: HttpRequest,
    form: BaseForm,
    *,
    title: str,
    here: str,
    back: str,
    back_words: str,
    lead: str = "",
) -> HttpResponse:
    """A page with one form, whose button says its title.

    `back` is the address it belongs to, `here` the chip of nav.html it stands under.
    """
    context = {
        "form": form,
        "title": title,
        "here": here,
        "back": back,
        "back_words": back_words,
        "lead": lead,
    }
    return render(
        request,
        "partners/backoffice/form.html",
        context,
        status=422 if form.is_bound else 200,
    )
