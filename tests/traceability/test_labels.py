"""Labels: minted under a certificate, put on one package each, never twice."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.traceability import (
    NOW,
    new_batch,
    new_certificate,
    new_label,
    new_lot,
)
from traceability import codes, merkle, operations, queries
from traceability.models import (
    Certificate,
    CertificateBalance,
    Counter,
    Label,
    LabelBatch,
    LogLeaf,
    StatusEvent,
)
from traceability.operations import UnableToMint, UnableToPack

pytestmark = pytest.mark.django_db


class TestMintLabels:
    def test_makes_as_many_codes_as_labels(self, batch: LabelBatch) -> None:
        numbers = [codes.number_of(code) for code in batch.codes()]
        assert numbers == list(batch.labels.values_list("pk", flat=True))
        assert len(numbers) == batch.count == 10

    def test_numbers_run_on_from_batch_to_batch(
        self, batch: LabelBatch, certificate: Certificate, zhao: User
    ) -> None:
        after = new_batch(certificate=certificate, by=zhao)
        assert after.first_number == batch.first_number + batch.count

    def test_numbers_run_on_beyond_what_32_bits_hold(
        self, certificate: Certificate, zhao: User
    ) -> None:
        Counter.objects.create(name="label", value=2**31 - 3)
        batch = new_batch(certificate=certificate, by=zhao)
        assert list(batch.labels.values_list("pk", "scan_count", "activated_at")) == [
            (2**31 - 2 + n, 0, None) for n in range(batch.count)
        ]

    def test_one_line_of_the_log_vouches_for_every_code(
        self, batch: LabelBatch
    ) -> None:
        entry = json.loads(batch.leaf.entry)
        assert entry["root"] == batch.root
        leaves = [merkle.leaf_hash(code.encode()) for code in batch.codes()]
        for index, leaf in enumerate(leaves):
            proof = merkle.inclusion_proof(
                merkle.node_in(leaves), index=index, size=len(leaves)
            )
            merkle.verify_inclusion(
                leaf=leaf,
                index=index,
                size=len(leaves),
                proof=proof,
                root=bytes.fromhex(entry["root"]),
            )

    def test_the_database_holds_no_code(self, batch: LabelBatch) -> None:
        printed = batch.codes()
        with connection.cursor() as cursor:
            for table in ("label", "labelbatch", "logleaf", "statusevent"):
                cursor.execute(f"SELECT * FROM traceability_{table}")
                rows = str(cursor.fetchall())
                assert not any(code in rows for code in printed)

    @pytest.mark.parametrize(
        "changes",
        [
            {"count": 0},
            {"count": -3},
            {"count": operations.MAX_BATCH + 1},
            {"pack_g": 0},
            {"count": 121},
            {"pack_g": 30_001},
        ],
    )
    def test_refuses_more_than_the_certificate_covers(
        self, certificate: Certificate, zhao: User, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(UnableToMint):
            new_batch(certificate=certificate, by=zhao, **changes)
        assert not Label.objects.exists()
        assert CertificateBalance.objects.get().labelled_g == 0

    def test_a_pack_is_no_heap(self, certificate: Certificate, zhao: User) -> None:
        # Weights of lots go beyond what a batch's column holds on PostgreSQL.
        change = {"quantity_g": 10**10}
        CertificateBalance.objects.filter(pk=certificate.pk).update(**change)
        with pytest.raises(UnableToMint):
            new_batch(certificate=certificate, by=zhao, pack_g=3 * 10**9, count=1)
        new_batch(certificate=certificate, by=zhao, pack_g=10**7, count=1)

    def test_covers_the_certificate_exactly(
        self, certificate: Certificate, zhao: User
    ) -> None:
        new_batch(certificate=certificate, by=zhao, count=120)
        with pytest.raises(UnableToMint):
            new_batch(certificate=certificate, by=zhao, count=1, pack_g=1)

    def test_refuses_a_withdrawn_certificate(
        self, certificate: Certificate, zhao: User
    ) -> None:
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        with pytest.raises(UnableToMint):
            new_batch(certificate=certificate, by=zhao)

    def test_the_database_refuses_too_many_too(self, certificate: Certificate) -> None:
        balance = CertificateBalance.objects.filter(pk=certificate.pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            balance.update(labelled_g=300_001)
        balance.update(labelled_g=300_000)


class TestPackLabel:
    def test_activates_however_the_code_was_typed(
        self, batch: LabelBatch, zhao: User
    ) -> None:
        typed = codes.grouped(batch.codes()[0]).lower()
        label = operations.pack_label(code=typed, at=NOW, by=zhao)
        assert label.activated_at == NOW
        assert label.lot == batch.lot
        entry = json.loads(LogLeaf.objects.latest("index").entry)
        assert entry["status"] == "activated"
        assert entry["id"] == operations.label_hash(label.code)
        assert label.code not in json.dumps(entry)

    def test_happens_once(self, label: Label, zhao: User) -> None:
        with pytest.raises(UnableToPack):
            operations.pack_label(code=label.code, at=NOW, by=zhao)
        assert StatusEvent.objects.filter(label=label).count() == 1

    def test_refuses_a_forged_code_without_asking_the_database(
        self, zhao: User, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(0), pytest.raises(UnableToPack):
            operations.pack_label(code="0" * 20, at=NOW, by=zhao)

    def test_refuses_a_code_without_a_label(self, zhao: User) -> None:
        with pytest.raises(UnableToPack):
            operations.pack_label(code=codes.code_of(10**6), at=NOW, by=zhao)

    @pytest.mark.parametrize("what", ["void", "revoke", "supersede", "recall"])
    def test_refuses_what_no_longer_stands(
        self, farmer_wang: Farmer, zhao: User, what: str
    ) -> None:
        label = new_label(farmer=farmer_wang, by=zhao, packed=False)
        certificate = label.batch.certificate
        facts = {"reason": "示例", "by": zhao, "at": NOW}
        match what:
            case "void":
                operations.void_label(label=label, **facts)
            case "revoke":
                operations.revoke_certificate(certificate=certificate, **facts)
            case "supersede":
                operations.supersede_certificate(certificate=certificate, **facts)
            case "recall":
                operations.recall_lot(lot=label.lot, **facts)
        with pytest.raises(UnableToPack):
            operations.pack_label(code=label.code, at=NOW, by=zhao)
        label.refresh_from_db()
        assert label.activated_at is None

    def test_refuses_a_label_past_its_date(
        self, certificate: Certificate, zhao: User
    ) -> None:
        last_day = date(2026, 11, 25)
        batch = new_batch(certificate=certificate, by=zhao, expires_on=last_day)
        one, two = batch.codes()[:2]
        on_the_day = NOW + timedelta(days=6)
        operations.pack_label(code=one, at=on_the_day, by=zhao)
        too_late = NOW + timedelta(days=7)
        with pytest.raises(UnableToPack):
            operations.pack_label(code=two, at=too_late, by=zhao)
        assert queries.judge(text=one, device=None, now=too_late).state == "expired"


class TestVoidLabel:
    def test_happens_once_with_a_reason(self, label: Label, zhao: User) -> None:
        with pytest.raises(operations.UnableToVoid):
            operations.void_label(label=label, reason="", by=zhao, at=NOW)
        operations.void_label(label=label, reason="撕坏了", by=zhao, at=NOW)
        with pytest.raises(operations.UnableToVoid):
            operations.void_label(label=label, reason="撕坏了", by=zhao, at=NOW)


class TestGuards:
    def test_what_a_label_was_is_never_taken_back(self, label: Label) -> None:
        operations.count_scan(code=label.code, device="a" * 20, at=NOW)
        mine = Label.objects.filter(pk=label.pk)
        later = NOW + timedelta(days=1)
        for change in (
            {"activated_at": None},
            {"activated_at": later},
            {"scan_count": 0, "first_scanned_at": None},
            {"first_scanned_at": later},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                mine.update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            mine._raw_delete(mine.db)
        # What moves forward is allowed.
        mine.update(scan_count=2)

    @pytest.mark.parametrize(
        "table",
        [
            "event",
            "evidence",
            "labelbatch",
            "logleaf",
            "lotlink",
            "scan",
            "signingkey",
            "statusevent",
            "logcheckpoint",
        ],
    )
    def test_history_is_append_only(
        self, label: Label, zhao: User, table: str, settings: Any
    ) -> None:
        lot = new_lot(farmer=label.lot.farmer, by=zhao)
        operations.split_lot(lot=lot, weights_g=[1_000], by=zhao, at=NOW)
        event = operations.record_event(
            lot=lot, kind="sow", happened_at=NOW, by=zhao, at=NOW
        )
        operations.count_scan(code=label.code, device="a" * 20, at=NOW)
        operations.publish_log(at=NOW)
        assert event.pk
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM traceability_{table}")
            (rows,) = cursor.fetchone()
            for statement in (
                f"DELETE FROM traceability_{table}",
                f"UPDATE traceability_{table} SET {COLUMN[table]} = {COLUMN[table]}",
            ):
                if rows == 0:
                    continue
                with pytest.raises(IntegrityError), transaction.atomic():
                    cursor.execute(statement)
            cursor.execute(f"SELECT count(*) FROM traceability_{table}")
            assert cursor.fetchone() == (rows,)
        assert rows or table == "evidence"

    def test_the_log_has_no_gap(self, certificate: Certificate) -> None:
        for index in (0, 1, 3):
            with pytest.raises(IntegrityError), transaction.atomic():
                LogLeaf.objects.create(
                    index=index, kind="key", entry="{}", appended_at=NOW
                )
        LogLeaf.objects.create(index=2, kind="key", entry="{}", appended_at=NOW)


COLUMN = {
    "event": "note",
    "evidence": "title",
    "labelbatch": "count",
    "logleaf": "entry",
    "lotlink": "weight_g",
    "scan": "ordinal",
    "signingkey": "algorithm",
    "statusevent": "reason",
    "logcheckpoint": "note",
}


class TestLabelsOfOthers:
    def test_another_certificates_labels_are_counted_apart(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao)
        for quantity_g in (100_000, 50_000):
            under = new_certificate(lot=lot, by=zhao, quantity_g=quantity_g)
            new_batch(certificate=under, by=zhao, count=quantity_g // 2_500)
        assert [b.free_g for b in CertificateBalance.objects.all()] == [0, 0]
