"""Queries that are kept under a name: each party its own, asked again at will."""

from typing import Any

import pytest

from tests.races import at_once
from tests.traceability.epcis.conftest import Program, event, events_in
from traceability.epcis import naming
from traceability.epcis.models import NamedQuery

pytestmark = pytest.mark.django_db
QUERY = {"eventType": ["ObjectEvent"], "EQ_bizStep": ["shipping", "receiving"]}


def post(program: Program, body: Any, path: str = "/epcis/queries") -> Any:
    return program.post(path, body)


def delete(program: Program, path: str) -> Any:
    return program.client.delete(path, headers=program.headers)


class TestNamedQueries:
    def test_is_kept_given_back_and_asked_again(self, program: Program) -> None:
        made = post(program, {"name": "shipped", "query": QUERY})
        assert made.status_code == 201
        assert made["Location"] == "/epcis/queries/shipped"
        assert program.get(made["Location"]).json() == {
            "name": "shipped",
            "query": QUERY,
        }
        assert program.get("/epcis/queries").json() == [
            {"name": "shipped", "query": QUERY}
        ]
        assert events_in(program.get("/epcis/queries/shipped/events")) == []
        program.capture(
            event(), event(bizStep="packing", eventTime="2026-11-18T10:00:00+08:00")
        )
        (found,) = events_in(program.get("/epcis/queries/shipped/events"))
        assert found["bizStep"] == "shipping"

    def test_its_answer_has_pages(self, program: Program) -> None:
        post(program, {"name": "all", "query": {}})
        times = [f"2026-11-18T0{hour}:00:00+08:00" for hour in range(3)]
        program.capture(*(event(eventTime=time) for time in times))
        first = program.get("/epcis/queries/all/events", perPage=2)
        assert len(events_in(first)) == 2
        link = first["Link"].partition(">")[0].lstrip("<")
        assert len(events_in(program.get(link))) == 1

    def test_a_name_is_taken_once(self, program: Program) -> None:
        post(program, {"name": "one", "query": {}})
        assert post(program, {"name": "one", "query": QUERY}).status_code == 409

    def test_is_forgotten(self, program: Program) -> None:
        post(program, {"name": "one", "query": {}})
        assert delete(program, "/epcis/queries/one").status_code == 204
        assert program.get("/epcis/queries/one").status_code == 404
        assert delete(program, "/epcis/queries/one").status_code == 404

    def test_is_nobody_elses(self, program: Program, stranger: Program) -> None:
        post(program, {"name": "one", "query": {}})
        for answer in (
            stranger.get("/epcis/queries/one"),
            stranger.get("/epcis/queries/one/events"),
            delete(stranger, "/epcis/queries/one"),
        ):
            assert answer.status_code == 404
        assert stranger.get("/epcis/queries").json() == []
        assert NamedQuery.objects.count() == 1

    def test_without_a_token_there_are_none(self, anybody) -> None:
        assert anybody.get("/epcis/queries").status_code == 401

    def test_nobody_is_subscribed(self, program: Program) -> None:
        post(program, {"name": "one", "query": {}})
        path = "/epcis/queries/one/subscriptions"
        assert program.get(path).status_code == 501
        assert post(program, {"dest": "https://example.cn"}, path).status_code == 501

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"name": "one"},
            {"name": "one", "query": []},
            {"name": "", "query": {}},
            {"name": "a/b", "query": {}},
            {"name": "é", "query": {}},
            {"name": 5, "query": {}},
            {"name": "one", "query": {}, "dest": "https://example.cn"},
            {"name": "one", "query": {"EQ_colour": ["red"]}},
            {"name": "one", "query": {"EQ_action": ["BURN"]}},
            {"name": "one", "query": {"EQ_action": {"is": "ADD"}}},
            {"name": "one", "query": {"EQ_bizStep": ["a|b"]}},
            {"name": "one", "query": {"GE_eventTime": "yesterday"}},
            {"name": "one", "query": {"nextPageToken": "x"}},
            {"name": "one", "query": {"perPage": 5}},
        ],
    )
    def test_what_could_not_be_asked_is_not_kept(
        self, body: dict[str, Any], program: Program
    ) -> None:
        answer = post(program, body)
        assert answer.status_code == 400, answer.content
        assert answer.json()["detail"]
        assert not NamedQuery.objects.exists()

    def test_there_is_an_end_to_them(
        self, program: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(naming, "MOST_QUERIES", 2)
        statuses = [
            post(program, {"name": name, "query": {}}).status_code for name in "abc"
        ]
        assert statuses == [201, 201, 400]


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gets_the_name(program: Program) -> None:
    outcomes = at_once(
        *[lambda: post(program, {"name": "one", "query": {}}).status_code] * 3
    )
    assert sorted(outcomes) == [201, 409, 409]
