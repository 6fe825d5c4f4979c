"""The description of the interface, held against the interface."""

import json
import re
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
from django.test import Client
from django.urls import resolve

from shop.users.models import User
from tests.factories.traceability import NOW
from tests.traceability.epcis.conftest import CONTEXT, Program, document, event
from traceability import operations as lots
from traceability.epcis import openapi, operations, reading
from traceability.epcis.asking import PARAMETERS
from traceability.epcis.urls import urlpatterns
from traceability.models import Label

pytestmark = pytest.mark.django_db
GTIN = "09506000134352"
# The records have a description of their own: tests/traceability/test_records.py.
ELSEWHERE = re.compile("partners|access_|item_|developers|openapi|records")


def described() -> dict[str, Any]:
    return openapi.document()


def schema_of(name: str) -> jsonschema_rs.Draft202012Validator:
    whole = described()
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}
    )


def checked(answer: Any, path: str, verb: str) -> Any:
    """The answer, which is one of those that are described, in every respect."""
    told = described()["paths"][path][verb]["responses"]
    status = str(answer.status_code)
    assert status in told, (path, verb, status, answer.content)
    for header in told[status].get("headers", {}):
        assert header in answer or header == "Link"
    content = told[status].get("content", {})
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if content:
        assert kind in content
        wanted = content[kind].get("schema")
        if wanted:
            name = wanted["$ref"].rsplit("/", 1)[1]
            value = json.loads(answer.content)
            assert [str(e) for e in schema_of(name).iter_errors(value)] == []
            if name.startswith("EPCIS"):
                assert list(reading.schema_problems(value)) == []
    else:
        assert answer.content == b""
    return answer


class TestDescription:
    def test_is_given_out(self, anybody: Client) -> None:
        answer = anybody.get("/epcis/openapi.json")
        assert answer.json() == described()
        assert (
            'href="/epcis/openapi.json"' in anybody.get("/developers/").content.decode()
        )

    def test_has_every_address_and_no_other(self) -> None:
        names = {str(pattern.name) for pattern in urlpatterns}
        wanted = {name for name in names if not ELSEWHERE.search(name)}
        paths = (re.sub(r"\{\w+\}", "1", path) for path in described()["paths"])
        found = {resolve(path).url_name for path in paths}
        assert found == wanted

    def test_has_every_parameter(self) -> None:
        told = described()["paths"]["/epcis/events"]["get"]["parameters"]
        assert {one["name"] for one in told} == set(PARAMETERS)

    def test_refers_to_nothing_that_is_not_there(self) -> None:
        text = json.dumps(described())
        names = set(re.findall(r'"#/components/schemas/(\w+)"', text))
        assert names == set(described()["components"]["schemas"])


class TestAnswers:
    """Every status that is described is met once, and is as described."""

    def test_of_capture(self, program: Program, anybody: Client) -> None:
        path, good = "/epcis/capture", document(event())
        met = [
            program.post(path, good),
            program.post(path, b"{"),
            anybody.post(path, "{}", content_type="application/json"),
            program.post(path, good, Accept="text/html"),
            program.post(path, b" " * (reading.MOST_BYTES + 1)),
            program.client.post(path, {"a": 1}, headers=program.headers),
        ]
        self.all_met(met, path, "post")
        program.capture(event())
        met = [
            program.get(path),
            program.get(path, colour="red"),
            anybody.get(path),
            anybody.get(path, headers={"accept": "text/html"}),
            program.get(path, perPage="9" * 9_000),
        ]
        self.all_met(met, path, "get")

    def test_of_jobs(self, program: Program, anybody: Client) -> None:
        job = program.capture(event(), event())
        assert job["errors"]
        path = f"/epcis/capture/{job['captureID']}"
        met = [
            program.get(path),
            anybody.get(path),
            program.get("/epcis/capture/none"),
            anybody.get(path, headers={"accept": "text/html"}),
        ]
        self.all_met(met, "/epcis/capture/{captureID}", "get")

    def test_of_events(self, program: Program, anybody: Client) -> None:
        path, good = "/epcis/events", {"@context": CONTEXT, **event()}
        met = [
            program.post(path, good),
            program.post(path, good),
            program.post(path, {"@context": CONTEXT}),
            anybody.post(path, "{}", content_type="application/json"),
            program.post(path, good, Accept="text/html"),
            program.post(path, b" " * (reading.MOST_BYTES + 1)),
            program.client.post(path, {"a": 1}, headers=program.headers),
        ]
        self.all_met(met, path, "post")
        met = [
            program.get(path, perPage="1"),
            program.get(path, colour="red"),
            anybody.get(path, headers={"authorization": "Bearer x"}),
            anybody.get(path, headers={"accept": "text/html"}),
            program.get(path, perPage="9" * 9_000),
        ]
        self.all_met(met, path, "get")

    def test_of_one_event(self, program: Program, anybody: Client) -> None:
        program.capture(event())
        (found,) = program.found()
        path = f"/epcis/events/{quote(found['eventID'], safe='')}"
        met = [
            program.get(path),
            anybody.get(path),
            anybody.get(path, headers={"authorization": "Bearer x"}),
            anybody.get(path, headers={"accept": "text/html"}),
        ]
        self.all_met(met, "/epcis/events/{eventID}", "get")

    def test_of_what_there_is(self, anybody: Client) -> None:
        met = [
            anybody.get("/epcis/"),
            anybody.get("/epcis/", headers={"accept": "text/html"}),
        ]
        self.all_met(met, "/epcis/", "get")
        resolver = anybody.get("/.well-known/gs1resolver")
        self.all_met([resolver], "/.well-known/gs1resolver", "get")

    def test_of_digital_links(
        self, label: Label, operator: User, anybody: Client
    ) -> None:
        operations.register_trade_item(
            gtin=GTIN, lot_number=label.lot.number, by=operator, at=NOW
        )
        values = {"gtin": GTIN, "lot": label.lot.number, "code": label.code}
        for path in described()["paths"]:
            if not path.startswith("/01/"):
                continue
            good = path.format(**values)
            met = [
                anybody.get(good),
                anybody.get(good, {"linkType": "linkset"}),
                anybody.get(path.format(**values | {"gtin": "09506000134353"})),
                anybody.get(path.format(**values | {"gtin": "09506000134369"})),
            ]
            self.all_met(met, path, "get")

    def all_met(self, met: list[Any], path: str, verb: str) -> None:
        told = described()["paths"][path][verb]["responses"]
        assert {str(checked(one, path, verb).status_code) for one in met} == set(told)


class TestDevelopersPage:
    def test_gives_an_example_that_works(
        self, label: Label, zhao: User, anybody: Client
    ) -> None:
        lots.record_event(lot=label.lot, kind="ship", happened_at=NOW, by=zhao, at=NOW)
        page = anybody.get("/developers/").content.decode()
        shown = re.search(r"GET (\S+/epcis/events\S+)", page)
        assert shown is not None
        url = shown[1].replace("&amp;", "&").partition("</p>")[0]
        answer = anybody.get("/epcis/" + url.partition("/epcis/")[2])
        assert len(json.loads(answer.content)["epcisBody"]) == 1
        assert "shipping" in answer.content.decode()
