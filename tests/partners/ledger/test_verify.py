"""Sealing, and finding what somebody changed behind the guards' back."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from partners.ledger import operations, queries, sealing, tasks
from partners.ledger.models import Entry, Seal, Unsealed
from tests.guards import guards_lifted

from .conftest import NOON, captured

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> list[Entry]:
    """Three sealed entries, in their order."""
    entries = [captured(str(number), 100 * number) for number in (1, 2, 3)]
    operations.seal_entries(at=NOON)
    return entries


def tamper(sql: str, *params: object) -> None:
    """Change rows as somebody would who may drop triggers and puts them back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with guards_lifted(connection):
            cursor.execute(sql, params)


class TestSealEntries:
    def test_gives_each_entry_the_next_place(self, chain: list[Entry]) -> None:
        places = Seal.objects.order_by("sequence").values_list("sequence", "entry")
        assert list(places) == [(n, e.pk) for n, e in enumerate(chain, start=1)]

    def test_leaves_nothing_waiting(self, chain: list[Entry]) -> None:
        assert not Unsealed.objects.exists()
        assert operations.seal_entries(at=NOON) == 0

    def test_goes_on_where_it_stopped(self, chain: list[Entry]) -> None:
        captured("4")
        captured("5")
        assert operations.seal_entries(at=NOON, limit=1) == 1
        assert operations.seal_entries(at=NOON, limit=1) == 1
        assert queries.verify().head.sequence == 5
        assert queries.verify().ok

    def test_makes_a_seal_that_anyone_can_recompute(self, chain: list[Entry]) -> None:
        """Bytes spelled out by hand: a change of the format breaks old seals."""
        from hashlib import sha256

        body = (
            '{"kind":"capture","lines":[["alipay:clearing",100],'
            '["order:1:escrow",-100]],"memo_sha256":"'
            + sha256(b"paid").hexdigest()
            + '","reverses":null,"subject":"order:1"}'
        )
        whole = (
            '{"at":"2026-11-22T04:00:00.000000+00:00","fingerprint":"'
            + sha256(body.encode()).hexdigest()
            + f'","id":"{chain[0].pk}","key":"capture:1"}}'
        )
        digest = sha256(whole.encode()).digest()
        place = (1).to_bytes(8, "big")
        seal = Seal.objects.get(sequence=1)
        assert seal.digest == digest.hex()
        assert seal.seal == sha256(bytes(32) + place + digest).hexdigest()

    def test_runs_by_the_clock_until_nothing_waits(self) -> None:
        captured("1")
        captured("2")
        assert tasks.seal_entries() == 2
        assert not Unsealed.objects.exists()


class TestVerify:
    def test_is_content_with_what_was_posted(self, chain: list[Entry]) -> None:
        captured("4")
        found = queries.verify()
        assert (found.entries, found.sealed, found.unsealed) == (4, 3, 1)
        assert found.faults == []
        assert found.head.seal == Seal.objects.get(sequence=3).seal

    def test_is_content_with_an_empty_ledger(self) -> None:
        found = queries.verify()
        assert found.ok
        assert found.head == queries.Head(0, sealing.GENESIS)

    @pytest.mark.parametrize(
        "change",
        [
            "subject = 'order:9'",
            "memo = 'nothing to see'",
            "kind = 'refund'",
            "at = '2020-01-01 00:00:00'",
            "fingerprint = 'f'",
            "key = 'capture:9'",
            "line_count = 3",
        ],
    )
    def test_names_a_changed_entry(self, chain: list[Entry], change: str) -> None:
        tamper(
            f"UPDATE ledger_entry SET {change} WHERE key = 'capture:2'",
        )
        assert blamed() == {chain[1].pk}

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE ledger_entryline SET amount_fen = amount_fen * 2 WHERE {mine}",
            "UPDATE ledger_entryline SET amount_fen = 9 WHERE {mine} AND position = 1",
            "DELETE FROM ledger_entryline WHERE {mine}",
            "INSERT INTO ledger_entryline (entry_id, position, account_id, amount_fen)"
            " SELECT entry_id, position + 2, account_id, amount_fen"
            " FROM ledger_entryline WHERE {mine}",
        ],
    )
    def test_names_the_entry_of_changed_lines(
        self, chain: list[Entry], change: str
    ) -> None:
        tamper(change.format(mine=f"entry_id = '{stored(chain[1])}'"))
        assert blamed() == {chain[1].pk}

    @pytest.mark.parametrize(
        "change", ["seal", "previous", "digest"], ids=lambda column: f"seal.{column}"
    )
    def test_names_the_entry_of_a_changed_seal(
        self, chain: list[Entry], change: str
    ) -> None:
        tamper(f"UPDATE ledger_seal SET {change} = '{'a' * 64}' WHERE sequence = 2")
        assert chain[1].pk in blamed()

    def test_notices_a_seal_that_was_cut_out(self, chain: list[Entry]) -> None:
        tamper("DELETE FROM ledger_seal WHERE sequence = 2")
        assert chain[1].pk in blamed()

    def test_notices_an_entry_that_never_waited(self, chain: list[Entry]) -> None:
        fourth = captured("4")
        tamper("DELETE FROM ledger_unsealed")
        assert blamed() == {fourth.pk}

    def test_notices_an_account_that_became_another(self, chain: list[Entry]) -> None:
        tamper(
            "UPDATE ledger_account SET code = 'pocket' WHERE code = 'order:2:escrow'"
        )
        assert blamed() == {chain[1].pk}

    def test_notices_an_account_that_lost_its_guard(self, chain: list[Entry]) -> None:
        off = "0" if connection.vendor == "sqlite" else "false"
        tamper(f"UPDATE ledger_account SET never_overdrawn = {off}")
        assert any("not what the chart says" in str(f) for f in queries.verify().faults)

    def test_notices_a_guard_that_is_gone(self, chain: list[Entry]) -> None:
        table = " ON ledger_seal" if connection.vendor == "postgresql" else ""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"DROP TRIGGER ledger_seal_no_update{table}")
        [fault] = queries.verify().faults
        assert "ledger_seal_no_update" in str(fault)

    def test_notices_a_cut_off_end_by_a_seal_written_down(
        self, chain: list[Entry]
    ) -> None:
        written_down = queries.verify().head
        mine = f"entry_id = '{stored(chain[2])}'"
        tamper(f"DELETE FROM ledger_seal WHERE {mine}")
        tamper(f"DELETE FROM ledger_entryline WHERE {mine}")
        tamper(f"DELETE FROM ledger_entry WHERE id = '{stored(chain[2])}'")
        assert queries.verify().ok
        assert not queries.verify(expected=written_down).ok

    def test_accepts_a_seal_written_down_earlier(self, chain: list[Entry]) -> None:
        written_down = queries.verify().head
        captured("4")
        operations.seal_entries(at=NOON)
        assert queries.verify(expected=written_down).ok


class TestLedgerReport:
    def test_prints_balance_and_seal(self, chain: list[Entry]) -> None:
        out = StringIO()
        call_command("ledger_report", stdout=out)
        assert "order:*:escrow" in out.getvalue()
        assert "¥6.00" in out.getvalue()
        assert str(queries.verify().head) in out.getvalue()

    def test_fails_when_anything_is_off(self, chain: list[Entry]) -> None:
        tamper("UPDATE ledger_entry SET memo = 'x' WHERE key = 'capture:2'")
        err = StringIO()
        with pytest.raises(CommandError):
            call_command("ledger_report", stdout=StringIO(), stderr=err)
        assert str(chain[1].pk) in err.getvalue()

    def test_fails_when_the_expected_seal_is_not_there(
        self, chain: list[Entry]
    ) -> None:
        with pytest.raises(CommandError):
            call_command(
                "ledger_report",
                expect=queries.Head(3, "f" * 64),
                stdout=StringIO(),
                stderr=StringIO(),
            )


class TestCheckLedger:
    def test_keeps_what_it_found(self, chain: list[Entry]) -> None:
        captured("4")
        check = operations.check_ledger(at=NOON)
        assert queries.last_check() == check
        assert (check.in_order, check.entries, check.unsealed) == (True, 4, 1)
        balance = queries.checked_balance(check)
        assert balance.balanced
        assert balance.debit_fen == balance.credit_fen == 3500
        assert [row.pattern for row in balance.rows] == [
            "alipay:clearing",
            "order:*:escrow",
        ]

    def test_is_done_by_the_clock(self, chain: list[Entry]) -> None:
        assert tasks.check_ledger()
        tamper("UPDATE ledger_entry SET memo = 'x' WHERE key = 'capture:2'")
        assert not tasks.check_ledger()
        check = queries.last_check()
        assert check is not None
        assert str(chain[1].pk) in check.faults[0]

    def test_keeps_noticing_a_cut_off_end(self, chain: list[Entry]) -> None:
        operations.check_ledger(at=NOON)
        mine = f"entry_id = '{stored(chain[2])}'"
        tamper(f"DELETE FROM ledger_seal WHERE {mine}")
        tamper(f"DELETE FROM ledger_entryline WHERE {mine}")
        tamper(f"DELETE FROM ledger_entry WHERE id = '{stored(chain[2])}'")
        assert queries.verify().ok
        assert not operations.check_ledger(at=NOON).in_order
        assert not operations.check_ledger(at=NOON).in_order

    def test_finds_nothing_wrong_with_nothing(self) -> None:
        assert queries.last_check() is None
        assert operations.check_ledger(at=NOON).in_order


def blamed() -> set[object]:
    return {fault.entry for fault in queries.verify().faults if fault.entry}


def stored(entry: Entry) -> str:
    return entry.pk.hex if connection.vendor == "sqlite" else str(entry.pk)
