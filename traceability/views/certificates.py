"""A certificate as everybody may see it, and what proves it."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from traceability import queries, regulation, signing, tlog
from traceability.models import Certificate
from traceability.printing import certificate_pdf
from traceability.views.boxes import links_for, place_of, timeline_of


@require_safe
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """The certificate, whether it stands, and how to check it without us."""
    found = _certificate(number)
    context: dict[str, Any] = {
        "certificate": found,
        "title": regulation.TITLE,
        "document": json.loads(found.document),
        "lot": found.lot,
        "place": place_of(found.lot),
        "promisor": queries.told_in_public(found, "promisor"),
        "contact": queries.told_in_public(found, "contact"),
        "promises": regulation.PROMISES.values(),
        "bases": regulation.bases(json.loads(found.document)["basis"]),
        "withdrawn": found.status_events.first(),
        "evidence": list(found.lot.evidence.all()),
        "timeline": timeline_of(found.lot),
        "links": links_for(found.lot),
        "proof": _proof(found),
        "signature_fits": _signature_fits(found),
    }
    return render(request, "traceability/certificate.html", context)


@require_safe
def document(request: HttpRequest, number: str) -> HttpResponse:
    """The signed text itself, byte for byte."""
    found = _certificate(number)
    response = HttpResponse(
        found.document, content_type="application/json; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{found.number}.json"'
    return response


@require_safe
def proof(request: HttpRequest, number: str) -> HttpResponse:
    """That the log holds the certificate: a c2sp.org/tlog-proof file."""
    found = _certificate(number)
    proven = _proof(found)
    if proven is None:
        raise Http404(_("The log does not hold this certificate yet."))
    response = HttpResponse(proven.text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="{found.number}.tlog-proof"'
    )
    return response


@require_safe
def certificate_as_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The certificate on A4, with the names shortened as on the page."""
    found = _certificate(number)
    response = HttpResponse(
        certificate_pdf(found, disclose=False), content_type="application/pdf"
    )
    response["Content-Disposition"] = f'inline; filename="{found.number}.pdf"'
    return response


def _certificate(number: str) -> Certificate:
    return get_object_or_404(
        Certificate.objects.select_related(
            "key",
            "leaf",
            "lot__village__parent__parent",
            "lot__village__station",
            "lot__plot",
            "lot__farmer",
        ),
        number=number.upper(),
    )


def _proof(found: Certificate) -> queries.Proof | None:
    try:
        return queries.proof_of(found.leaf)
    except tlog.LogDamaged:
        return None


def _signature_fits(found: Certificate) -> bool:
    try:
        signing.verify_text(
            text=found.document,
            signature=found.signature,
            algorithm=found.algorithm,
            public_key=found.key.public_key,
        )
    except signing.SignatureRejected:
        return False
    return True
