"""Events of other systems: read, judged and kept, each beside what it cannot beat."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from bench.bench import Bench
from bench.measure import Figure

EVENTS = 500


def figures(bench: Bench) -> Iterator[Figure]:
    bench.county()
    yield judged(bench)
    yield hashed(bench)
    yield kept(bench)
    yield asked(bench)


def document(first: int) -> bytes:
    """A document of EVENTS events that nobody told before, three EPCs in each."""
    events = [_event(first * EVENTS + number) for number in range(EVENTS)]
    whole = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-19T09:00:00+08:00",
        "epcisBody": {"eventList": events},
    }
    return json.dumps(whole).encode()


def _event(number: int) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-11-18T09:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": [
            f"https://id.gs1.org/01/09506000134352/21/{number}.{one}"
            for one in range(3)
        ],
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": "urn:epc:id:sgln:9506000.13437.0"},
        "bizTransactionList": [
            {"type": "po", "bizTransaction": "http://example.cn/po/1"}
        ],
    }


def judged(bench: Bench) -> Figure:
    """From bytes to the last rule: JSON, GS1's schema, our rules. EVENTS a call."""
    from django.utils import timezone

    from traceability.epcis import reading, validation

    body, now = document(0), timezone.now()

    def judge() -> None:
        for event in reading.document(reading.parsed(body)).events:
            assert validation.problems(event, now=now) == []

    return bench.clock.compare(
        area="epcis",
        name="events read and judged: schema and rules",
        act=judge,
        times=EVENTS,
        baseline="json.loads of the same bytes",
        bare=lambda: json.loads(body),
        bare_times=EVENTS,
    )


def hashed(bench: Bench) -> Figure:
    """The name of an event by its content."""
    import hashlib

    from traceability.epcis.hashing import event_hash, pre_hash

    event = _event(0)
    text = pre_hash(event, {}).encode()

    return bench.clock.compare(
        area="epcis",
        name="event hash (CBV 2.0)",
        act=lambda: event_hash(event, {}),
        baseline="SHA-256 of the text alone",
        bare=lambda: hashlib.sha256(text).hexdigest(),
    )


def kept(bench: Bench) -> Figure:
    """A whole document kept, durable: judged, hashed, with its identifiers and job."""
    from django.db import connection, transaction
    from django.utils import timezone

    from shop.users.models import User
    from traceability.epcis import operations, reading

    by, numbers = User.objects.order_by("pk").first(), count()
    party = operations.register_party(name="示例", by=by, at=timezone.now())

    def capture() -> None:
        sent = reading.document(reading.parsed(document(next(numbers))))
        job = operations.capture_document(
            party=party, sent=sent, behaviour="rollback", at=timezone.now()
        )
        assert job.stored == EVENTS

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_event (event_id text, document text)")
    text = json.dumps(_event(0))

    def insert() -> None:
        rows = [(f"urn:x:{number}", text) for number in range(EVENTS)]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany("INSERT INTO bench_event VALUES (%s, %s)", rows)

    return bench.clock.compare(
        area="epcis",
        name=f"events kept, documents of {EVENTS}, durable",
        act=capture,
        times=EVENTS,
        baseline="executemany of two columns",
        bare=insert,
        bare_times=EVENTS,
    )


def asked(bench: Bench) -> Figure:
    """A page of 30 by an EPC's class among all that was kept before."""
    from django.http import QueryDict

    from traceability.epcis import queries
    from traceability.epcis.asking import asked as query_of
    from traceability.epcis.models import CapturedEvent, Party

    reader = queries.Reader(party=Party.objects.first())
    query = query_of(QueryDict("MATCH_epc=urn:epc:idpat:sgtin:9506000.013435.*"))

    def ask() -> None:
        page = queries.events_page(query=query, reader=reader)
        assert len(page.events) == query.per_page

    rows = CapturedEvent.objects.order_by("-event_time", "-pk")

    return bench.clock.compare(
        area="epcis",
        name="page of 30 events by a pattern",
        act=ask,
        baseline="the same 30 rows by time alone",
        bare=lambda: list(rows[:30]),
    )
