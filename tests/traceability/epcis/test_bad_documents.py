"""What is wrong with a document gets its own answer, and leaves nothing behind."""

import json
from typing import Any

import pytest

from tests.bounds import little_work
from tests.traceability.epcis.conftest import CONTEXT, Program, document, event
from traceability.epcis import reading, validation
from traceability.epcis.models import CapturedEvent, CaptureJob

pytestmark = pytest.mark.django_db
GTIN = "https://id.gs1.org/01/09506000134352"
SSCC = "https://id.gs1.org/00/340123451111111111"
PO = [{"type": "po", "bizTransaction": "http://example.cn/po/1"}]


def family(**changes: Any) -> dict[str, Any]:
    return (
        event(
            type="AggregationEvent",
            epcList=None,
            parentID=SSCC,
            childEPCs=[f"{GTIN}/21/A1"],
            action="ADD",
        )
        | changes
    )


def transformation(**changes: Any) -> dict[str, Any]:
    made = event(type="TransformationEvent", epcList=None, action=None)
    made |= {"inputEPCList": [f"{GTIN}/21/A1"], "outputEPCList": [f"{GTIN}/21/B1"]}
    return {k: v for k, v in (made | changes).items() if v is not None}


def quantity(**facts: Any) -> dict[str, Any]:
    return event(quantityList=[{"epcClass": f"{GTIN}/10/L1"} | facts])


WRONG_EVENTS = {
    "future": (event(eventTime="2126-01-01T00:00:00Z"), "has not come yet"),
    "no moment": (event(eventTime="yesterday"), "eventTime"),
    "no zone": (event(eventTime="2026-11-18T09:00:00"), "eventTime"),
    "thirteenth month": (event(eventTime="2026-13-18T09:00:00Z"), "eventTime"),
    "leap second": (event(eventTime="2016-12-31T23:59:60Z"), "no moment"),
    "year 1": (event(eventTime="0001-01-01T00:00:00+14:00"), "no moment"),
    "offset of 15 hours": (event(eventTimeZoneOffset="+15:00"), "eventTimeZoneOffset"),
    "offset Z": (event(eventTimeZoneOffset="Z"), "eventTimeZoneOffset"),
    "offset with a line end": (
        event(eventTimeZoneOffset="+08:00\n"),
        "eventTimeZoneOffset",
    ),
    "no offset": (event(eventTimeZoneOffset=None), "eventTimeZoneOffset"),
    "check digit": (event(epcList=[f"{GTIN[:-1]}3/21/A1"]), "check digit"),
    "check digit of a place": (
        event(readPoint={"id": "https://id.gs1.org/414/9506000134377"}),
        "check digit",
    ),
    "EPC that is none": (
        event(epcList=["urn:epc:id:sgtin:0614141.1073460.1"]),
        "does not have the form",
    ),
    "EPC twice": (event(epcList=[f"{GTIN}/21/A1"] * 2), "unique"),
    "EPC in two spellings": (
        event(epcList=[f"{GTIN}/21/A1", "urn:epc:id:sgtin:9506000.013435.A1"]),
        "twice",
    ),
    "no objects": (event(epcList=[]), "names objects"),
    "unknown step": (event(bizStep="teleporting"), "bizStep"),
    "unknown step as URI": (
        event(bizStep="https://ref.gs1.org/cbv/BizStep-teleporting"),
        "no word “teleporting”",
    ),
    "unknown disposition": (event(disposition="vanished"), "disposition"),
    "unknown disposition as CURIE": (
        event(disposition="cbv:Disp-vanished"),
        "no word “vanished”",
    ),
    "set and unset": (
        event(persistentDisposition={"set": ["recalled"], "unset": ["recalled"]}),
        "at once",
    ),
    "zero": (quantity(quantity=0, uom="KGM"), "more than zero"),
    "below zero": (quantity(quantity=-5, uom="KGM"), "more than zero"),
    "quantity of a galaxy": (quantity(quantity=10**13, uom="KGM"), "at most"),
    "half a piece": (quantity(quantity=1.5), "whole"),
    "unit of nothing": (quantity(uom="KGM"), "without a quantity"),
    "quantity as text": (quantity(quantity="5", uom="KGM"), "quantity"),
    "unknown type": (event(type="TeleportEvent"), "one of the five"),
    "own type": (event(type="https://example.cn/TeleportEvent"), "one of the five"),
    "no type": (event(type=None), "one of the five"),
    "list as type": (event(type=["ObjectEvent"]), "one of the five"),
    "no action": (event(action=None), "action"),
    "unknown action": (event(action="SHOUT"), "action"),
    "unknown field": (event(colour="red"), "colour"),
    "ilmd without ADD": (event(ilmd={"x:batch": "1"}), "ilmd"),
    "ADD without parent": (family(parentID=None) | {"parentID": ""}, "parentID"),
    "ADD without children": (family(childEPCs=[]), "childEPCs"),
    "in itself": (family(childEPCs=[SSCC]), "in itself"),
    "transaction of nothing": (
        event(type="TransactionEvent", bizTransactionList=[]),
        "bizTransactionList",
    ),
    "transaction without objects": (
        event(type="TransactionEvent", bizTransactionList=PO, epcList=[]),
        "name the objects",
    ),
    "transformation with an action": (transformation(action="ADD"), "action"),
    "transformation into nothing": (
        transformation(outputEPCList=[]),
        "went in",
    ),
    "sensor's time": (
        event(
            sensorElementList=[
                {
                    "sensorMetadata": {
                        "startTime": "2026-11-18T08:00:00Z",
                        "endTime": "2026-11-18T07:00:00Z",
                    },
                    "sensorReport": [{"type": "Temperature", "value": 4, "uom": "CEL"}],
                }
            ]
        ),
        "startTime",
    ),
    "declared in the future": (
        event(errorDeclaration={"declarationTime": "2126-01-01T00:00:00Z"}),
        "has not come yet",
    ),
    "long step": (event(bizStep="urn:x:" + "9" * 300), "bizStep"),
    "long disposition": (event(disposition="urn:x:" + "9" * 300), "disposition"),
    "serial that is long when escaped": (
        event(epcList=[f"{GTIN}/21/" + "!" * 90]),
        "250",
    ),
    "long place": (event(readPoint={"id": "urn:x:" + "9" * 300}), "250"),
    "long name": (event(eventID="urn:x:" + "9" * 300), "eventID"),
}


# Only our own rules know of these.
SCHEMA_TAKES = {
    *("future", "leap second", "year 1", "declared in the future", "sensor's time"),
    *("check digit", "check digit of a place", "EPC that is none"),
    *("EPC in two spellings", "no objects", "in itself", "own type", "long name"),
    *("long step", "long disposition", "long place"),
    "serial that is long when escaped",
    *("unknown step as URI", "unknown disposition as CURIE", "set and unset"),
    *("zero", "below zero", "quantity of a galaxy", "half a piece", "unit of nothing"),
    "transaction without objects",
}


class TestSchemaAlone:
    """The control of our own rules: without them these would be kept."""

    def test_takes_what_is_wrong(self) -> None:
        taken = {
            name
            for name, (wrong, _told) in WRONG_EVENTS.items()
            if not list(reading.schema_problems(wrong))
        }
        assert taken == SCHEMA_TAKES


@pytest.mark.parametrize(
    ("wrong", "told"), WRONG_EVENTS.values(), ids=WRONG_EVENTS.keys()
)
class TestWrongEvents:
    def test_are_told_apart_by_the_job(
        self, wrong: dict[str, Any], told: str, program: Program
    ) -> None:
        good = event(bizStep="receiving")
        job = program.capture(good, wrong, GS1_Capture_Error_Behaviour="proceed")
        assert job["success"] is False
        said = " ".join(error["detail"] for error in job["errors"])
        assert told in said
        assert {error["instance"] for error in job["errors"]} == {
            "#/epcisBody/eventList/1"
        }
        assert CapturedEvent.objects.get().biz_step == "receiving"

    def test_take_the_whole_document_with_them(
        self, wrong: dict[str, Any], told: str, program: Program
    ) -> None:
        job = program.capture(event(bizStep="receiving"), wrong)
        assert job["success"] is False
        assert not CapturedEvent.objects.exists()

    def test_are_refused_alone(
        self, wrong: dict[str, Any], told: str, program: Program
    ) -> None:
        answer = program.post("/epcis/events", {"@context": CONTEXT, **wrong})
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert told in answer.json()["detail"]
        assert not CapturedEvent.objects.exists()


class TestRightEvents:
    """Controls: what stands beside the wrong ones is taken."""

    @pytest.mark.parametrize(
        "right",
        [
            event(),
            family(),
            transformation(),
            transformation(outputEPCList=[], transformationID="urn:x:1"),
            quantity(quantity=5),
            quantity(quantity=1.5, uom="KGM"),
            quantity(),
            event(bizStep="https://ref.gs1.org/cbv/BizStep-shipping"),
            event(bizStep="https://example.cn/steps/teleporting"),
            event(type="TransactionEvent", bizTransactionList=PO),
            family(action="DELETE", childEPCs=[]),
        ],
        ids=lambda one: one["type"],
    )
    def test_are_kept(self, right: dict[str, Any], program: Program) -> None:
        job = program.capture(right)
        assert job["errors"] == []
        assert CapturedEvent.objects.count() == 1


def doc(**changes: Any) -> bytes:
    return json.dumps(document(event(), **changes)).encode()


def raw(text: str) -> bytes:
    """A document with a piece of JSON that json.dumps would not write."""
    return doc().replace(b'"action"', text.encode() + b', "action"')


WRONG_DOCUMENTS = {
    "empty": (b"", "not JSON"),
    "no JSON": (b"{", "not JSON"),
    "XML": (b"<epcis/>", "not JSON"),
    "not UTF-8": (b'{"type": "\xff"}', "UTF-8"),
    "UTF-16": (doc().decode().encode("utf-16"), "UTF-8"),
    "a list": (b"[]", "object"),
    "a number": (b"7", "object"),
    "a digit too many": (b"9" * 5000, "not JSON"),
    "NaN": (raw('"x:a": NaN'), "no number"),
    "infinity": (raw('"x:a": 1e999'), "too large"),
    "large whole number": (raw('"x:a": 99999999999999999999'), "too large"),
    "name twice": (raw('"bizStep": "receiving"'), "stands twice"),
    "name twice, spelled otherwise": (raw(r'"\u0062izStep": "x"'), "stands twice"),
    "the last of many names twice": (
        raw(",".join(f'"x:{n:x}":0' for n in range(120_000)) + ',"x:1d4bf":1'),
        "“x:1d4bf” stands twice",
    ),
    "a context that each event would be kept with": (
        doc(**{"@context": [CONTEXT, {"x": "http://example.cn/" + "x" * 8_000}]}),
        "@context",
    ),
    "a prefix that makes every name long": (
        doc(**{"@context": [CONTEXT, {"x": "http://example.cn/" + "x" * 240}]}),
        "@context",
    ),
    "half a surrogate": (raw(r'"x:a": "\ud800"'), "characters"),
    "NUL": (raw(r'"x:a": "\u0000"'), "characters"),
    "NUL in a name": (raw(r'"x:\u0000": "a"'), "characters"),
    "deep": (raw('"x:a": ' + "[" * 50 + "]" * 50), "levels"),
    "very deep": (raw('"x:a": ' + "[" * 100_000 + "]" * 100_000), "levels"),
    "deep objects": (raw('"x:a": ' + '{"x:a":' * 5000 + "1" + "}" * 5000), "levels"),
    "another type": (doc(type="EPCISNovel"), "EPCISDocument"),
    "another version": (doc(schemaVersion="1.2"), "schemaVersion"),
    "no version": (doc(schemaVersion=None), "schemaVersion"),
    "no context": (doc(**{"@context": 7}), "context"),
    "no date": (doc(creationDate="soon"), "creationDate"),
    "no body": (doc(epcisBody=None), "eventList"),
    "no list": (doc(epcisBody={"eventList": {}}), "eventList"),
    "no events": (doc(epcisBody={"eventList": []}), "no events"),
    "events that are none": (doc(epcisBody={"eventList": [1]}), "object"),
    "body is a list": (doc(epcisBody=[]), "eventList"),
    "query results that are none": (
        doc(type="EPCISQueryDocument", epcisBody={"queryResults": 1}),
        "eventList",
    ),
}


class TestWrongDocuments:
    @pytest.mark.parametrize(
        ("body", "told"), WRONG_DOCUMENTS.values(), ids=WRONG_DOCUMENTS.keys()
    )
    def test_are_refused_with_a_reason(
        self, body: bytes, told: str, program: Program
    ) -> None:
        with little_work():
            answer = program.client.generic(
                "POST",
                "/epcis/capture",
                body,
                headers=program.headers,
                CONTENT_TYPE="application/json",
            )
        assert answer.status_code == 400, answer.content
        problem = answer.json()
        assert problem["type"] == "epcisException:ValidationException"
        assert problem["status"] == 400
        assert told in problem["detail"]
        assert not CapturedEvent.objects.exists()
        assert not CaptureJob.objects.exists()

    def test_more_contexts_than_one_compares_with_each_other(
        self, program: Program
    ) -> None:
        many = [f"http://example.cn/{n:x}" for n in range(60_000)]
        with little_work():
            answer = program.post(
                "/epcis/capture", document(event(), **{"@context": [CONTEXT, *many]})
            )
        assert answer.status_code == 400
        assert "@context" in answer.json()["detail"]

    def test_an_event_alone_has_no_longer_context(self, program: Program) -> None:
        long = {"x": "http://example.cn/" + "x" * 240}
        answer = program.post(
            "/epcis/events", event(**{"@context": [CONTEXT, long], "x:a": 1})
        )
        assert answer.status_code == 400
        assert "@context" in answer.json()["detail"]
        long["x"] = long["x"][:250]
        answer = program.post(
            "/epcis/events", event(**{"@context": [CONTEXT, long], "x:a": 1})
        )
        assert answer.status_code == 201, answer.content

    def test_what_is_wrong_with_an_event_is_told_to_an_end(
        self, program: Program
    ) -> None:
        for epcs in (
            list(range(5_000)),
            [f"https://id.gs1.org/01/{n}/21/A" for n in range(10**13, 10**13 + 5_000)],
        ):
            job = program.capture(event(epcList=epcs))
            assert len(job["errors"]) == validation.MOST_PROBLEMS

    def test_too_many_bytes(self, program: Program) -> None:
        body = doc().ljust(reading.MOST_BYTES + 1)
        answer = program.post("/epcis/capture", body)
        assert answer.status_code == 413
        assert answer["GS1-EPCIS-Capture-File-Size-Limit"] == str(reading.MOST_BYTES)
        assert program.post("/epcis/capture", body[:-1]).status_code == 202

    def test_too_many_events(
        self, program: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "MOST_EVENTS", 2)
        three = document(event(), event(), event())
        assert program.post("/epcis/capture", three).status_code == 413
        assert not CaptureJob.objects.exists()

    @pytest.mark.parametrize(
        "kind", ["text/xml", "text/plain", "", "multipart/form-data"]
    )
    def test_of_another_kind(self, kind: str, program: Program) -> None:
        answer = program.client.generic(
            "POST", "/epcis/capture", doc(), content_type=kind, headers=program.headers
        )
        assert answer.status_code == 415

    def test_packed(self, program: Program) -> None:
        answer = program.post("/epcis/capture", doc(), Content_Encoding="gzip")
        assert answer.status_code == 415

    def test_with_another_behaviour(self, program: Program) -> None:
        answer = program.post(
            "/epcis/capture", doc(), GS1_Capture_Error_Behaviour="guess"
        )
        assert answer.status_code == 400

    @pytest.mark.parametrize(
        "headers",
        [
            {"GS1_EPCIS_Version": "1.2"},
            {"GS1_CBV_Version": "1.2.2"},
            {"GS1_EPCIS_Min": "2.1.0"},
            {"GS1_EPCIS_Max": "1.2.0"},
            {"GS1_EPC_Format": "Always_EPC_URN"},
            {"Accept": "application/xml"},
        ],
        ids=str,
    )
    def test_for_another_version(
        self, headers: dict[str, str], program: Program
    ) -> None:
        answer = program.post("/epcis/capture", doc(), **headers)
        assert answer.status_code == 406
        assert not CaptureJob.objects.exists()
