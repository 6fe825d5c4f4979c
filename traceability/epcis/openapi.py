"""The interface described for programs: OpenAPI 3.1, made from what the code reads.

Tests hold it against the addresses there are and what the views answer. In English,
as its readers' tools are; the page for people is in both languages.
"""

from typing import Any

from django.conf import settings

from traceability.epcis.asking import LONGEST_PAGE, MATCHES, PAGE, PARAMETERS
from traceability.epcis.linksets import LINKSET
from traceability.epcis.reading import CONTEXT, MOST_BYTES, MOST_EVENTS
from traceability.epcis.validation import TYPES

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_REASONS = {
    400: "Not right; `detail` says what to change.",
    401: "No token, or one that opens nothing.",
    404: "Not there, or not for you.",
    406: "Another version, or another kind of answer, was asked for.",
    409: "You told this event before.",
    413: "Too many bytes or events.",
    414: "The address is too long.",
    415: "Not JSON.",
    501: "We do not do this.",
}
_TIMES = ("GE_eventTime", "LT_eventTime", "GE_recordTime", "LT_recordTime")
_SAID = {
    "eventType": f"Of {', '.join(TYPES)}.",
    "eventID": "The same as EQ_eventID.",
    "perPage": f"Events on a page: {PAGE} unless told, {LONGEST_PAGE} at most.",
    "nextPageToken": "Where the next page begins; take it from the Link header.",
    "orderBy": "eventTime (unless told) or recordTime.",
    "orderDirection": "DESC (unless told) or ASC.",
    "EXISTS_errorDeclaration": "true: only events that take another back.",
}


def document() -> dict[str, Any]:
    """The whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Xiangji: EPCIS 2.0 and GS1 Digital Link",
            "version": "1.0.0",
            "description": (
                "Events in and out as GS1's EPCIS 2.0 REST binding has them, in JSON-LD"
                " only. Without a token: our own events of lots whose certificate is"
                " public. With one: the party's own events too. Several values of a"
                " parameter are separated by `|`; an unknown parameter is refused."
            ),
        },
        "servers": [{"url": settings.BASE_URL}],
        "paths": {
            "/epcis/": {"get": _get("What there is.", {200: _json("Collection")})},
            "/epcis/capture": {
                "get": _get(
                    "Capture jobs, newest first.",
                    {200: _json("CaptureJobs", paged=True)},
                    refused=(400, 401, 406, 414),
                    parameters=[_parameter("perPage"), _parameter("nextPageToken")],
                ),
                "post": _capture(),
            },
            "/epcis/capture/{captureID}": {
                "get": _get(
                    "What became of a document.",
                    {200: _json("CaptureJob")},
                    refused=(401, 404, 406),
                    parameters=[_in_path("captureID")],
                )
            },
            "/epcis/events": {
                "get": _get(
                    "Events, one page. EPCIS 2.0 §8.2.7.1.",
                    {200: _json("EPCISQueryDocument", paged=True)},
                    refused=(400, 401, 406, 414),
                    parameters=[_parameter(name) for name in PARAMETERS],
                ),
                "post": _post_event(),
            },
            "/epcis/events/{eventID}": {
                "get": _get(
                    "One event by its eventID (escaped), with what takes it back.",
                    {200: _json("EPCISQueryDocument")},
                    refused=(401, 404, 406),
                    parameters=[_in_path("eventID")],
                )
            },
            **_named_queries(),
            **_links(),
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _get(
    summary: str,
    answers: dict[int, Any],
    *,
    refused: tuple[int, ...] = (406,),
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": [{}, {"token": []}],
        "parameters": parameters or [],
        "responses": _responses(answers, refused),
    }


def _capture() -> dict[str, Any]:
    behaviour = {
        "name": "GS1-Capture-Error-Behaviour",
        "in": "header",
        "description": "rollback (unless told): all or nothing. proceed: what can be.",
        "schema": {"type": "string", "enum": ["rollback", "proceed"]},
    }
    return {
        "summary": f"Send up to {MOST_EVENTS} events in {MOST_BYTES} bytes.",
        "description": (
            "Events are judged and kept before the answer; the job says what became of"
            " each. What cannot be read at all leaves no job. recordTime is ours,"
            " whatever was sent. An event without eventID is named by its CBV 2.0 hash."
        ),
        "security": [{"token": []}],
        "parameters": [behaviour],
        "requestBody": _body("EPCISDocument"),
        "responses": _responses({202: _made("capture job")}, (400, 401, 406, 413, 415)),
    }


def _post_event() -> dict[str, Any]:
    made = _made("event")
    made["content"] = {_JSON: {"schema": _ref("EPCISEvent")}}
    return {
        "summary": "Send one event.",
        "security": [{"token": []}],
        "requestBody": _body("EPCISEvent"),
        "responses": _responses({201: made}, (400, 401, 406, 409, 413, 415)),
    }


def _named_queries() -> dict[str, Any]:
    """Queries that a party keeps under a name. Nobody is subscribed."""
    name = [_in_path("name")]
    paging = [_parameter("perPage"), _parameter("nextPageToken")]
    unsubscribed = {
        "summary": "We call nobody back; ask again with GE_recordTime.",
        "security": [{"token": []}],
        "parameters": name,
        "responses": _responses({}, (401, 404, 406, 501)),
    }
    return {
        "/epcis/queries": {
            "get": _get(
                "Your named queries, oldest first.",
                {200: _json("Queries", paged=True)},
                refused=(400, 401, 406, 414),
                parameters=paging,
            ),
            "post": {
                "summary": "Keep a query under a name: parameters as of /epcis/events.",
                "security": [{"token": []}],
                "requestBody": _body("Query"),
                "responses": _responses(
                    {201: _made("named query")}, (400, 401, 406, 409, 413, 415)
                ),
            },
        },
        "/epcis/queries/{name}": {
            "get": _get(
                "One of them.",
                {200: _json("Query")},
                refused=(401, 404, 406),
                parameters=name,
            ),
            "delete": {
                "summary": "Forget it.",
                "security": [{"token": []}],
                "parameters": name,
                "responses": _responses(
                    {204: {"description": "Forgotten."}}, (401, 404, 406)
                ),
            },
        },
        "/epcis/queries/{name}/events": {
            "get": _get(
                "What it finds now, one page.",
                {200: _json("EPCISQueryDocument", paged=True)},
                refused=(400, 401, 404, 406, 414),
                parameters=[*name, *paging],
            )
        },
        "/epcis/queries/{name}/subscriptions": {
            "get": unsubscribed,
            "post": unsubscribed,
        },
    }


def _links() -> dict[str, Any]:
    """The Digital Links: a browser's way, and the set of links for programs."""
    kinds = {
        "name": "linkType",
        "in": "query",
        "description": "linkset or all: the set of links; gs1:pip …: one kind.",
        "schema": {"type": "string"},
    }
    onward = {
        "description": "On to the page.",
        "headers": {"Location": _header(), "Link": _header()},
    }
    told = {
        "description": "The set of links (RFC 9264).",
        "content": {LINKSET: {"schema": _ref("Linkset")}},
    }
    broken = {"description": "A page that says why.", "content": {"text/html": {}}}
    answers = {"200": told, "307": onward, "400": broken, "404": broken}
    paths: dict[str, Any] = {}
    for path, names in (
        ("/01/{gtin}", ("gtin",)),
        ("/01/{gtin}/10/{lot}", ("gtin", "lot")),
        ("/01/{gtin}/10/{lot}/21/{code}", ("gtin", "lot", "code")),
        ("/01/{gtin}/21/{code}", ("gtin", "code")),
    ):
        paths[path] = {
            "get": {
                "summary": "A GS1 Digital Link of one of our producers.",
                "security": [{}],
                "parameters": [*(_in_path(name) for name in names), kinds],
                "responses": answers,
            }
        }
    paths["/.well-known/gs1resolver"] = {
        "get": {
            "summary": "What this resolver can do.",
            "security": [{}],
            "responses": {"200": _json("Resolver")},
        }
    }
    return paths


def _responses(answers: dict[int, Any], refused: tuple[int, ...]) -> dict[str, Any]:
    problems = {
        str(status): {
            "description": _REASONS[status],
            "content": {_PROBLEM: {"schema": _ref("Problem")}},
        }
        for status in refused
    }
    return {str(status): answer for status, answer in answers.items()} | problems


def _json(schema: str, *, paged: bool = False) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": schema,
        "content": {_JSON: {"schema": _ref(schema)}},
    }
    if paged:
        answer["headers"] = {"Link": _header()}
    return answer


def _made(what: str) -> dict[str, Any]:
    return {"description": f"The {what}.", "headers": {"Location": _header()}}


def _body(schema: str) -> dict[str, Any]:
    kinds = (_JSON, "application/ld+json")
    return {
        "required": True,
        "content": {kind: {"schema": _ref(schema)} for kind in kinds},
    }


def _parameter(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name in _TIMES:
        schema["format"] = "date-time"
    if name == "perPage":
        schema = {"type": "integer", "minimum": 1}
    said = _SAID.get(name, "")
    if name in MATCHES:
        said = "Identifiers, as URN or Digital Link, or patterns urn:epc:idpat:…*."
    return {"name": name, "in": "query", "description": said, "schema": schema}


def _in_path(name: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _header() -> dict[str, Any]:
    return {"schema": {"type": "string"}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Any]:
    text = {"type": "string"}
    gs1 = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-json-schema.json"

    def theirs(of: str) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"type": "string"}},
            "description": f"{of}; see {gs1} and {CONTEXT}.",
        }

    job = {
        "captureID": text,
        "createdAt": text | {"format": "date-time"},
        "finishedAt": text | {"format": "date-time"},
        "running": {"type": "boolean"},
        "success": {"type": "boolean"},
        "captureErrorBehaviour": text | {"enum": ["rollback", "proceed"]},
        "errors": {"type": "array", "items": _ref("Problem")},
    }
    problem = {
        "type": text,
        "title": text,
        "status": {"type": "integer"},
        "detail": text,
        "instance": text,
    }
    return {
        "EPCISDocument": theirs("GS1's EPCISDocument or EPCISQueryDocument"),
        "EPCISQueryDocument": theirs("GS1's EPCISQueryDocument"),
        "EPCISEvent": theirs("GS1's EPCISEvent"),
        "Collection": {"type": "object", "required": ["type", "member"]},
        "CaptureJob": {
            "type": "object",
            "required": list(job),
            "properties": job,
            "additionalProperties": False,
        },
        "CaptureJobs": {"type": "array", "items": _ref("CaptureJob")},
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": problem,
            "additionalProperties": False,
        },
        "Query": {
            "type": "object",
            "required": ["name", "query"],
            "properties": {"name": text, "query": {"type": "object"}},
            "additionalProperties": False,
        },
        "Queries": {"type": "array", "items": _ref("Query")},
        "Linkset": {"type": "object", "required": ["linkset"]},
        "Resolver": {
            "type": "object",
            "required": ["resolverRoot", "supportedPrimaryKeys"],
        },
    }
