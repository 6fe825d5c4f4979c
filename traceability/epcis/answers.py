"""How we answer: headers, problem documents, EPCIS documents.

Source: EPCIS 2.0 §12 and GS1's OpenAPI of its REST binding; RFC 7807 for problems.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from traceability.epcis import naming, operations, queries, reading
from traceability.epcis.asking import UnableToAsk
from traceability.epcis.models import CaptureJob, NamedQuery

View = Callable[..., HttpResponse]
JSON = ("application/json", "application/ld+json")
_VERSION = "2.0.0"
HEADERS = {
    "GS1-EPCIS-Version": _VERSION,
    "GS1-CBV-Version": _VERSION,
    "GS1-EPC-Format": "Never_Translates",
}
_DISCOVERY = {
    "GS1-EPCIS-Min": _VERSION,
    "GS1-EPCIS-Max": _VERSION,
    "GS1-CBV-Min": _VERSION,
    "GS1-CBV-Max": _VERSION,
}
CAPTURE_LIMITS = {
    "GS1-EPCIS-Capture-Limit": str(reading.MOST_EVENTS),
    "GS1-EPCIS-Capture-File-Size-Limit": str(reading.MOST_BYTES),
}
_LONGEST_ADDRESS = 8_000


class NotLetIn(Exception):
    """The address is only for programs with a token, or for staff."""


class NotAcceptable(Exception):
    """Nothing that we can answer would please the asker; says what we answer."""


class NotJson(Exception):
    """The body is of another kind than JSON; says which kinds we read."""


class AddressTooLong(Exception):
    """The address is longer than we read; says how long it may be."""


# What each refusal is called by EPCIS 2.0, and its status. The first that fits.
_PROBLEMS: tuple[tuple[type[Exception], int, str], ...] = (
    (reading.TooLarge, 413, "CaptureLimitExceededException"),
    (reading.UnableToRead, 400, "ValidationException"),
    (operations.CapturedAlready, 409, "ResourceAlreadyExistsException"),
    (operations.UnableToCapture, 400, "ValidationException"),
    (naming.NamedAlready, 409, "ResourceAlreadyExistsException"),
    (naming.UnableToName, 400, "QueryValidationException"),
    (UnableToAsk, 400, "QueryParameterException"),
    (queries.UnknownAccess, 401, "SecurityException"),
    (NotLetIn, 401, "SecurityException"),
    (NotAcceptable, 406, "NotAcceptableException"),
    (NotJson, 415, "UnsupportedMediaTypeException"),
    (AddressTooLong, 414, "URITooLongException"),
    (Http404, 404, "NoSuchResourceException"),
)
_REFUSALS = tuple(kind for kind, _status, _name in _PROBLEMS)


def endpoint(**methods: View) -> View:
    """An address of the interface: one view for each method.

    Knows OPTIONS, refuses what it cannot answer, and turns every refusal into a problem
    document. No cookie lets anybody write here, so that no forged post can.
    """
    allowed = ", ".join(["OPTIONS", *methods])

    @csrf_exempt
    @never_cache
    @wraps(next(iter(methods.values())))
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else str(request.method)
        try:
            if method == "OPTIONS":
                response = HttpResponse(status=204, headers={"Allow": allowed})
                _add(response, _DISCOVERY | CAPTURE_LIMITS)
                response["GS1-Capture-Error-Behaviour"] = "all"
            elif method not in methods:
                response = problem(405, "ImplementationException", allowed)
                response["Allow"] = allowed
            else:
                _negotiate(request)
                response = methods[method](request, *args, **named)
        except _REFUSALS as error:
            response = _refusal(error)
        _add(response, HEADERS)
        return response

    return answer


def problem(status: int, name: str, detail: str) -> JsonResponse:
    """A problem document, RFC 7807."""
    return JsonResponse(
        {
            "type": f"epcisException:{name}",
            "title": _TITLES[status](),
            "status": status,
            "detail": detail,
        },
        status=status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


def body_of(request: HttpRequest) -> bytes:
    """What was sent. Errors: reading.TooLarge, NotJson."""
    if request.content_type not in JSON or "Content-Encoding" in request.headers:
        raise NotJson(_("We read application/json and application/ld+json."))
    length = request.headers.get("Content-Length") or "0"
    if not length.isdigit() or int(length[:12]) > reading.MOST_BYTES:
        raise reading.TooLarge(
            _("A document has %(most)d bytes at most.") % {"most": reading.MOST_BYTES}
        )
    return request.body


def query_document(events: list[str], *, now: datetime) -> HttpResponse:
    """An EPCISQueryDocument around events that are JSON texts already."""
    created = now.astimezone(UTC).isoformat(timespec="milliseconds")
    frame: Mapping[str, Any] = {
        "@context": [reading.CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": created.replace("+00:00", "Z"),
        "epcisBody": {
            "queryResults": {
                "queryName": "SimpleEventQuery",
                "resultsBody": {"eventList": []},
            }
        },
    }
    head, tail = json.dumps(frame, separators=(",", ":")).rsplit("[]", 1)
    text = f"{head}[{','.join(events)}]{tail}"
    return HttpResponse(text, content_type="application/json")


def single_event(document: str) -> dict[str, Any]:
    """An event that goes alone, with the context that it then needs."""
    event: dict[str, Any] = json.loads(document)
    return {**event, "@context": [reading.CONTEXT, *event.get("@context", [])]}


def job_document(job: CaptureJob) -> dict[str, Any]:
    """A capture job as its party reads it."""
    at = job.created_at.astimezone(UTC).isoformat(timespec="seconds")
    at = at.replace("+00:00", "Z")
    return {
        "captureID": job.id.hex,
        "createdAt": at,
        # A document is judged and kept while it is being sent.
        "finishedAt": at,
        "running": False,
        "success": not job.errors,
        "captureErrorBehaviour": job.behaviour,
        "errors": job.errors,
    }


def query_definition(named: NamedQuery) -> dict[str, Any]:
    """A named query as its party sent it."""
    return {"name": named.name, "query": named.definition}


def with_next(response: HttpResponse, request: HttpRequest, token: str) -> HttpResponse:
    """The response with a Link to the next page, where there is one."""
    if token:
        query = request.GET.copy()
        query["nextPageToken"] = token
        url = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
        response["Link"] = f'<{url}>; rel="next"'
    return response


def location(name: str, *args: str) -> dict[str, str]:
    """Where the thing that was made is found."""
    return {"Location": reverse(f"epcis:{name}", args=args)}


def _negotiate(request: HttpRequest) -> None:
    if len(request.get_full_path()) > _LONGEST_ADDRESS:
        raise AddressTooLong(
            _("An address has %(most)d characters at most.")
            % {"most": _LONGEST_ADDRESS}
        )
    if not any(request.accepts(kind) for kind in JSON):
        raise NotAcceptable(_("We answer application/json and application/ld+json."))
    said = request.headers
    for name in ("GS1-EPCIS-Version", "GS1-CBV-Version", "GS1-EPCIS-Max"):
        if not said.get(name, "2.0").startswith("2."):
            raise NotAcceptable(_("We speak EPCIS and CBV 2.0."))
    if not said.get("GS1-EPCIS-Min", "1").startswith(("1.", "1", "2.0")):
        raise NotAcceptable(_("We speak EPCIS and CBV 2.0."))
    if said.get("GS1-EPC-Format", "").startswith("Always"):
        raise NotAcceptable(_("We give identifiers as they were given to us."))


def _add(response: HttpResponse, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        response[name] = value


def _refusal(error: Exception) -> HttpResponse:
    status, name = next(
        (status, name) for kind, status, name in _PROBLEMS if isinstance(error, kind)
    )
    response = problem(status, name, str(error))
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="epcis"'
    if status == 413:
        _add(response, CAPTURE_LIMITS)
    return response


_TITLES: dict[int, Callable[[], str]] = {
    400: lambda: _("The request is not right"),
    401: lambda: _("A token is needed"),
    404: lambda: _("There is no such thing"),
    405: lambda: _("This method does nothing here"),
    406: lambda: _("We cannot answer in this way"),
    409: lambda: _("This is here already"),
    413: lambda: _("The document is too large"),
    414: lambda: _("The address is too long"),
    415: lambda: _("We cannot read this kind of document"),
    501: lambda: _("We do not do this"),
}
