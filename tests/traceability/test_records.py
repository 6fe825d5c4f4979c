"""What assistants, cooperatives and inspectors see of the records, and as JSON."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from partners.organisations.models import Division, Farmer
from shop.users.models import Role, User
from tests.factories.people import new_user
from tests.factories.traceability import (
    NOW,
    english_client,
    new_batch,
    new_certificate,
    new_lot,
)
from tests.traceability.test_certificate_forms import collect
from tests.traceability.test_lot_pages import logged_in, words_of
from tests.traceability.test_quotas import new_licence
from traceability import operations, retention
from traceability.epcis import operations as epcis
from traceability.epcis.records import LONGEST_PAGE, document
from traceability.models import Certificate, Counter, Lot
from traceability.operations.counters import take_numbers
from traceability.queries import records

pytestmark = pytest.mark.django_db


def items(part: str, lots: Any = None, **changes: Any) -> list[dict[str, Any]]:
    lots = Lot.objects.all() if lots is None else lots
    return records.page(part, lots, now=NOW, **changes).items


@pytest.fixture
def inspector(db: None) -> User:
    return new_user(name="查示例", role=Role.INSPECTOR)


class TestParts:
    def test_today_is_what_was_recorded_or_picked_today(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        yesterday = NOW - timedelta(days=1)
        old = new_lot(farmer=farmer_wang, by=zhao, at=yesterday)
        picked = new_lot(
            farmer=farmer_wang, by=zhao, at=yesterday, harvest_date=NOW.date()
        )
        new = new_lot(farmer=farmer_wang, by=zhao)
        assert [one["lot"] for one in items("today")] == [new.number, picked.number]
        assert old.number not in str(items("today"))

    def test_a_promised_test_waits_for_its_report(self, lot: Lot, zhao: User) -> None:
        operations.record_event(lot=lot, kind="test", happened_at=NOW, by=zhao, at=NOW)
        assert items("tests") == []
        made = new_certificate(
            lot=lot, by=zhao, basis=["self_test"], quantity_g=100_000
        )
        assert [one["lot"] for one in items("tests")] == [lot.number]
        operations.supersede_certificate(
            certificate=made, reason="示例", by=zhao, at=NOW
        )
        assert items("tests") == []

    def test_words_of_a_promise_are_not_promised_by_a_name(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao, product_name='x"self_test"')
        new_certificate(lot=lot, by=zhao)
        assert items("tests") == []

    def test_a_certificate_runs_out_where_a_tenth_is_left(
        self, lot: Lot, zhao: User
    ) -> None:
        made = new_certificate(lot=lot, by=zhao, quantity_g=100_000)
        new_batch(certificate=made, by=zhao, count=35)
        assert items("certificates") == []
        new_batch(certificate=made, by=zhao, count=1)
        assert [one["left_g"] for one in items("certificates")] == [10_000]

    def test_licences_run_out_by_day_or_by_quantity(
        self, zhao: User, village_luxi: Division
    ) -> None:
        new_licence(zhao, village_luxi, number="1")
        new_licence(
            zhao, village_luxi, number="2", valid_to=NOW.date() + timedelta(days=60)
        )
        new_licence(
            zhao, village_luxi, number="3", valid_to=NOW.date() - timedelta(days=1)
        )
        assert [one["number"] for one in items("licences")] == ["2"]

    def test_label_stock_adds_up(self, certificate: Certificate, zhao: User) -> None:
        batch = new_batch(certificate=certificate, by=zhao)
        codes = batch.codes()
        operations.pack_label(code=codes[0], by=zhao, at=NOW)
        for number in (1, 2):
            label = batch.labels.get(number=batch.first_number + number)
            operations.void_label(label=label, reason="撕坏了", by=zhao, at=NOW)
        (stock,) = items("labels")
        assert [stock[name] for name in ("minted", "packed", "voided", "left")] == [
            10,
            1,
            2,
            7,
        ]

    def test_pages_meet_without_a_gap(self, farmer_wang: Farmer, zhao: User) -> None:
        numbers = [new_lot(farmer=farmer_wang, by=zhao).number for _ in range(5)]
        seen, before = [], None
        for _page in range(3):
            page = records.page(
                "today", Lot.objects.all(), now=NOW, before=before, size=2
            )
            seen += [one["lot"] for one in page.items]
            before = page.next_key
        assert before is None
        assert seen == numbers[::-1]


class TestScope:
    def test_an_assistant_sees_their_villages_an_inspector_all(
        self, zhao: User, farmer_wang: Farmer, farmer_li: Farmer, inspector: User
    ) -> None:
        own, other = (
            new_lot(farmer=farmer, by=zhao, at=timezone.now())
            for farmer in (farmer_wang, farmer_li)
        )
        for user, seen in ((zhao, {own}), (inspector, {own, other})):
            told = words_of(logged_in(user).get("/records/"))
            for one in (own, other):
                assert (one.number in told) is (one in seen)

    def test_an_inspector_changes_nothing(self, inspector: User, lot: Lot) -> None:
        browser = logged_in(inspector)
        home = f"/assistant/lots/{lot.number}/"
        assert browser.get(home).status_code == 200
        for path in ("event/", "certificate/", "split/", "weight/"):
            assert browser.post(home + path, {}).status_code == 403
        for path in ("/backoffice/orders/", f"/backoffice/lots/{lot.number}/recall/"):
            assert browser.get(path).status_code == 403


class TestApi:
    def program(self, **changes: Any) -> tuple[Client, dict[str, str]]:
        facts = {"name": "示例合作社", "by": new_user(name="某示例"), "at": NOW}
        party = epcis.register_party(**facts | changes)
        _access, secret = epcis.give_access(party=party, by=facts["by"], at=NOW)
        return english_client(), {"Authorization": f"Bearer {secret}"}

    def test_a_token_reads_its_place_alone(
        self, zhao: User, farmer_wang: Farmer, farmer_li: Farmer
    ) -> None:
        own, other = (
            new_lot(farmer=farmer, by=zhao, at=timezone.now())
            for farmer in (farmer_wang, farmer_li)
        )
        client, headers = self.program(reads_records_of=own.village)
        told = client.get("/api/trace/records/today", headers=headers).json()
        assert [one["lot"] for one in told["items"]] == [own.number]
        township, headers = self.program(
            name="示例乡", reads_records_of=own.village.parent
        )
        told = township.get("/api/trace/records/today", headers=headers).json()
        assert own.number in str(told)
        assert (other.number in str(told)) is (
            other.village.parent_id == own.village.parent_id
        )

    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [
            ("today", {}, 401),
            ("today", {"Authorization": "Bearer xj_wrong"}, 401),
            ("today", {"Authorization": "Basic eA=="}, 401),
            ("gossip", {}, 404),
        ],
    )
    def test_refuses_with_a_problem(
        self, client: Client, path: str, headers: dict[str, str], status: int
    ) -> None:
        answer = client.get(f"/api/trace/records/{path}", headers=headers)
        assert answer.status_code == status
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status

    def test_a_token_for_events_reads_no_records(self, db: None) -> None:
        client, headers = self.program()
        answer = client.get("/api/trace/records/today", headers=headers)
        assert answer.status_code == 403

    @pytest.mark.parametrize(
        "query", [{"before": "x"}, {"size": "0"}, {"size": str(LONGEST_PAGE + 1)}]
    )
    def test_refuses_nonsense(self, zhao: User, query: dict[str, str]) -> None:
        answer = logged_in(zhao).get("/api/trace/records/today", query)
        assert answer.status_code == 400

    def test_posts_do_nothing(self, zhao: User) -> None:
        answer = logged_in(zhao).post("/api/trace/records/today", {})
        assert answer.status_code == 405

    def test_answers_as_it_is_described(
        self, zhao: User, certificate: Certificate, inspector: User
    ) -> None:
        now = timezone.now()
        lot = certificate.lot
        new_lot(farmer=lot.farmer, by=zhao, at=now)
        new_batch(certificate=certificate, by=zhao, count=120)
        new_licence(zhao, lot.village, valid_to=timezone.localdate())
        described, browser = document(), logged_in(inspector)
        jsonschema_rs.meta.validate(described["components"]["schemas"]["Problem"])
        seen = 0
        for path, kinds in described["paths"].items():
            answer = browser.get(path, {"size": "1"})
            content = kinds["get"]["responses"]["200"]["content"]
            schema = content["application/json"]["schema"]
            schema |= {"components": described["components"]}
            jsonschema_rs.validate(schema, answer.json())
            seen += len(answer.json()["items"])
        assert seen >= 3
        served = browser.get("/api/trace/openapi.json").json()
        assert served["paths"].keys() == document()["paths"].keys()

    def test_the_link_leads_on(self, zhao: User, farmer_wang: Farmer) -> None:
        for _ in range(2):
            new_lot(farmer=farmer_wang, by=zhao, at=timezone.now())
        browser = logged_in(zhao)
        first = browser.get("/api/trace/records/today", {"size": "1"})
        url = first["Link"].split(">")[0].lstrip("<").split("testserver", 1)[1]
        second = browser.get(url)
        assert "Link" not in second
        lots = [one.json()["items"][0]["lot"] for one in (first, second)]
        assert len(set(lots)) == 2


class TestRegister:
    def test_knows_until_when(self) -> None:
        for day, until in (
            (date(2026, 8, 31), date(2027, 2, 28)),
            (date(2026, 2, 1), date(2026, 8, 1)),
            (date(2027, 8, 29), date(2028, 2, 29)),
        ):
            assert retention.keep_until(day) == until
        assert retention.kept_since(date(2027, 2, 28)) == date(2026, 8, 28)

    def test_finds_the_number_that_is_missing(self, lot: Lot, zhao: User) -> None:
        for _ in range(2):
            new_certificate(lot=lot, by=zhao, quantity_g=1_000)
        (whole,) = retention.series()
        assert (whole.given, whole.missing) == (2, [])
        # A number that is taken and stands on nothing.
        take_numbers(name="certificate:HS:2026")
        new_certificate(lot=lot, by=zhao, quantity_g=1_000)
        (broken,) = retention.series()
        assert (broken.given, broken.missing) == (4, ["HS-2026-000003"])

    def test_finds_that_the_last_one_is_missing(self, lot: Lot, zhao: User) -> None:
        new_certificate(lot=lot, by=zhao, quantity_g=1_000)
        Counter.objects.filter(name="certificate:HS:2026").update(value=2)
        (broken,) = retention.series()
        assert broken.missing == ["HS-2026-000002"]

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_holds_every_field_of_what_was_issued_and_collected(
        self, lot: Lot, zhao: User, inspector: User, kind: str
    ) -> None:
        made = new_certificate(lot=lot, by=zhao)
        operations.revoke_certificate(
            certificate=made, reason="查出超标", by=zhao, at=NOW
        )
        collect(lot, zhao, promisor="=1+1")
        answer = logged_in(inspector).get(
            f"/records/certificates.{kind}",
            {"first": "2026-11-01", "last": "2026-11-30"},
        )
        if kind == "csv":
            rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        else:
            sheet = load_workbook(io.BytesIO(answer.content)).active
            assert sheet is not None
            rows = [list(row) for row in sheet.values]
            assert all(c.data_type != "f" for row in sheet.rows for c in row)
        assert len(rows) == 3
        assert {made.number, "王示例", "10000000009", "2027-05-19"} <= set(rows[1])
        assert "查出超标" in str(rows[1])
        assert "示例-1" in rows[2]

    def test_an_assistant_gets_their_villages_alone(
        self, zhao: User, farmer_li: Farmer
    ) -> None:
        other = new_certificate(lot=new_lot(farmer=farmer_li, by=zhao), by=zhao)
        told = logged_in(zhao).get(
            "/records/certificates.csv", {"first": "2026-01-01", "last": "2027-01-01"}
        )
        assert other.number not in told.content.decode()

    @pytest.mark.parametrize(
        "query", [{"first": "x"}, {"first": "2026-02-01", "last": "2026-01-01"}]
    )
    def test_refuses_days_that_are_none(
        self, inspector: User, query: dict[str, str]
    ) -> None:
        browser = logged_in(inspector)
        assert browser.get("/records/certificates/", query).status_code == 422
        assert browser.get("/records/certificates.csv", query).status_code == 400

    def test_the_page_says_that_none_is_missing(
        self, lot: Lot, zhao: User, inspector: User
    ) -> None:
        made = new_certificate(lot=lot, by=zhao)
        told = words_of(
            logged_in(inspector).get(
                "/records/certificates/", {"first": "2026-11-01", "last": "2026-11-30"}
            )
        )
        assert "HS-2026: numbers 1 to 1, none is missing" in told
        assert made.number in told
