# ruff: noqa: S608  The SQL is put together from constants of this file only.
"""The ledger's triggers, as migration 0002 puts them up.

They are the ledger's truth: they hold against raw SQL, other programs and our own
mistakes. Each is spelled twice, for SQLite and for PostgreSQL, with one meaning.

To change one, copy what stands here into migration 0002 first: history keeps its
words, and a new migration takes the old trigger down and puts the new one up.
"""

from partners.guards import Trigger, append_only, refusal, refusing

_LINES = "FROM ledger_entryline WHERE entry_id = NEW.id"
_UNBALANCED = "ledger: an entry needs its lines, two or more, and they sum to zero"
_JOINED = "ledger: no line joins an entry that is posted"
_TWICE = "ledger: already posted, correct by adding"
_OVERDRAWN = "ledger: overdrawn"
_CHAIN = "ledger: a seal follows the last one, without a gap"
_WAITING = "ledger: an entry waits until it is sealed"

# Lines of the new entry that pull a guarded account towards the wrong side of zero.
# Only these need a look at the balance, and on PostgreSQL a lock.
_PULLED = """
    SELECT account.id FROM ledger_entryline line
    JOIN ledger_account account ON account.id = line.account_id
    WHERE line.entry_id = NEW.id AND account.never_overdrawn
    AND (line.amount_fen < 0) = (account.kind IN ('asset', 'expense'))
"""
_OVERDRAWN_CODE = f"""
    SELECT account.code FROM ledger_account account
    WHERE account.id IN ({_PULLED})
    AND (SELECT sum(amount_fen) FROM ledger_entryline
         WHERE account_id = account.id)
        * (CASE WHEN account.kind IN ('asset', 'expense') THEN 1 ELSE -1 END) < 0
    ORDER BY account.code LIMIT 1
"""

ENTRY_BALANCES = Trigger(
    name="ledger_entry_balances",
    table="ledger_entry",
    sqlite=f"""
        BEFORE INSERT ON ledger_entry
        WHEN NEW.line_count < 2
        OR (SELECT count(*) {_LINES}) IS NOT NEW.line_count
        OR (SELECT sum(amount_fen) {_LINES}) IS NOT 0
        BEGIN SELECT RAISE(ABORT, '{_UNBALANCED}'); END""",
    postgresql="BEFORE INSERT ON ledger_entry FOR EACH ROW",
    body=f"""
        DECLARE legs bigint; total numeric;
        BEGIN
            SELECT count(*), sum(amount_fen) INTO legs, total {_LINES};
            IF legs < 2 OR legs <> NEW.line_count OR total <> 0 THEN
                RAISE EXCEPTION '{_UNBALANCED}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)

# SQLite writes one transaction at a time. On PostgreSQL the accounts are locked in
# sorted order, and under READ COMMITTED each statement then sees what was committed
# before the lock was had; REPEATABLE READ would look at an old balance.
NEVER_OVERDRAWN = Trigger(
    name="ledger_entry_never_overdrawn",
    table="ledger_entry",
    sqlite=f"""
        BEFORE INSERT ON ledger_entry
        WHEN EXISTS ({_OVERDRAWN_CODE})
        BEGIN SELECT RAISE(ABORT, '{_OVERDRAWN}'); END""",
    postgresql="BEFORE INSERT ON ledger_entry FOR EACH ROW",
    body=f"""
        DECLARE overdrawn text;
        BEGIN
            PERFORM 1 FROM ledger_account WHERE id IN ({_PULLED})
            ORDER BY code FOR NO KEY UPDATE;
            IF NOT FOUND THEN
                RETURN NEW;
            END IF;
            IF current_setting('transaction_isolation') = 'repeatable read' THEN
                RAISE EXCEPTION 'ledger: guarded accounts need READ COMMITTED'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            overdrawn := ({_OVERDRAWN_CODE});
            IF overdrawn IS NOT NULL THEN
                RAISE EXCEPTION '{_OVERDRAWN} %', overdrawn
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)

WAITS_FOR_SEAL = Trigger(
    name="ledger_entry_waits_for_seal",
    table="ledger_entry",
    sqlite="""
        AFTER INSERT ON ledger_entry
        BEGIN INSERT INTO ledger_unsealed (entry_id) VALUES (NEW.id); END""",
    postgresql="AFTER INSERT ON ledger_entry FOR EACH ROW",
    body="""
        BEGIN
            INSERT INTO ledger_unsealed (entry_id) VALUES (NEW.id);
            RETURN NULL;
        END""",
)

LINE_JOINS_NOTHING = Trigger(
    name="ledger_entryline_joins_nothing",
    table="ledger_entryline",
    sqlite=f"""
        BEFORE INSERT ON ledger_entryline
        WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.entry_id)
        BEGIN SELECT RAISE(ABORT, '{_JOINED}'); END""",
    postgresql="BEFORE INSERT ON ledger_entryline FOR EACH ROW",
    body=f"""
        BEGIN
            IF EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.entry_id) THEN
                RAISE EXCEPTION '{_JOINED}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)

# PostgreSQL only: a second transaction may write a line before it can see the entry
# of the first. Its deferred key would then hold; its count would not.
LINES_ARE_COUNTED = Trigger(
    name="ledger_entryline_counted",
    table="ledger_entryline",
    postgresql=(
        "AFTER INSERT ON ledger_entryline DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    ),
    body=f"""
        BEGIN
            IF (SELECT line_count FROM ledger_entry WHERE id = NEW.entry_id)
            IS DISTINCT FROM
               (SELECT count(*) FROM ledger_entryline
                WHERE entry_id = NEW.entry_id) THEN
                RAISE EXCEPTION '{_JOINED}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END""",
    constraint=True,
)

SEAL_FOLLOWS = Trigger(
    name="ledger_seal_follows",
    table="ledger_seal",
    sqlite=f"""
        BEFORE INSERT ON ledger_seal
        WHEN NEW.sequence IS NOT
            (SELECT coalesce(max(sequence), 0) + 1 FROM ledger_seal)
        OR NEW.previous IS NOT coalesce(
            (SELECT seal FROM ledger_seal ORDER BY sequence DESC LIMIT 1),
            '{"0" * 64}')
        BEGIN SELECT RAISE(ABORT, '{_CHAIN}'); END""",
    postgresql="BEFORE INSERT ON ledger_seal FOR EACH ROW",
    body=f"""
        DECLARE last record;
        BEGIN
            SELECT sequence, seal INTO last FROM ledger_seal
            ORDER BY sequence DESC LIMIT 1;
            IF NEW.sequence <> coalesce(last.sequence, 0) + 1
            OR NEW.previous <> coalesce(last.seal, '{"0" * 64}') THEN
                RAISE EXCEPTION '{_CHAIN}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END""",
)

WAITS_UNTIL_SEALED = Trigger(
    name="ledger_unsealed_until_sealed",
    table="ledger_unsealed",
    sqlite=f"""
        BEFORE DELETE ON ledger_unsealed
        WHEN NOT EXISTS (SELECT 1 FROM ledger_seal WHERE entry_id = OLD.entry_id)
        BEGIN SELECT RAISE(ABORT, '{_WAITING}'); END""",
    postgresql="BEFORE DELETE ON ledger_unsealed FOR EACH ROW",
    body=f"""
        BEGIN
            IF NOT EXISTS
                (SELECT 1 FROM ledger_seal WHERE entry_id = OLD.entry_id) THEN
                RAISE EXCEPTION '{_WAITING}'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END""",
)


def _never_replaced(table: str, meets: str) -> Trigger:
    """SQLite only: REPLACE deletes silently where recursive_triggers is off."""
    return Trigger(
        name=f"{table}_never_replaced",
        table=table,
        sqlite=f"""
            BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {meets})
            BEGIN SELECT RAISE(ABORT, '{_TWICE}'); END""",
    )


TRIGGERS: tuple[Trigger, ...] = (
    ENTRY_BALANCES,
    NEVER_OVERDRAWN,
    WAITS_FOR_SEAL,
    *append_only("ledger_entry"),
    _never_replaced(
        "ledger_entry",
        "id = NEW.id OR key = NEW.key OR reverses_id = NEW.reverses_id",
    ),
    LINE_JOINS_NOTHING,
    LINES_ARE_COUNTED,
    *append_only("ledger_entryline"),
    _never_replaced(
        "ledger_entryline",
        "id = NEW.id OR (entry_id = NEW.entry_id AND position = NEW.position)",
    ),
    SEAL_FOLLOWS,
    *append_only("ledger_seal"),
    _never_replaced(
        "ledger_seal", "sequence = NEW.sequence OR entry_id = NEW.entry_id"
    ),
    WAITS_UNTIL_SEALED,
    refusing("ledger_unsealed_no_update", "ledger_unsealed", "UPDATE"),
    _never_replaced("ledger_unsealed", "id = NEW.id OR entry_id = NEW.entry_id"),
    Trigger(
        name="ledger_unsealed_no_truncate",
        table="ledger_unsealed",
        postgresql="BEFORE TRUNCATE ON ledger_unsealed FOR EACH STATEMENT",
        body=refusal(_WAITING),
    ),
    refusing("ledger_account_no_update", "ledger_account", "UPDATE"),
    refusing("ledger_account_no_delete", "ledger_account", "DELETE"),
    Trigger(
        name="ledger_account_no_truncate",
        table="ledger_account",
        postgresql="BEFORE TRUNCATE ON ledger_account FOR EACH STATEMENT",
        body=refusal("ledger_account: TRUNCATE refused"),
    ),
    _never_replaced(
        "ledger_account",
        "id = NEW.id OR (code = NEW.code AND (kind <> NEW.kind "
        "OR never_overdrawn <> NEW.never_overdrawn OR name <> NEW.name))",
    ),
)
# Put up by later migrations, each with its table.
LATER: tuple[Trigger, ...] = (*append_only("ledger_check"),)
STANDING: tuple[Trigger, ...] = (*TRIGGERS, *LATER)
