"""The records as JSON, for programs: the same parts as on the page for people.

A token of the county reads the lots of the place that staff gave it; somebody who is
logged in reads what their pages show. Problems as RFC 9457 has them.
"""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from partners.keys import key_in
from partners.organisations.queries import own_prefix
from traceability import queries as traceability
from traceability.epcis import operations, queries
from traceability.models import Lot
from traceability.queries.records import PARTS, page

LONGEST_PAGE = 200
_PAGE = 50


class Refused(Exception):
    """The request is not answered; says why, with its status."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail


@never_cache
def part(request: HttpRequest, name: str) -> HttpResponse:
    """One page of one part."""
    try:
        if request.method not in ("GET", "HEAD"):
            raise Refused(405, _("This method does nothing here"), "GET, HEAD")
        if name not in PARTS:
            raise Refused(404, _("There is no such thing"), ", ".join(PARTS))
        return _answer(request, name)
    except Refused as error:
        return _problem(error)


@never_cache
def description(request: HttpRequest) -> HttpResponse:
    """The interface, described for programs."""
    if request.method not in ("GET", "HEAD"):
        raise Http404
    return JsonResponse(document())


def _answer(request: HttpRequest, name: str) -> HttpResponse:
    lots, before, size = _lots(request), _before(request), _size(request)
    found = page(name, lots, now=timezone.now(), before=before, size=size)
    answer: dict[str, Any] = {"part": name, "items": found.items}
    response = JsonResponse(answer, json_dumps_params={"ensure_ascii": False})
    if found.next_key is not None:
        where = reverse("epcis:records", args=[name])
        following = f"{where}?size={size}&before={found.next_key}"
        response["Link"] = f'<{request.build_absolute_uri(following)}>; rel="next"'
    return response


def _lots(request: HttpRequest) -> QuerySet[Lot]:
    said = request.headers.get("Authorization")
    if said is None:
        if not request.user.has_perm("traceability.view_records"):
            raise Refused(
                401,
                _("A token is needed"),
                _("This is for programs with a token of the county."),
            )
        return traceability.lots_for(request.user)
    kind, _space, secret = said.partition(" ")
    if kind.lower() != "bearer":
        words = _("Send the token as “Authorization: Bearer …”.")
        raise Refused(401, _("A token is needed"), words)
    try:
        fingerprint = operations.fingerprint_of(secret=secret.strip())
        party = queries.party_with(fingerprint=fingerprint)
    except queries.UnknownAccess as error:
        raise Refused(401, _("A token is needed"), str(error)) from error
    if party.reads_records_of is None:
        words = _("This token reads no records. Ask the county to allow it.")
        raise Refused(403, _("This is not for you"), words)
    inside = own_prefix(party.reads_records_of)
    return Lot.objects.filter(village__code__startswith=inside)


def _before(request: HttpRequest) -> int | None:
    text = request.GET.get("before")
    if text is None:
        return None
    key = key_in(text)
    if key is None:
        words = _("“before” is a number from a Link header.")
        raise Refused(400, _("The request is not right"), words)
    return key


def _size(request: HttpRequest) -> int:
    size = key_in(request.GET.get("size", str(_PAGE)))
    if size is None or not 1 <= size <= LONGEST_PAGE:
        words = _("“size” is a number from 1 to %(most)d.") % {"most": LONGEST_PAGE}
        raise Refused(400, _("The request is not right"), words)
    return size


def _problem(error: Refused) -> HttpResponse:
    response = JsonResponse(
        {
            "type": "about:blank",
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
        },
        status=error.status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="records"'
    if error.status == 405:
        response["Allow"] = "GET, HEAD"
    return response


# The description


_TEXT, _GRAMS = {"type": "string"}, {"type": "integer", "minimum": 0}
_DAY = {"type": "string", "format": "date"}
_COUNT = _GRAMS
_LOT = {
    "lot": _TEXT,
    "product": _TEXT,
    "crop": _TEXT,
    "village": {"type": "string", "pattern": "^[0-9]{12}$"},
    "harvested_on": _DAY,
    "weight_g": _GRAMS,
    "certified_g": _GRAMS,
    "free_g": _GRAMS,
}
_FACTS: dict[str, dict[str, Any]] = {
    "today": _LOT,
    "tests": _LOT,
    "uncertified": _LOT,
    "certificates": {
        "certificate": _TEXT,
        "lot": _TEXT,
        "product": _TEXT,
        "form": {"enum": ["enterprise", "cooperative", "household", "buyer"]},
        "quantity_g": _GRAMS,
        "left_g": _GRAMS,
        "issued_at": {"type": "string", "format": "date-time"},
    },
    "licences": {
        "mark": {"enum": ["gi_licence", "green_food", "organic"]},
        "number": _TEXT,
        "holder": _TEXT,
        "crop": _TEXT,
        "area": {"type": "string", "pattern": "^[0-9]{12}$"},
        "quantity_g": _GRAMS,
        "left_g": _GRAMS,
        "valid_from": _DAY,
        "valid_to": _DAY,
    },
    "labels": {
        "batch": _TEXT,
        "lot": _TEXT,
        "certificate": _TEXT,
        "product": _TEXT,
        "pack_g": _GRAMS,
        "minted": _COUNT,
        "packed": _COUNT,
        "voided": _COUNT,
        "left": _COUNT,
        "expires_on": {"type": ["string", "null"], "format": "date"},
    },
}
_SAID = {
    "today": "Lots recorded or picked today.",
    "tests": "Lots whose certificate promises a test and that have no report.",
    "uncertified": "Lots picked lately of which nothing is certified.",
    "certificates": "Certificates with little left to label.",
    "licences": "Licences that run out soon, or of which little is left.",
    "labels": "Label batches: made, on packages, out of use, left.",
}


def document() -> dict[str, Any]:
    """The whole description, OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Xiangji: records of traceability",
            "version": "1.0.0",
            "description": (
                "What assistants, cooperatives and inspectors look at, newest first."
                " Weights are whole grams, places 12-digit codes, days Beijing's."
            ),
        },
        "servers": [{"url": settings.BASE_URL}],
        "paths": {f"/api/trace/records/{name}": {"get": _get(name)} for name in PARTS},
        "components": {
            "schemas": {
                "Problem": _object(
                    {
                        "type": _TEXT,
                        "title": _TEXT,
                        "status": {"type": "integer"},
                        "detail": _TEXT,
                    }
                ),
                **{name: _object(facts) for name, facts in _FACTS.items()},
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _get(name: str) -> dict[str, Any]:
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
    problem = {"$ref": "#/components/schemas/Problem"}
    told = {"application/problem+json": {"schema": problem}}
    reasons = {
        "400": "before or size is no number.",
        "401": "No token, or one that opens nothing.",
        "403": "The token reads no records.",
    }
    return {
        "summary": _SAID[name],
        "security": [{"token": []}],
        "parameters": [
            {
                "name": "before",
                "in": "query",
                "description": "Where the next page begins; from the Link header.",
                "schema": {"type": "integer", "minimum": 1},
            },
            {
                "name": "size",
                "in": "query",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LONGEST_PAGE,
                    "default": _PAGE,
                },
            },
        ],
        "responses": {
            "200": {
                "description": "A page.",
                "headers": {"Link": {"schema": _TEXT}},
                "content": {
                    "application/json": {
                        "schema": _object({"part": {"const": name}, "items": items})
                    }
                },
            },
            **{
                status: {"description": reason, "content": told}
                for status, reason in reasons.items()
            },
        },
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }
