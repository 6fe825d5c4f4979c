"""What the lots' pages share: the lot, who acts and when, and asking twice."""

from collections.abc import Callable
from typing import IO, Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from partners.form_acts import carried_out
from traceability.forms import TwiceForm
from traceability.models import Lot

T = TypeVar("T")
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def lot_for(
    request: HttpRequest, number: str, permission: str = "traceability.keep_lots"
) -> Lot:
    """The lot, for whoever has the permission in its village. Errors: 404, 403."""
    found = get_object_or_404(
        Lot.objects.select_related(
            "village__parent", "village__station", "farmer", "plot"
        ),
        number=number.upper(),
    )
    if not request.user.has_perm(permission, found.village):
        raise PermissionDenied
    return found


def now_by(request: HttpRequest) -> dict[str, Any]:
    """Who does it and when, as operations take them."""
    return {"by": request.user, "at": timezone.now()}


def address(name: str, *args: str) -> str:
    """An address of traceability."""
    return reverse(f"traceability:{name}", args=args)


def pdf_answer(file: IO[bytes], name: str) -> FileResponse:
    """A PDF to be looked at or printed, which nobody on the way keeps; `name` is
    without its ending. Closes the file."""
    answer = FileResponse(file, filename=f"{name}.pdf", content_type="application/pdf")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def said_twice(
    form: TwiceForm,
    act: Callable[[dict[str, Any]], T],
    *refusals: type[Exception],
    field: str = "",
) -> tuple[T | None, bool]:
    """What `act` made after the second yes; and whether it is to be asked for now.

    Before it is asked for, the act is done and taken back at once, so that nobody is
    asked to agree to what would be refused.
    """
    if form.is_bound and form.is_confirmed():
        return carried_out(form, act, *refusals, field=field), False

    def rehearse(data: dict[str, Any]) -> bool:
        with transaction.atomic():
            act(data)
            transaction.set_rollback(True)
        return True

    return None, carried_out(form, rehearse, *refusals, field=field) is not None


def act_page(
    request: HttpRequest, lot: Lot, form: TwiceForm, *, asks: bool, **words: Any
) -> HttpResponse:
    """An act upon a lot: what it will do, the form, and then once more: yes.

    `words` are title, note, button, icon, and effects: what will happen, each a
    sentence.
    """
    context = {"lot": lot, "form": form, "asks": asks, **words}
    status = 422 if form.errors else 200
    return render(request, "traceability/lots/act.html", context, status=status)
