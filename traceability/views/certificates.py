"""A certificate as everybody may see it, and what proves it."""

import json
import logging
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from traceability import credentials, queries, regulation, signing, tlog
from traceability.keylists import KeyListRejected
from traceability.models import Certificate, KeyPurpose, StatusEvent
from traceability.printing import certificate_pdf
from traceability.views.boxes import links_for, place_of, timeline_of

log = logging.getLogger(__name__)
_LONGEST_NUMBER = 40


@require_safe
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """The certificate, whether it stands, and how to check it without us."""
    try:
        found = _certificate(number)
    except Http404:
        # A forged paper leads here as well: whoever holds it is to be told.
        context: dict[str, Any] = {"number": number[:_LONGEST_NUMBER]}
        return render(request, "traceability/no_certificate.html", context, status=404)
    # One that was replaced may be revoked as well, which is the graver.
    events = found.status_events.all()
    withdrawn = events.filter(status=StatusEvent.Status.REVOKED).first()
    withdrawn = withdrawn or events.first()
    if not queries.certificate_as_signed(found) or queries.is_taken_back(found):
        # None of it is told: who changed one fact may have changed all.
        context = {"certificate": found, "withdrawn": withdrawn}
        return render(request, "traceability/altered.html", context, status=409)
    if queries.signed_by_a_thief(found):
        context = {"certificate": found, "withdrawn": withdrawn, "stolen_key": True}
        return render(request, "traceability/altered.html", context, status=409)
    proven, damaged = _proof(found)
    context = {
        "certificate": found,
        "title": regulation.TITLE,
        "document": json.loads(found.document),
        "lot": found.lot,
        "place": place_of(found.lot),
        "promisor": queries.told_in_public(found, "promisor"),
        "contact": queries.told_in_public(found, "contact"),
        "promises": regulation.promises(json.loads(found.document)["promises"]),
        "bases": regulation.bases(json.loads(found.document)["basis"]),
        "withdrawn": withdrawn,
        "recalled": found.lot.status_events.filter(
            status=StatusEvent.Status.RECALLED
        ).first(),
        "evidence": list(found.lot.evidence.all()),
        "timeline": timeline_of(found.lot),
        "links": links_for(found.lot),
        "log_damaged": damaged,
        **proven,
    }
    return render(request, "traceability/certificate.html", context)


@require_safe
def document(request: HttpRequest, number: str) -> HttpResponse:
    """The signed text itself, byte for byte."""
    found = _certificate(number)
    response = HttpResponse(
        found.document, content_type="application/json; charset=utf-8"
    )
    return _to_save(response, f"{found.number}.json")


@require_safe
def proof(request: HttpRequest, number: str) -> HttpResponse:
    """That the log holds the certificate: a c2sp.org/tlog-proof file."""
    found = _certificate(number)
    proven, _damaged = _proof(found)
    if not proven:
        raise Http404(_("The log does not hold this certificate yet."))
    response = HttpResponse(
        proven["proof"].text, content_type="text/plain; charset=utf-8"
    )
    return _to_save(response, f"{found.number}.tlog-proof")


@require_safe
def proof_as_json(request: HttpRequest, number: str) -> HttpResponse:
    """Everything that proves the certificate, in one file: for `verify.py`."""
    found = _certificate(number)
    told = None
    if queries.certificate_holds(found):
        try:
            told = queries.proof_document(found)
        except tlog.LogDamaged as error:
            log.error("No proof of %s: %s", found.number, error)
    if told is None:
        raise Http404(_("The log does not hold this certificate yet."))
    response = JsonResponse(
        told, json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    return _to_save(response, f"{found.number}-proof.json")


@require_safe
def credential(request: HttpRequest, number: str) -> HttpResponse:
    """The certificate as a W3C Verifiable Credential, while it stands."""
    found = _certificate(number)
    ended = found.status_events.exists() or found.lot.status_events.exists()
    if ended or not queries.certificate_holds(found):
        raise Http404(_("This certificate does not stand any more."))
    now = timezone.now()
    try:
        signer = queries.signer_for(KeyPurpose.CERTIFICATE, at=now)
    except signing.MissingKey as error:
        log.error("No credential of %s: %s", found.number, error)
        raise Http404(_("No credential can be signed just now.")) from error
    claimed = credentials.credential_of(
        found, base_url=settings.BASE_URL, origin=settings.LOG_ORIGIN
    )
    told = credentials.secured(
        claimed,
        method=f"{claimed['issuer']}#{signer.key_id}",
        created=now,
        sign=signer.sign,
    )
    response = JsonResponse(
        told,
        content_type="application/vc",
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )
    return _to_save(response, f"{found.number}-credential.json")


@require_safe
def controller(request: HttpRequest) -> HttpResponse:
    """The keys behind credentials, where did:web looks for them."""
    try:
        methods = queries.credential_methods()
    except (KeyListRejected, signing.MissingKey) as error:
        log.error("No controller document: %s", error)
        raise Http404(_("No key is vouched for just now.")) from error
    did = credentials.did_of(settings.BASE_URL)
    response = JsonResponse(
        credentials.controller_document(did, methods), json_dumps_params={"indent": 1}
    )
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def certificate_as_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The certificate on A4, with the names shortened as on the page."""
    found = _certificate(number)
    if not queries.certificate_holds(found):
        return redirect("traceability:certificate", number=found.number)
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


def _to_save(response: HttpResponse, name: str) -> HttpResponse:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _proof(found: Certificate) -> tuple[dict[str, Any], bool]:
    """What proves it, if there is a proof yet; and whether the log is too damaged."""
    try:
        proof = queries.proof_of(found.leaf)
        if proof is None:
            return {}, False
        growth = queries.growth_since(found.leaf, proof.checkpoint)
        return {"proof": proof, "growth": growth}, False
    except tlog.LogDamaged as error:
        log.error("No proof of %s: %s", found.number, error)
        return {}, True
