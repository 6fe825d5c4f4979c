"""Many at the same moment: one label, one lot, one certificate, one log."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from partners.organisations.models import Farmer
from shop.users.models import User
from tests import races
from tests.factories.traceability import NOW, new_certificate, new_label, new_lot
from tests.races import refused
from tests.traceability.test_log import verify
from traceability import operations, signing
from traceability.models import (
    Certificate,
    CertificateBalance,
    KeyPurpose,
    Label,
    LogLeaf,
    Lot,
    Plot,
    Scan,
    SigningKey,
    StatusEvent,
)
from traceability.operations import events
from traceability.operations.counters import take_numbers

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 6
AT_ONCE = pytest.mark.only_on("postgresql", reason="SQLite lets one write at a time")


def at_once(act: Callable[[int], Any]) -> list[Any]:
    """What each of MANY threads got that began together: a value or its exception."""
    return races.at_once(*(partial(act, number) for number in range(MANY)))


class TestPackLabel:
    def test_one_of_many_gets_the_label(self, farmer_wang: Farmer, zhao: User) -> None:
        label = new_label(farmer=farmer_wang, by=zhao, packed=False)
        code = label.code
        results = at_once(lambda _n: operations.pack_label(code=code, at=NOW, by=zhao))
        assert refused(results, operations.UnableToPack) == MANY - 1
        assert StatusEvent.objects.filter(label=label).count() == 1

    def test_without_the_guard_several_would(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        # The negative control: looking first and writing then lets everybody through.
        label = new_label(farmer=farmer_wang, by=zhao, packed=False)
        looked = races.meeting(MANY)

        def careless(_number: int) -> bool:
            free = Label.objects.get(pk=label.pk).activated_at is None
            looked.wait()
            Label.objects.filter(pk=label.pk).update(activated_at=NOW)
            return free

        assert at_once(careless) == [True] * MANY


class TestSupersede:
    def test_while_packages_are_packed_frees_only_what_was_not(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        label = new_label(farmer=farmer_wang, by=zhao, packed=False)
        batch, lot = label.batch, label.lot
        codes = batch.codes()

        def act(number: int) -> Any:
            if number:
                return operations.pack_label(code=codes[number], at=NOW, by=zhao)
            return operations.supersede_certificate(
                certificate=batch.certificate, reason="示例", by=zhao, at=NOW
            )

        results = at_once(act)
        packed = MANY - 1 - refused(results, operations.UnableToPack)
        lot.refresh_from_db()
        assert lot.certified_g == packed * batch.pack_g


class TestCountScan:
    def test_one_of_many_devices_is_the_first(self, label: Label) -> None:
        code = label.code
        results = at_once(
            lambda n: operations.count_scan(code=code, device=f"dev-{n:016d}", at=NOW)
        )
        assert not [r for r in results if isinstance(r, Exception)], results
        assert sorted(r.ordinal for r in results) == list(range(1, MANY + 1))
        assert [r.state for r in results].count("first") == 1
        label.refresh_from_db()
        assert label.scan_count == MANY

    def test_one_device_that_knocks_many_times_is_one_scan(self, label: Label) -> None:
        code = label.code
        results = at_once(
            lambda _n: operations.count_scan(code=code, device="d" * 20, at=NOW)
        )
        assert [r.ordinal for r in results] == [1] * MANY
        assert Scan.objects.count() == 1


class TestQuantities:
    def test_nobody_certifies_more_than_the_lot_holds(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao, weight_g=310_000)
        results = at_once(
            lambda _n: new_certificate(
                lot=Lot.objects.get(pk=lot.pk), by=zhao, quantity_g=100_000
            )
        )
        assert refused(results, operations.UnableToCertify) == MANY - 3
        numbers = Certificate.objects.order_by("pk").values_list("number", flat=True)
        assert list(numbers) == [f"HS-2026-{n:06d}" for n in (1, 2, 3)]

    def test_nobody_splits_off_more_than_there_is(
        self, farmer_wang: Farmer, zhao: User
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao, weight_g=5_000)
        results = at_once(
            lambda _n: operations.split_lot(
                lot=Lot.objects.get(pk=lot.pk), weights_g=[2_000], by=zhao, at=NOW
            )
        )
        assert refused(results, operations.UnableToMove) == MANY - 2
        assert Lot.objects.get(pk=lot.pk).free_g == 1_000

    @pytest.mark.parametrize(
        ("locked", "told"), [(True, 3), pytest.param(False, MANY, marks=AT_ONCE)]
    )
    def test_nobody_picks_more_than_the_lot_holds(
        self,
        farmer_wang: Farmer,
        zhao: User,
        monkeypatch: pytest.MonkeyPatch,
        locked: bool,
        told: int,
    ) -> None:
        """Without the lock it is the negative control: all look first, then write."""
        lot = new_lot(farmer=farmer_wang, by=zhao, weight_g=310_000)
        if not locked:
            looked = races.meeting(MANY)

            def careless(lot: Lot, kind: str, weight_g: int) -> None:
                assert not lot.events.exists()
                looked.wait()

            monkeypatch.setattr(events, "_require_held", careless)
            monkeypatch.setattr(
                type(Plot.objects.all()), "select_for_update", lambda rows: rows
            )
        results = at_once(
            lambda _n: operations.record_event(
                lot=Lot.objects.get(pk=lot.pk),
                kind="harvest",
                happened_at=NOW,
                weight_g=100_000,
                by=zhao,
                at=NOW,
            )
        )
        assert refused(results, operations.UnableToRecordEvent) == MANY - told

    def test_nobody_labels_more_than_is_certified(
        self, certificate: Certificate, zhao: User
    ) -> None:
        results = at_once(
            lambda _n: operations.mint_labels(
                certificate=certificate,
                count=40,
                product_name="冰糖橙 5斤装",
                pack_g=2_500,
                by=zhao,
                at=NOW,
            )
        )
        assert refused(results, operations.UnableToMint) == MANY - 3
        assert Label.objects.count() == 120
        assert CertificateBalance.objects.get().free_g == 0


class TestNumbers:
    def test_are_taken_once_each_and_without_gaps(self, db: None) -> None:
        def take(_number: int) -> int:
            with transaction.atomic():
                return take_numbers(name="race")

        assert sorted(at_once(take)) == list(range(1, MANY + 1))

    def test_are_not_taken_outside_a_transaction(self, db: None) -> None:
        with pytest.raises(transaction.TransactionManagementError):
            take_numbers(name="race")


class TestLog:
    def test_many_publishers_are_harmless(
        self, certificate: Certificate, log_folder: Path
    ) -> None:
        results = at_once(lambda _n: operations.publish_log(at=NOW))
        assert {r.size for r in results} == {LogLeaf.objects.count()}
        assert len({r.root for r in results}) == 1
        assert verify(log_folder, certificate.number).returncode == 0

    def test_publishing_while_others_write_never_breaks_the_log(
        self, farmer_wang: Farmer, zhao: User, log_folder: Path
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao)

        def work(number: int) -> Any:
            for _round in range(3):
                if number % 2:
                    operations.publish_log(at=NOW)
                else:
                    new_certificate(
                        lot=Lot.objects.get(pk=lot.pk), by=zhao, quantity_g=1_000
                    )
            return None

        assert at_once(work) == [None] * MANY
        operations.publish_log(at=NOW)
        done = verify(log_folder, "HS-2026-000009")
        assert done.returncode == 0, done.stdout

    def test_a_key_is_made_and_logged_once(
        self, db: None, settings: Any, tmp_path: Path
    ) -> None:
        settings.SIGNING_KEY_FILES = {"certificate": str(tmp_path / "new.pem")}

        def register(_number: int) -> str:
            purpose = KeyPurpose.CERTIFICATE
            return operations.register_key(purpose=purpose, at=NOW).key_id

        assert set(at_once(register)) == {signing.signer("certificate").key_id}
        assert SigningKey.objects.count() == 1
        assert LogLeaf.objects.count() == 1
