"""Events that come out: what was asked for, page by page, to whoever may see it."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.organisations.models import Farmer
from shop.users.models import Role, User
from tests.factories.people import new_user
from tests.factories.traceability import NOW, new_certificate, new_lot
from tests.traceability.epcis.conftest import Program, event, events_in
from traceability import operations as lots
from traceability.epcis import own, reading
from traceability.models import Event, Lot

pytestmark = pytest.mark.django_db
GTIN = "https://id.gs1.org/01/09506000134352"
SSCC = "https://id.gs1.org/00/340123451111111111"

MADE: dict[str, dict[str, Any]] = {
    "shipped": event(),
    "received": event(
        eventTime="2026-11-18T12:00:00+08:00",
        bizStep="receiving",
        disposition="in_progress",
        readPoint={"id": "urn:epc:id:sgln:9506000.13437.1"},
        bizLocation={"id": "https://id.gs1.org/414/9506000134376"},
    ),
    "packed": event(
        type="AggregationEvent",
        epcList=None,
        parentID=SSCC,
        childEPCs=[f"{GTIN}/21/A1", f"{GTIN}/21/A2"],
        action="ADD",
        bizStep="packing",
        disposition=None,
        eventTime="2026-11-18T08:00:00+08:00",
    ),
    "juiced": event(
        type="TransformationEvent",
        epcList=None,
        action=None,
        bizStep="https://example.cn/steps/juicing",
        disposition=None,
        inputQuantityList=[{"epcClass": f"{GTIN}/10/L1", "quantity": 5, "uom": "KGM"}],
        outputEPCList=["urn:epc:id:sgtin:9506000.013435.J1"],
        eventTime="2026-11-18T10:00:00+08:00",
    ),
}
ASKED: dict[str, tuple[dict[str, str], set[str]]] = {
    "nothing": ({}, set(MADE)),
    "type": ({"eventType": "ObjectEvent"}, {"shipped", "received"}),
    "types": (
        {"eventType": "AggregationEvent|TransformationEvent"},
        {"packed", "juiced"},
    ),
    "from": ({"GE_eventTime": "2026-11-18T10:00:00+08:00"}, {"received", "juiced"}),
    "from, unescaped": (
        {"GE_eventTime": "2026-11-18T10:00:00 08:00"},
        {"received", "juiced"},
    ),
    "before": ({"LT_eventTime": "2026-11-18T01:00:00Z"}, {"packed"}),
    "recorded before": ({"LT_recordTime": "2001-01-01T00:00:00Z"}, set()),
    "recorded from": ({"GE_recordTime": "2001-01-01T00:00:00Z"}, set(MADE)),
    "step": ({"EQ_bizStep": "shipping"}, {"shipped"}),
    "step as URI": (
        {"EQ_bizStep": "https://ref.gs1.org/cbv/BizStep-shipping|packing"},
        {"shipped", "packed"},
    ),
    "own step": ({"EQ_bizStep": "https://example.cn/steps/juicing"}, {"juiced"}),
    "disposition": ({"EQ_disposition": "in_progress"}, {"received"}),
    "action": ({"EQ_action": "ADD"}, {"packed"}),
    "place": (
        {"EQ_readPoint": "https://id.gs1.org/414/9506000134376/254/1"},
        {"received"},
    ),
    "location as URN": (
        {"EQ_bizLocation": "urn:epc:id:sgln:9506000.13437.0"},
        {"received"},
    ),
    "epc": ({"MATCH_epc": f"{GTIN}/21/A1"}, {"shipped", "received", "packed"}),
    "epc as URN": ({"MATCH_epc": "urn:epc:id:sgtin:9506000.013435.A2"}, {"packed"}),
    "pattern": (
        {"MATCH_epc": "urn:epc:idpat:sgtin:9506000.013435.*"},
        {"shipped", "received", "packed"},
    ),
    "parent": ({"MATCH_parentID": SSCC}, {"packed"}),
    "input": ({"MATCH_inputEPC": f"{GTIN}/21/A1"}, set()),
    "output": ({"MATCH_outputEPC": f"{GTIN}/21/J1"}, {"juiced"}),
    "any": ({"MATCH_anyEPC": f"{GTIN}/21/J1|{SSCC}"}, {"packed", "juiced"}),
    "class": ({"MATCH_epcClass": f"{GTIN}/10/L1"}, set()),
    "input class": ({"MATCH_inputEPCClass": f"{GTIN}/10/L1"}, {"juiced"}),
    "any class": (
        {"MATCH_anyEPCClass": "urn:epc:class:lgtin:9506000.013435.L1"},
        {"juiced"},
    ),
    "class pattern": (
        {"MATCH_anyEPCClass": "urn:epc:idpat:sgtin:9506000.013435.*"},
        {"juiced"},
    ),
    "two at once": (
        {"MATCH_epc": f"{GTIN}/21/A1", "EQ_bizStep": "receiving"},
        {"received"},
    ),
    "unknown name": ({"EQ_eventID": "urn:x:nothing"}, set()),
    "declared wrong": ({"EXISTS_errorDeclaration": "true"}, set()),
}


def named(found: list[dict[str, Any]]) -> list[str]:
    by_time = {facts["eventTime"]: name for name, facts in MADE.items()}
    return [by_time[one["eventTime"]] for one in found]


class TestAsking:
    @pytest.mark.parametrize(("query", "wanted"), ASKED.values(), ids=ASKED.keys())
    def test_finds_just_these(
        self, query: dict[str, str], wanted: set[str], program: Program
    ) -> None:
        assert program.capture(*MADE.values())["success"] is True
        found = named(program.found(**query))
        assert len(found) == len(wanted)
        assert set(found) == wanted

    def test_gives_the_newest_first_unless_asked(self, program: Program) -> None:
        program.capture(*MADE.values())
        newest = ["received", "juiced", "shipped", "packed"]
        assert named(program.found()) == newest
        rising = {"orderBy": "eventTime", "orderDirection": "ASC"}
        assert named(program.found(**rising)) == newest[::-1]

    @pytest.mark.only_on("sqlite", reason="its planner does not look at few rows")
    def test_begins_with_the_identifier_that_is_asked_for(
        self, program: Program
    ) -> None:
        """However many events there are, one EPC is found through the index."""
        program.capture(*MADE.values())
        with CaptureQueriesContext(connection) as asked:
            program.found(MATCH_anyEPC=f"{GTIN}/21/A1")
        (sql,) = [
            query["sql"]
            for query in asked.captured_queries
            if "epcis_eventkey" in query["sql"]
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " ".join(row[-1] for row in cursor.fetchall())
        assert "event_key_by_value" in plan

    def test_gives_one_event_by_its_name(self, program: Program) -> None:
        program.capture(*MADE.values())
        (shipped,) = program.found(EQ_bizStep="shipping")
        path = f"/epcis/events/{quote(shipped['eventID'], safe='')}"
        assert events_in(program.get(path)) == [shipped]
        missing = program.get("/epcis/events/urn:x:nothing")
        assert missing.status_code == 404
        assert missing.json()["type"] == "epcisException:NoSuchResourceException"

    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ({"EQ_colour": "red"}, "EQ_colour"),
            ({"WD_readPoint": "urn:x:1"}, "WD_readPoint"),
            ({"eventType": "Novel"}, "ObjectEvent"),
            ({"EQ_action": "add"}, "OBSERVE"),
            ({"GE_eventTime": "yesterday"}, "moment"),
            ({"GE_eventTime": "2026-11-18T10:00:00"}, "moment"),
            ({"LT_eventTime": "9999-12-31T23:59:59-14:00"}, "moment"),
            ({"EQ_bizStep": ""}, "value"),
            ({"EQ_bizStep": "|"}, "value"),
            ({"MATCH_epc": f"{GTIN[:-1]}3/21/1"}, "check digit"),
            ({"MATCH_epc": "urn:epc:idpat:sgtin:9506000.*.*"}, "form"),
            ({"MATCH_epc": "|".join(map(str, range(51)))}, "50"),
            ({"perPage": "0"}, "perPage"),
            ({"perPage": "-1"}, "perPage"),
            ({"perPage": "²"}, "perPage"),
            ({"orderBy": "colour"}, "eventTime"),
            ({"orderDirection": "UP"}, "DESC"),
            ({"EXISTS_errorDeclaration": "maybe"}, "true"),
            ({"nextPageToken": "x"}, "nextPageToken"),
            ({"nextPageToken": "W10:AAAA"}, "nextPageToken"),
            ({"eventType": ["ObjectEvent", "ObjectEvent"]}, "twice"),
        ],
        ids=lambda one: str(one)[:40],
    )
    def test_refuses_what_it_does_not_understand(
        self, query: dict[str, Any], told: str, program: Program
    ) -> None:
        answer = program.get("/epcis/events", **query)
        assert answer.status_code == 400
        assert answer.json()["type"] == "epcisException:QueryParameterException"
        assert told in answer.json()["detail"]

    def test_refuses_an_address_without_end(self, program: Program) -> None:
        answer = program.get("/epcis/events", EQ_eventID="x" * 9_000)
        assert answer.status_code == 414

    @pytest.mark.parametrize("path", ["/epcis/", "/epcis/capture", "/epcis/events"])
    def test_says_what_it_speaks(self, path: str, anybody: Client) -> None:
        answer = anybody.options(path)
        assert answer.status_code == 204
        assert answer["GS1-EPCIS-Version"] == "2.0.0"
        assert answer["GS1-EPCIS-Min"] == answer["GS1-EPCIS-Max"] == "2.0.0"
        assert answer["GS1-EPCIS-Capture-Limit"] == str(reading.MOST_EVENTS)
        assert "GET" in answer["Allow"]

    @pytest.mark.parametrize("verb", ["put", "delete", "patch"])
    def test_knows_no_other_method(self, verb: str, anybody: Client) -> None:
        answer = getattr(anybody, verb)("/epcis/events")
        assert answer.status_code == 405
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["Allow"] == "OPTIONS, GET, POST"


def walked(program: Program, **query: Any) -> list[dict[str, Any]]:
    """Every page, one after the other, by their Link headers."""
    answer = program.get("/epcis/events", **query)
    found = events_in(answer)
    while "Link" in answer:
        url, _semicolon, rel = answer["Link"].partition("; ")
        assert rel == 'rel="next"'
        parts = urlsplit(url.strip("<>"))
        answer = program.client.get(
            f"{parts.path}?{parts.query}", headers=program.headers
        )
        assert len(events_in(answer)) <= int(query["perPage"])
        found += events_in(answer)
    return found


class TestPages:
    @pytest.mark.parametrize("direction", ["ASC", "DESC"])
    @pytest.mark.parametrize("order", ["eventTime", "recordTime"])
    def test_give_everything_once_in_order(
        self,
        direction: str,
        order: str,
        program: Program,
        lot: Lot,
        zhao: User,
    ) -> None:
        """Captured events and our own in one row, many at the same moment."""
        new_certificate(lot=lot, by=zhao)
        program.capture(*(event(eventID=f"urn:x:{n}") for n in range(5)))
        program.capture(*(event(eventID=f"urn:y:{n}") for n in range(2)))
        for _number in range(4):
            lots.record_event(
                lot=lot,
                kind="tend",
                happened_at=NOW - timedelta(days=1),
                by=zhao,
                at=NOW,
            )
        asked = {"orderBy": order, "orderDirection": direction}
        paged = walked(program, perPage="3", **asked)
        whole = program.found(**asked)
        assert paged == whole
        assert len({one["eventID"] for one in paged}) == len(paged) == 11
        times = [reading_of(one[order]) for one in paged]
        assert times == sorted(times, reverse=direction == "DESC")

    def test_are_not_moved_by_what_comes_meanwhile(self, program: Program) -> None:
        program.capture(*(event(eventID=f"urn:x:{n}") for n in range(4)))
        first = program.get("/epcis/events", perPage="2")
        program.capture(event(eventID="urn:x:new", eventTime="2026-11-19T00:00:00Z"))
        query = urlsplit(first["Link"].split(">")[0].strip("<")).query
        second = program.client.get(f"/epcis/events?{query}", headers=program.headers)
        seen = [one["eventID"] for one in events_in(first) + events_in(second)]
        assert sorted(seen) == [f"urn:x:{n}" for n in range(4)]

    def test_of_jobs_give_each_once(self, program: Program) -> None:
        for number in range(5):
            program.capture(event(eventID=f"urn:x:{number}"))
        first = program.get("/epcis/capture", perPage="3")
        query = urlsplit(first["Link"].split(">")[0].strip("<")).query
        rest = program.client.get(f"/epcis/capture?{query}", headers=program.headers)
        assert "Link" not in rest
        assert len({job["captureID"] for job in first.json() + rest.json()}) == 5


def reading_of(text: str) -> Any:
    from traceability.epcis.validation import moment

    return moment(text)


class TestWhoSeesWhat:
    def test_a_party_sees_its_own(self, program: Program, stranger: Program) -> None:
        job = program.capture(event())
        assert len(program.found()) == 1
        assert stranger.found() == []
        (found,) = program.found()
        path = quote(found["eventID"], safe="")
        assert stranger.get(f"/epcis/events/{path}").status_code == 404
        assert stranger.get(f"/epcis/capture/{job['captureID']}").status_code == 404
        assert stranger.get("/epcis/capture").json() == []

    def test_two_may_tell_the_same(self, program: Program, stranger: Program) -> None:
        """Nobody learns from a refusal what another has told, or keeps a name from
        them."""
        assert program.capture(event())["success"] is True
        assert stranger.capture(event())["success"] is True

    def test_anybody_sees_nothing_of_it(
        self, program: Program, anybody: Client
    ) -> None:
        job = program.capture(event())
        assert events_in(anybody.get("/epcis/events")) == []
        for path in ("/epcis/capture", f"/epcis/capture/{job['captureID']}"):
            assert anybody.get(path).status_code == 401

    @pytest.mark.parametrize(
        ("role", "sees"),
        [(Role.OPERATOR, 1), (Role.AUDITOR, 1), (Role.FARMER, 0), (Role.BUYER, 0)],
    )
    def test_staff_see_everything(self, role: str, sees: int, program: Program) -> None:
        job = program.capture(event())
        client = Client()
        client.force_login(new_user(name="某示例", role=role))
        assert len(events_in(client.get("/epcis/events"))) == sees
        answer = client.get(f"/epcis/capture/{job['captureID']}")
        assert answer.status_code == (200 if sees else 401)

    def test_staff_send_nothing_without_a_token(self, operator: User) -> None:
        client = Client()
        client.force_login(operator)
        answer = client.post("/epcis/capture", "{}", content_type="application/json")
        assert answer.status_code == 401


@pytest.fixture
def sprayed(lot: Lot, zhao: User) -> Event:
    return lots.record_event(
        lot=lot,
        kind="spray",
        happened_at=NOW - timedelta(days=40),
        substance="苦参碱",
        interval_days=7,
        note="晴",
        by=zhao,
        at=NOW,
    )


class TestOurOwn:
    def test_are_public_with_the_certificate(
        self, lot: Lot, sprayed: Event, zhao: User, anybody: Client
    ) -> None:
        assert events_in(anybody.get("/epcis/events")) == []
        path = quote(own.event_id(sprayed), safe="")
        assert anybody.get(f"/epcis/events/{path}").status_code == 404
        new_certificate(lot=lot, by=zhao)
        (found,) = events_in(anybody.get("/epcis/events"))
        assert found["eventID"] == own.event_id(sprayed)
        assert events_in(anybody.get(f"/epcis/events/{path}")) == [found]

    def test_of_a_lot_are_public_with_what_it_went_into(
        self, farmer_wang: Farmer, zhao: User, anybody: Client
    ) -> None:
        first = new_lot(farmer=farmer_wang, by=zhao)
        lots.record_event(lot=first, kind="tend", happened_at=NOW, by=zhao, at=NOW)
        (second,) = lots.split_lot(lot=first, weights_g=[10_000], by=zhao, at=NOW)
        (third,) = lots.split_lot(lot=second, weights_g=[5_000], by=zhao, at=NOW)
        assert events_in(anybody.get("/epcis/events")) == []
        new_certificate(lot=third, by=zhao)
        found = events_in(anybody.get("/epcis/events"))
        told = [(one["type"], one["xj:lot"]) for one in found]
        assert sorted(told) == [
            ("ObjectEvent", first.number),
            ("TransformationEvent", second.number),
            ("TransformationEvent", third.number),
        ]

    def test_tell_what_the_row_says(
        self, lot: Lot, sprayed: Event, zhao: User, anybody: Client
    ) -> None:
        new_certificate(lot=lot, by=zhao)
        answer = anybody.get("/epcis/events")
        assert list(reading.schema_problems(json.loads(answer.content))) == []
        (found,) = events_in(answer)
        assert found["bizStep"] == own.vocabulary() + "spraying"
        assert found["xj:substance"] == "苦参碱"
        assert found["xj:safetyIntervalDays"] == 7
        assert found["quantityList"] == [{"epcClass": own.class_of(lot.number)}]
        assert found["eventTime"] == "2026-10-10T09:00:00+08:00"
        told = answer.content.decode()
        assert zhao.phone not in told
        assert lot.farmer is not None
        assert lot.farmer.name not in told

    def test_are_right_by_our_own_rules(self, lot: Lot, zhao: User) -> None:
        """Whoever takes them in by these rules can keep every kind of them."""
        from traceability.epcis.validation import problems

        for kind in Event.Kind.values:
            made = Event(
                pk=1,
                lot=lot,
                kind=kind,
                happened_at=NOW,
                recorded_at=NOW,
                weight_g=1_500,
                substance="x",
                interval_days=1,
            )
            assert problems(own.told(made), now=NOW) == []

    def test_that_were_struck_out_are_staffs(
        self,
        lot: Lot,
        sprayed: Event,
        zhao: User,
        operator: User,
        anybody: Client,
    ) -> None:
        new_certificate(lot=lot, by=zhao)
        lots.strike_event(event=sprayed, reason="记错了地", by=zhao, at=NOW)
        assert events_in(anybody.get("/epcis/events")) == []
        client = Client()
        client.force_login(operator)
        (found,) = events_in(client.get("/epcis/events"))
        assert found["eventID"] == own.event_id(sprayed)
        assert found["errorDeclaration"]["xj:note"] == "记错了地"
        query = {"EXISTS_errorDeclaration": "true"}
        assert len(events_in(client.get("/epcis/events", query))) == 1

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"eventType": "ObjectEvent"}, 1),
            ({"eventType": "TransformationEvent"}, 0),
            ({"EQ_action": "OBSERVE"}, 1),
            ({"EQ_action": "ADD"}, 0),
            ({"EQ_bizStep": "shipping"}, 0),
            ({"EQ_bizStep": "STEP"}, 1),
            ({"EQ_disposition": "in_transit"}, 0),
            ({"GE_eventTime": "2026-10-10T09:00:00+08:00"}, 1),
            ({"LT_eventTime": "2026-10-10T09:00:00+08:00"}, 0),
            ({"GE_recordTime": "2026-11-19T09:00:00+08:00"}, 1),
            ({"LT_recordTime": "2026-11-19T09:00:00+08:00"}, 0),
            ({"MATCH_epcClass": "CLASS"}, 1),
            ({"MATCH_anyEPCClass": "CLASS"}, 1),
            ({"MATCH_epcClass": "http://other.example/class/1"}, 0),
            ({"MATCH_epc": "CLASS"}, 0),
            ({"EQ_readPoint": "PLACE"}, 1),
            ({"EQ_bizLocation": "PLACE"}, 1),
            ({"EQ_bizLocation": "http://other.example/loc/1"}, 0),
            ({"EQ_eventID": "ID"}, 1),
            ({"EQ_eventID": "http://other.example/event/1"}, 0),
        ],
        ids=str,
    )
    def test_are_found_by_the_same_query(
        self,
        query: dict[str, str],
        found: int,
        lot: Lot,
        sprayed: Event,
        zhao: User,
        anybody: Client,
    ) -> None:
        new_certificate(lot=lot, by=zhao)
        meant = {
            "STEP": own.vocabulary() + "spraying",
            "CLASS": own.class_of(lot.number),
            "PLACE": own.location_of(lot.village_id),
            "ID": own.event_id(sprayed),
        }
        asked = {name: meant.get(value, value) for name, value in query.items()}
        assert len(events_in(anybody.get("/epcis/events", asked))) == found
