"""Who is asking, and for which listing."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from partners.organisations.models import Assistant
from shop.listings.models import Listing

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_assistants(view: View[P]) -> View[P]:
    """Log in first; whoever serves no village is refused."""

    @never_cache
    @login_required
    @wraps(view)
    def checked(
        request: HttpRequest, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if not request.user.has_perm("listings.assist"):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return cast("View[P]", checked)


def assistant_of(request: HttpRequest) -> Assistant:
    """The logged-in assistant."""
    found: Assistant = request.user.assistant  # type: ignore[union-attr]
    return found


def own_listing(request: HttpRequest, pk: int) -> Listing:
    """The listing, where this assistant serves its village.

    Errors: Http404 otherwise, so that numbers of other villages' listings say nothing.
    """
    listing = (
        Listing.objects.select_related(
            "farmer", "village", "category", "assistant", "lot", "product"
        )
        .filter(pk=pk)
        .first()
    )
    if listing is None or not request.user.has_perm("listings.change_listing", listing):
        raise Http404
    return listing
