"""Documents and events that come in: kept once, whole, or with their own answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.factories.traceability import NOW
from tests.traceability.epcis.conftest import (
    CONTEXT,
    GS1,
    Program,
    document,
    event,
    events_in,
)
from traceability.epcis import operations, reading
from traceability.epcis.hashing import event_hash
from traceability.epcis.models import CapturedEvent, CaptureJob, EventKey, Party

pytestmark = pytest.mark.django_db
# GS1's own slip: one object of this example has two eventIDs.
TWICE = "AssociationEvent-h"
EXAMPLES = [path for path in sorted(GS1.rglob("*.jsonld")) if path.stem != TWICE]


def nothing_kept() -> bool:
    return not CapturedEvent.objects.exists() and not EventKey.objects.exists()


class TestExamplesOfGs1:
    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_are_kept_and_given_back(self, path: Path, program: Program) -> None:
        sent = json.loads(path.read_text(encoding="utf-8"))
        body = sent["epcisBody"]
        holder = body if "eventList" in body else body["queryResults"]["resultsBody"]
        answer = program.post("/epcis/capture", path.read_bytes())
        assert answer.status_code == 202, answer.content
        job = program.get(answer["Location"]).json()
        assert job["success"] is True, job["errors"]
        found = {}
        for one in program.found(orderBy="eventTime", orderDirection="ASC"):
            found[one["eventTime"], one.get("action"), str(one.get("epcList"))] = one
        assert len(found) == len(holder["eventList"])
        for one in holder["eventList"]:
            back = found[one["eventTime"], one.get("action"), str(one.get("epcList"))]
            ignored = ("recordTime", "@context", "eventID")
            assert {k: v for k, v in back.items() if k not in ignored} == {
                k: v for k, v in one.items() if k not in ignored
            }
            if "eventID" in one:
                assert back["eventID"] == one["eventID"]

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_are_answered_by_documents_as_gs1_has_them(
        self, path: Path, program: Program
    ) -> None:
        program.post("/epcis/capture", path.read_bytes())
        answer = json.loads(program.get("/epcis/events").content)
        assert list(reading.schema_problems(answer)) == []
        # What we give out can be taken in again, elsewhere.
        again = reading.document(reading.parsed(json.dumps(answer).encode()))
        assert again.events

    def test_with_a_name_twice_is_refused(self, program: Program) -> None:
        body = next(GS1.rglob(f"{TWICE}.jsonld")).read_bytes()
        answer = program.post("/epcis/capture", body)
        assert answer.status_code == 400
        assert "“eventID” stands twice" in answer.json()["detail"]
        assert nothing_kept()


class TestCapture:
    def test_names_an_event_by_its_hash(self, program: Program) -> None:
        program.capture(event())
        (found,) = program.found()
        assert found["eventID"] == event_hash(event(), {})
        assert found["eventID"].endswith("?ver=CBV2.0")

    def test_tells_of_the_document_at_an_address_of_its_own(
        self, program: Program
    ) -> None:
        job = program.capture(event(), event(bizStep="receiving"))
        assert job["running"] is False
        assert job["success"] is True
        assert job["errors"] == []
        assert job["captureErrorBehaviour"] == "rollback"
        (listed,) = program.get("/epcis/capture").json()
        assert listed == job

    def test_does_not_believe_a_record_time(self, program: Program) -> None:
        program.capture(event(recordTime="2001-01-01T00:00:00Z"))
        (found,) = program.found()
        assert not found["recordTime"].startswith("2001")
        kept = CapturedEvent.objects.get()
        assert kept.record_time > kept.event_time

    def test_keeps_what_prefixes_mean(self, program: Program) -> None:
        """Two documents may use one prefix for two things."""
        for number, meaning in enumerate(("https://a.example/", "https://b.example/")):
            sent = document(
                event(**{"x:note": "n", "bizStep": ("shipping", "receiving")[number]}),
                **{"@context": [CONTEXT, {"x": meaning}]},
            )
            assert program.post("/epcis/capture", sent).status_code == 202
        meanings = {str(one["@context"]) for one in program.found()}
        assert meanings == {
            "[{'x': 'https://a.example/'}]",
            "[{'x': 'https://b.example/'}]",
        }

    def test_says_of_an_event_told_before_that_it_is_here(
        self, program: Program
    ) -> None:
        program.capture(event())
        job = program.capture(event(bizStep="receiving"), event())
        assert job["success"] is False
        (error,) = job["errors"]
        assert error["status"] == 409
        assert error["instance"] == "#/epcisBody/eventList/1"
        assert len(program.found()) == 1

    def test_says_so_of_one_document_with_an_event_twice(
        self, program: Program
    ) -> None:
        job = program.capture(event(), event())
        assert [error["status"] for error in job["errors"]] == [409]
        assert nothing_kept()

    def test_keeps_what_can_be_kept_where_that_is_asked(self, program: Program) -> None:
        program.capture(event())
        future = event(eventTime="2126-01-01T00:00:00Z")
        no_schema = event(action="SHOUT")
        job = program.capture(
            event(),
            future,
            no_schema,
            event(bizStep="receiving"),
            GS1_Capture_Error_Behaviour="proceed",
        )
        assert job["success"] is False
        assert {
            (error["instance"][-1], error["status"]) for error in job["errors"]
        } == {("0", 409), ("1", 400), ("2", 400)}
        assert {one["bizStep"] for one in program.found()} == {"shipping", "receiving"}

    def test_keeps_nothing_where_one_is_wrong(self, program: Program) -> None:
        job = program.capture(event(), event(eventTime="2126-01-01T00:00:00Z"))
        assert job["success"] is False
        assert "has not come yet" in job["errors"][0]["detail"]
        assert nothing_kept()
        assert CaptureJob.objects.get().stored == 0

    def test_keeps_an_error_declaration_beside_what_it_takes_back(
        self, program: Program
    ) -> None:
        program.capture(event())
        declared = event(
            errorDeclaration={
                "declarationTime": "2026-11-19T08:00:00+08:00",
                "reason": "did_not_occur",
            }
        )
        assert program.capture(declared)["success"] is True
        (event_id,) = {one["eventID"] for one in program.found()}
        assert len(program.found(EQ_eventID=event_id)) == 2
        assert len(program.found(EXISTS_errorDeclaration="true")) == 1

    def test_refuses_to_be_overwritten(self, program: Program, party: Party) -> None:
        """Another event under a name that is taken."""
        program.capture(event(eventID="urn:uuid:6c9f3b4e-0000-4000-8000-000000000000"))
        job = program.capture(
            event(
                eventID="urn:uuid:6c9f3b4e-0000-4000-8000-000000000000",
                bizStep="receiving",
            )
        )
        assert job["success"] is False
        assert CapturedEvent.objects.get().biz_step == "shipping"


class TestOneEvent:
    def post(self, program: Program, **changes: Any) -> Any:
        return program.post("/epcis/events", {"@context": CONTEXT, **event(**changes)})

    def test_is_created(self, program: Program) -> None:
        answer = self.post(program)
        assert answer.status_code == 201
        assert answer["GS1-EPCIS-Version"] == "2.0.0"
        (found,) = events_in(program.get(answer["Location"]))
        assert found["eventID"] == answer.json()["eventID"]
        assert list(reading.schema_problems(answer.json())) == []

    def test_is_created_once(self, program: Program) -> None:
        assert self.post(program).status_code == 201
        answer = self.post(program)
        assert answer.status_code == 409
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["type"].endswith("ResourceAlreadyExistsException")
        assert CapturedEvent.objects.count() == 1

    def test_needs_its_context(self, program: Program) -> None:
        assert program.post("/epcis/events", event()).status_code == 400

    def test_that_is_wrong_is_refused_with_everything_that_is(
        self, program: Program
    ) -> None:
        answer = self.post(
            program,
            eventTime="2126-01-01T00:00:00Z",
            epcList=["https://id.gs1.org/01/09506000134353/21/A1"],
        )
        assert answer.status_code == 400
        assert "has not come yet" in answer.json()["detail"]
        assert "check digit" in answer.json()["detail"]
        assert nothing_kept()


class TestWhoMaySend:
    def test_nobody_without_a_token(self, anybody: Client, program: Program) -> None:
        for path in ("/epcis/capture", "/epcis/events"):
            answer = anybody.post(
                path, json.dumps(document(event())), content_type="application/json"
            )
            assert answer.status_code == 401
            assert answer["WWW-Authenticate"].startswith("Bearer")
        assert nothing_kept()

    @pytest.mark.parametrize("said", ["Bearer ", "Bearer xj_wrong", "Basic eDp5", ""])
    def test_nobody_with_another(self, said: str, program: Program) -> None:
        program.headers = {"Authorization": said}
        assert program.post("/epcis/capture", document(event())).status_code == 401
        assert program.get("/epcis/events").status_code == 401

    def test_nobody_whose_access_has_ended(
        self, program: Program, party: Party
    ) -> None:
        operations.end_access(access=party.accesses.get(), at=NOW)
        assert program.post("/epcis/capture", document(event())).status_code == 401

    def test_the_table_holds_no_secret(self, program: Program, party: Party) -> None:
        secret = program.headers["Authorization"].removeprefix("Bearer ")
        access = party.accesses.get()
        kept = json.dumps([access.fingerprint, access.hint])
        assert secret not in kept
        assert secret.startswith(access.hint)
