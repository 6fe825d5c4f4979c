"""The event hash, beside the values its authors and others published."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traceability.epcis.conftest import GS1, VECTORS, event
from traceability.epcis.hashing import (
    event_hash,
    namespaces_of,
    pre_hash,
    utc_milliseconds,
)

PUBLISHED = sorted((VECTORS / "epcis-hash").glob("*.jsonld"))
BOTH_LISTS = {
    "ReferenceEventHashAlgorithm3",
    "epcisDocWithShippingAndTransportingEvent",
    "epcisDocWithVariousEventTypes",
}


def events_of(path: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    document = json.loads(path.read_text(encoding="utf-8"))
    body = document["epcisBody"]
    holder = body if "eventList" in body else body["queryResults"]["resultsBody"]
    return holder["eventList"], namespaces_of(document["@context"])


def as_they_order(text: str) -> str:
    """The reference program puts destinations before sources; CBV 2.0's table, and its
    own, the other way round."""
    start, end = text.find("sourceList"), text.find("destinationList")
    if -1 in (start, end):
        return text
    rest = text[end:].find("{")
    tail = "" if rest == -1 else text[end + rest :]
    head = text[end:] if rest == -1 else text[end : end + rest]
    return text[:start] + head + text[start:end] + tail


class TestEventHash:
    @pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
    def test_is_the_published_one(self, path: Path) -> None:
        events, names = events_of(path)
        hashes = path.with_suffix(".hashes").read_text().split()
        texts = path.with_suffix(".prehashes")
        told = texts.read_text(encoding="utf-8").splitlines() if texts.exists() else []
        assert len(hashes) == len(events)
        for number, one in enumerate(events):
            made = pre_hash(one, names)
            if "sourceList" in made and "destinationList" in made:
                assert path.stem in BOTH_LISTS
                assert as_they_order(made) == told[number]
            else:
                assert event_hash(one, names) == hashes[number]

    def test_keeps_the_order_of_the_standard(self) -> None:
        """Sources before destinations, and the type before what is typed."""
        path = VECTORS / "epcis-hash" / "ReferenceEventHashAlgorithm3.jsonld"
        events, names = events_of(path)
        text = pre_hash(events[0], names)
        parts = ["bizTransactionListtype=", "sourceListtype=", "destinationListtype="]
        places = [text.index(part) for part in parts]
        assert places == sorted(places)

    @pytest.mark.parametrize(
        "path", sorted(GS1.rglob("*.jsonld")), ids=lambda path: path.stem
    )
    def test_does_not_depend_on_how_an_event_is_written(self, path: Path) -> None:
        """Members and lists in another order, other whitespace, recorded again."""
        events, names = events_of(path)
        for one in events:
            assert event_hash(turned(one), names) == event_hash(one, names)

    @pytest.mark.parametrize(
        "changes",
        [
            {"eventTime": "2026-11-18T01:00:00.0Z"},
            {"eventTime": "2026-11-18T09:00:00.0004+08:00"},
            {"bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"},
            {"bizStep": "cbv:BizStep-shipping"},
            {"disposition": "urn:epcglobal:cbv:disp:in_transit"},
            {"epcList": ["urn:epc:id:sgtin:9506000.013435.A1"]},
            {"epcList": ["https://example.cn/shop/gtin/9506000134352/21/A1?x=1"]},
            {"epcList": ["https://id.gs1.org/01/09506000134352/10/L/21/A1"]},
            {"recordTime": "2026-11-18T10:00:00Z"},
            {"eventID": "urn:uuid:00000000-0000-0000-0000-000000000000"},
        ],
        ids=str,
    )
    def test_is_the_same_for_the_same_event(self, changes: dict[str, Any]) -> None:
        assert event_hash(event(**changes), {}) == event_hash(event(), {})

    @pytest.mark.parametrize(
        "changes",
        [
            {"eventTime": "2026-11-18T09:00:00.001+08:00"},
            {"eventTimeZoneOffset": "+09:00"},
            {"bizStep": "receiving"},
            {"disposition": None},
            {"epcList": ["https://id.gs1.org/01/09506000134352/21/A2"]},
            {"readPoint": {"id": "https://id.gs1.org/414/9506000134376/254/1"}},
            {"urn:x:note": "more"},
        ],
        ids=str,
    )
    def test_is_another_for_another_event(self, changes: dict[str, Any]) -> None:
        assert event_hash(event(**changes), {}) != event_hash(event(), {})

    @given(st.integers(0, 999_999))
    def test_rounds_half_up_at_the_fourth_decimal(self, fraction: int) -> None:
        told = utc_milliseconds(f"2026-11-18T01:00:00.{fraction:06}Z")
        wanted = (fraction + 500) // 1000
        assert told == f"2026-11-18T01:00:{wanted // 1000:02}.{wanted % 1000:03}Z"


def turned(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: turned(value[key], key) for key in reversed(value)}
    if isinstance(value, list):
        return [turned(one) for one in reversed(value)]
    return value
