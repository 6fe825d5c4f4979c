"""Keyset pages: the address carries the last row's key, never a page number."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from partners.keys import key_in

T = TypeVar("T", bound=Model)
ROWS = 50


def newest_first(
    request: HttpRequest, found: QuerySet[T]
) -> tuple[list[T], dict[str, str]]:
    """One page of rows by falling key, and the addresses around it."""
    before = key_in(request.GET.get("before"))
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[: ROWS + 1])
    shown, more = rows[:ROWS], request.GET.copy()
    urls = {"next_url": "", "previous_url": ""}
    if before is not None:
        first = request.GET.copy()
        del first["before"]
        urls["previous_url"] = f"?{first.urlencode()}"
    if len(rows) > ROWS:
        more["before"] = str(shown[-1].pk)
        urls["next_url"] = f"?{more.urlencode()}"
    return shown, urls
