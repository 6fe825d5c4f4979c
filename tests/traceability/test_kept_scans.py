"""Scans of a hot lot: one query, the same words, and never a moment too old."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.traceability import NOW, english_client, new_batch, new_certificate
from tests.factories.traceability import new_lot as a_lot
from tests.traceability.test_signed import change, of_batch, of_lot, of_paper
from traceability import operations, queries
from traceability.codes import grouped
from traceability.models import Label, LabelBatch, Scan
from traceability.queries import kept

# Nothing is kept of what a transaction saw, and most tests are one.
pytestmark = pytest.mark.django_db(transaction=True)


def words(label: Label, client: Client | None = None) -> str:
    page = (client or english_client()).get(f"/T/{label.code}")
    return page.content.decode()


@pytest.fixture
def label(label: Label) -> Label:
    """Packed, and scanned a moment ago."""
    assert "Genuine" in words(label)
    return label


@pytest.fixture
def other(label: Label, zhao: User) -> Label:
    """Another of the batch, packed on the same day, that nobody looked at."""
    code = label.batch.codes()[1]
    return operations.pack_label(code=code, at=NOW, by=zhao)


class TestWarm:
    def test_asks_once(
        self, client: Client, label: Label, django_assert_num_queries: Any
    ) -> None:
        made = client.get(f"/T/{label.code}/")
        with django_assert_num_queries(1):
            page = client.get(f"/T/{label.code}")
        assert page.content == made.content
        of_the_moment = {"Expires": "", "X-Request-ID": ""}
        assert dict(page.headers) | of_the_moment == dict(made.headers) | of_the_moment
        assert not page.cookies
        assert not Scan.objects.exists()

    def test_asks_more_where_nothing_is_kept(
        self, client: Client, label: Label, django_assert_max_num_queries: Any
    ) -> None:
        # The negative control: it is the keeping that saves the questions.
        kept.clear()
        with django_assert_max_num_queries(12) as asked:
            client.get(f"/T/{label.code}")
        assert len(asked) > 4

    def test_labels_of_a_batch_share_all_but_their_own_words(
        self, client: Client, label: Label, other: Label, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(1):
            page = words(other)
        assert other.code in page
        assert label.code not in page
        own = words(label).replace(label.code, other.code)
        assert page == own.replace(grouped(label.code), grouped(other.code))

    def test_each_reader_in_their_language(self, label: Label) -> None:
        chinese = Client(headers={"accept-language": "zh-CN"})
        for _again in range(2):
            assert "正品" in words(label, chinese)
            assert "Genuine" in words(label)

    def test_a_count_is_on_the_very_next_page(self, label: Label, other: Label) -> None:
        for n in range(2):
            operations.count_scan(
                code=label.code, device=f"device-{n:010d}", at=timezone.now()
            )
            words(label)
            words(other)
        assert "Checked 2 times before" in words(label)
        assert "Nobody has checked this code before" in words(other)

    def test_what_a_transaction_saw_is_not_kept(self, label: Label) -> None:
        kept.clear()
        with transaction.atomic():
            words(label)
            assert kept.get(label.batch_id) is None
        words(label)
        assert kept.get(label.batch_id) is not None


def attach(label: Label, by: User) -> None:
    operations.attach_evidence(
        lot=label.lot,
        kind="test_report",
        title="农残检测",
        result="新结果",
        done_on=date(2026, 11, 18),
        file=ContentFile(b"%PDF-1.4\n%%EOF", "report.pdf"),
        by=by,
        at=NOW,
    )


def record(label: Label, by: User) -> None:
    operations.record_event(
        lot=label.lot, kind="tend", happened_at=NOW, note="新记录", by=by, at=NOW
    )


CHANGES: dict[str, tuple[Callable[[Label, User], Any], str]] = {
    "recall": (
        lambda it, by: operations.recall_lot(
            lot=it.lot, reason="检出<b>", by=by, at=NOW
        ),
        "检出&lt;b&gt;",
    ),
    "revoke": (
        lambda it, by: operations.revoke_certificate(
            certificate=it.batch.certificate, reason="写错了", by=by, at=NOW
        ),
        "Certificate revoked",
    ),
    "supersede": (
        lambda it, by: operations.supersede_certificate(
            certificate=it.batch.certificate, reason="重新包装", by=by, at=NOW
        ),
        "Replaced",
    ),
    "void": (
        lambda it, by: operations.void_label(label=it, reason="掉了", by=by, at=NOW),
        "Label voided",
    ),
    "paper": (attach, "新结果"),
    "event": (record, "新记录"),
}


class TestNext:
    @pytest.mark.parametrize("what", CHANGES)
    def test_a_change_is_on_the_very_next_scan(
        self, label: Label, zhao: User, what: str
    ) -> None:
        act, sign = CHANGES[what]
        assert sign not in words(label)
        act(label, zhao)
        for _again in range(2):
            assert sign in words(label)

    def test_one_voided_label_is_not_its_neighbour(
        self, label: Label, other: Label, zhao: User
    ) -> None:
        operations.void_label(label=label, reason="掉了", by=zhao, at=NOW)
        for _again in range(2):
            assert "Label voided" in words(label)
            assert "Label voided" not in words(other)

    def test_an_event_of_a_lot_that_went_into_it(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        whole = a_lot(farmer=farmer_wang, by=zhao)
        (half,) = operations.split_lot(lot=whole, weights_g=[100_000], by=zhao, at=NOW)
        batch: LabelBatch = new_batch(
            certificate=new_certificate(lot=half, by=zhao), by=zhao
        )
        label = operations.pack_label(code=batch.first_code, at=NOW, by=zhao)
        assert "新记录" not in words(label)
        operations.record_event(
            lot=whole, kind="tend", happened_at=NOW, note="新记录", by=zhao, at=NOW
        )
        assert "新记录" in words(label)


class TestTampering:
    def test_with_the_batch_is_found_at_once(self, label: Label) -> None:
        change(of_batch(label), product_name="有机冰糖橙")
        assert "Record changed" in words(label)

    @pytest.mark.parametrize("rows", [of_lot, of_paper])
    def test_with_other_rows_is_never_told_and_found_in_time(
        self, label: Label, zhao: User, rows: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if rows is of_paper:
            attach(label, zhao)
            signed = new_batch(
                certificate=new_certificate(lot=label.lot, by=zhao, quantity_g=10_000),
                by=zhao,
                count=2,
            )
            label = operations.pack_label(code=signed.first_code, at=NOW, by=zhao)
            assert "Genuine" in words(label)
            change(rows(label), title="有机认证")
        else:
            change(rows(label), product_name="有机认证")
        # Until it is read anew the page tells what was compared and signed.
        page = words(label)
        assert "Genuine" in page
        assert "有机认证" not in page
        monkeypatch.setattr(kept, "KEEP_SECONDS", 0)
        assert "Record changed" in words(label)

    def test_a_label_put_into_another_batch_is_found(
        self, label: Label, farmer_wang: Farmer, zhao: User
    ) -> None:
        other = new_certificate(lot=a_lot(farmer=farmer_wang, by=zhao), by=zhao)
        dear = new_batch(certificate=other, by=zhao)
        there = operations.pack_label(code=dear.first_code, at=NOW, by=zhao)
        assert "Genuine" in words(there)
        change(Label.objects.filter(pk=label.pk), batch=dear)
        assert queries.judge(text=label.code, device=None, now=NOW).state == "altered"
