"""A partner with a token, and events as GS1 writes them."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.translation import override

from shop.users.models import Role, User
from tests.factories.people import new_user
from tests.factories.traceability import NOW, english_client
from traceability.epcis import operations
from traceability.epcis.models import Party

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
GS1 = VECTORS / "gs1-epcis" / "JSON"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-11-18T09:00:00+08:00",
    "eventTimeZoneOffset": "+08:00",
    "epcList": ["https://id.gs1.org/01/09506000134352/21/A1"],
    "action": "OBSERVE",
    "bizStep": "shipping",
    "disposition": "in_transit",
    "readPoint": {"id": "https://id.gs1.org/414/9506000134376"},
}


def event(**changes: Any) -> dict[str, Any]:
    """An event that is right, with changes; None takes a field away."""
    made = deepcopy(EVENT) | changes
    return {name: value for name, value in made.items() if value is not None}


def document(*events: dict[str, Any], **changes: Any) -> dict[str, Any]:
    made = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-19T09:00:00+08:00",
        "epcisBody": {"eventList": list(events)},
    }
    return made | changes


class Program:
    """A partner's program: speaks JSON and carries its token."""

    def __init__(self, secret: str) -> None:
        self.client = english_client()
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query, headers=self.headers)

    def post(self, path: str, value: Any, **headers: str) -> Any:
        body = value if isinstance(value, bytes) else json.dumps(value)
        return self.client.post(
            path,
            body,
            content_type="application/json",
            headers=self.headers
            | {name.replace("_", "-"): text for name, text in headers.items()},
        )

    def capture(self, *events: dict[str, Any], **headers: str) -> Any:
        """The job that came of a document of these events."""
        answer = self.post("/epcis/capture", document(*events), **headers)
        assert answer.status_code == 202, answer.content
        return self.get(answer["Location"]).json()

    def found(self, **query: Any) -> list[dict[str, Any]]:
        return events_in(self.get("/epcis/events", **query))


def events_in(answer: HttpResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    body = json.loads(answer.content)["epcisBody"]
    found: list[dict[str, Any]] = body["queryResults"]["resultsBody"]["eventList"]
    return found


@pytest.fixture
def english() -> Iterator[None]:
    """Sentences of operations in English, so that they can be looked for."""
    with override("en"):
        yield


@pytest.fixture
def operator() -> User:
    return new_user(name="周示例", role=Role.OPERATOR)


@pytest.fixture
def party(operator: User) -> Party:
    return operations.register_party(name="示例冷链公司", by=operator, at=NOW)


@pytest.fixture
def program(party: Party, operator: User) -> Program:
    return Program(operations.give_access(party=party, by=operator, at=NOW)[1])


@pytest.fixture
def stranger(operator: User) -> Program:
    """Another partner's program."""
    other = operations.register_party(name="示例批发市场", by=operator, at=NOW)
    return Program(operations.give_access(party=other, by=operator, at=NOW)[1])


@pytest.fixture
def anybody() -> Client:
    return english_client()
