"""The database refuses, whoever asks. Every attack here is raw SQL.

Each guard is tried three ways: with all guards standing, with no other but itself,
and with none: then the attack goes through, which shows that the guard did it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import IntegrityError, connection, transaction

from partners.guards import missing_guards, take_down
from partners.ledger import operations, sealing
from partners.ledger.guards import STANDING
from partners.ledger.models import Account, Entry, Seal, Unsealed

from .conftest import NOON, captured

pytestmark = pytest.mark.django_db
SQLITE, POSTGRESQL = {"sqlite"}, {"postgresql"}


def run(sql: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def write_lines(key: str, *amounts: tuple[str, int]) -> None:
    for position, (code, amount_fen) in enumerate(amounts, start=1):
        run(
            "INSERT INTO ledger_entryline (entry_id, position, account_id, amount_fen)"
            " VALUES (%s, %s, %s, %s)",
            sealing.entry_id(key).hex,
            position,
            Account.objects.get(code=code).pk,
            amount_fen,
        )


def write_entry(key: str, line_count: int = 2, verb: str = "INSERT") -> None:
    run(
        f"{verb} INTO ledger_entry"
        " (id, key, kind, subject, memo, at, line_count, fingerprint)"
        " VALUES (%s, %s, 'capture', 's', '', '2026-11-22 04:00:00', %s, 'f')",
        sealing.entry_id(key).hex,
        key,
        line_count,
    )


def write_seal(sequence: int, previous: str, verb: str = "INSERT") -> None:
    run(
        f"{verb} INTO ledger_seal"
        " (sequence, entry_id, digest, previous, seal, sealed_at)"
        " VALUES (%s, %s, 'd', %s, 's', '2026-11-22 04:00:00')",
        sequence,
        sealing.entry_id("capture:waiting").hex,
        previous,
    )


@dataclass(frozen=True)
class Attack:
    guard: str
    what: str
    strike: Callable[[], None]
    vendors: frozenset[str] = frozenset({"sqlite", "postgresql"})

    def __str__(self) -> str:
        return f"{self.guard}: {self.what}"


def entry_without_lines() -> None:
    write_entry("raw")


def entry_out_of_balance() -> None:
    write_lines("raw", ("alipay:clearing", 5), ("order:1:escrow", -4))
    write_entry("raw")


def entry_of_one_line() -> None:
    write_lines("raw", ("alipay:clearing", 5))
    write_entry("raw", line_count=1)


def entry_that_hides_a_line() -> None:
    write_lines(
        "raw", ("alipay:clearing", 5), ("order:1:escrow", -4), ("order:1:escrow", -1)
    )
    write_entry("raw", line_count=2)


def more_than_escrow_holds() -> None:
    write_lines("raw", ("alipay:clearing", -2901), ("order:1:escrow", 2901))
    write_entry("raw")


def line_that_joins_later() -> None:
    run(
        "INSERT INTO ledger_entryline (entry_id, position, account_id, amount_fen)"
        " SELECT entry_id, 3, account_id, 7 FROM ledger_entryline WHERE position = 1"
    )


def last_seal() -> Seal:
    return Seal.objects.order_by("sequence").last() or Seal()


def without_recursive_triggers(sql: str) -> Callable[[], None]:
    """REPLACE as another program would send it, that sets no pragma."""

    def strike() -> None:
        run("PRAGMA recursive_triggers = OFF")
        try:
            run(sql)
        finally:
            run("PRAGMA recursive_triggers = ON")

    return strike


def sql(statement: str) -> Callable[[], None]:
    return lambda: run(statement)


def attacks() -> Iterator[Attack]:
    balances = "ledger_entry_balances"
    yield Attack(balances, "no lines", entry_without_lines)
    yield Attack(balances, "out of balance", entry_out_of_balance)
    yield Attack(balances, "more lines than it says", entry_that_hides_a_line)
    yield Attack("ledger_entry_never_overdrawn", "overdraw", more_than_escrow_holds)
    joins = "ledger_entryline_joins_nothing"
    yield Attack(joins, "join later", line_that_joins_later)
    for table, column in (
        ("ledger_entry", "memo = 'changed'"),
        ("ledger_entryline", "amount_fen = amount_fen * 2"),
        ("ledger_seal", "sealed_at = '2020-01-01 00:00:00'"),
        ("ledger_account", "kind = 'income'"),
        ("ledger_unsealed", "id = id + 1000"),
    ):
        yield Attack(
            f"{table}_no_update", "update", sql(f"UPDATE {table} SET {column}")
        )
        yield Attack(
            f"{table}_no_truncate",
            "truncate",
            sql(f"TRUNCATE {table} CASCADE"),
            frozenset(POSTGRESQL),
        )
    for table in ("ledger_entry", "ledger_entryline", "ledger_seal", "ledger_account"):
        yield Attack(f"{table}_no_delete", "delete", sql(f"DELETE FROM {table}"))
        yield Attack(
            f"{table}_never_replaced",
            "replace",
            without_recursive_triggers(
                f"REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"
            ),
            frozenset(SQLITE),
        )
    check = "ledger_check"
    yield Attack(
        f"{check}_no_update", "whitewash", sql(f"UPDATE {check} SET entries = 0")
    )
    yield Attack(f"{check}_no_delete", "forget", sql(f"DELETE FROM {check}"))
    yield Attack(
        f"{check}_no_truncate",
        "truncate",
        sql(f"TRUNCATE {check}"),
        frozenset(POSTGRESQL),
    )
    waits = "ledger_unsealed_until_sealed"
    yield Attack(waits, "skip the seal", sql("DELETE FROM ledger_unsealed"))
    yield Attack(
        "ledger_unsealed_never_replaced",
        "replace",
        without_recursive_triggers(
            "REPLACE INTO ledger_unsealed SELECT * FROM ledger_unsealed LIMIT 1"
        ),
        frozenset(SQLITE),
    )
    follows = "ledger_seal_follows"
    yield Attack(follows, "gap", lambda: write_seal(3, last_seal().seal))
    yield Attack(follows, "wrong predecessor", lambda: write_seal(2, "0" * 64))


ALL = [*attacks()]
ATTACKS = [attack for attack in ALL if connection.vendor in attack.vendors]
# What refuses nothing by itself, or only between two transactions: own tests below.
ELSEWHERE = {"ledger_entry_waits_for_seal", "ledger_entryline_counted"}


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside, guards and rows are afterwards as before."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            run("SET CONSTRAINTS ALL IMMEDIATE")
            run("SET CONSTRAINTS ALL DEFERRED")
        try:
            yield
        finally:
            transaction.set_rollback(True)


def take_down_all_but(*names: str) -> None:
    for trigger in STANDING:
        if trigger.name not in names:
            for statement in take_down(trigger, connection.vendor):
                run(statement)


@pytest.fixture
def ledger() -> None:
    """One entry that is sealed, one that waits, and a check of both."""
    captured("1")
    operations.seal_entries(at=NOON)
    captured("waiting")
    operations.check_ledger(at=NOON)


@pytest.fixture(params=ATTACKS, ids=str)
def attack(request: pytest.FixtureRequest, ledger: None) -> Attack:
    return request.param


class TestGuards:
    def test_refuse_together(self, attack: Attack) -> None:
        with undone(), pytest.raises(IntegrityError):
            attack.strike()

    def test_refuse_alone(self, attack: Attack) -> None:
        with undone():
            take_down_all_but(attack.guard)
            with pytest.raises(IntegrityError):
                attack.strike()

    def test_gone_let_it_through(self, attack: Attack) -> None:
        with undone():
            take_down_all_but()
            attack.strike()

    def test_are_all_attacked(self) -> None:
        attacked = {attack.guard for attack in ALL} | ELSEWHERE
        assert attacked == {trigger.name for trigger in STANDING}

    def test_are_missed_when_gone(self, ledger: None) -> None:
        with undone(), connection.cursor() as cursor:
            take_down_all_but("ledger_seal_follows")
            missing = missing_guards(cursor, connection.vendor, STANDING)
            assert "ledger_entry_balances" in missing
            assert "ledger_seal_follows" not in missing

    @pytest.mark.only_on("postgresql", reason="SQLite cannot switch a trigger off")
    def test_are_counted_as_gone_when_switched_off(self, ledger: None) -> None:
        with undone(), connection.cursor() as cursor:
            run("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_no_update")
            missing = missing_guards(cursor, connection.vendor, STANDING)
            assert missing == ["ledger_entry_no_update"]


class TestConstraints:
    """What a declared constraint refuses, with all triggers gone."""

    def test_two_lines_are_the_least(self, ledger: None) -> None:
        with undone():
            take_down_all_but()
            with pytest.raises(IntegrityError):
                entry_of_one_line()

    def test_a_line_moves_something(self, ledger: None) -> None:
        with undone(), pytest.raises(IntegrityError):
            write_lines("raw", ("alipay:clearing", 0))

    def test_a_key_is_posted_once(self, ledger: None) -> None:
        with undone():
            take_down_all_but()
            with pytest.raises(IntegrityError):
                run("INSERT INTO ledger_entry SELECT * FROM ledger_entry LIMIT 1")

    def test_an_entry_is_reversed_once(self, ledger: None) -> None:
        entry = Entry.objects.get(key="capture:1")
        operations.reverse(entry=entry, key="undo:1", reason="", at=NOON)
        with undone():
            take_down_all_but()
            write_entry("raw")
            with pytest.raises(IntegrityError):
                run(
                    "UPDATE ledger_entry SET reverses_id = %s WHERE key = 'raw'",
                    entry.pk.hex,
                )


class TestWaitsForSeal:
    def test_every_entry_waits_even_a_raw_one(self, ledger: None) -> None:
        with undone():
            write_lines("raw", ("alipay:clearing", 5), ("order:1:escrow", -5))
            write_entry("raw")
            waiting = Unsealed.objects.values_list("entry__key", flat=True)
            assert set(waiting) == {"capture:waiting", "raw"}


class TestLinesWithoutAnEntry:
    def test_never_commit(self, ledger: None) -> None:
        with undone():
            write_lines("raw", ("alipay:clearing", 5), ("order:1:escrow", -5))
            with pytest.raises(IntegrityError):
                connection.check_constraints()
