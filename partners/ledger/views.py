"""The ledger's one page for everybody."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from . import queries


@require_safe
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """The proof of one entry; 404 for one that is not public."""
    try:
        proof = queries.proof(entry_id)
    except queries.NotPublic as error:
        raise Http404 from error
    return render(request, "partners/ledger/entry.html", {"proof": proof})
