"""The sandbox's memory: one SQLite file that survives any crash."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pages (
    token TEXT PRIMARY KEY,
    kind TEXT NOT NULL,              -- page | wap | qr
    fields TEXT NOT NULL,            -- what the shop asked for, JSON
    created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS trades (
    trade_no TEXT PRIMARY KEY,
    out_trade_no TEXT NOT NULL UNIQUE,
    total_fen INTEGER NOT NULL CHECK (total_fen > 0),
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    notify_url TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    paid_at TEXT,
    refunded_fen INTEGER NOT NULL DEFAULT 0
        CHECK (refunded_fen BETWEEN 0 AND total_fen)
);
CREATE TABLE IF NOT EXISTS refunds (
    trade_no TEXT NOT NULL REFERENCES trades,
    request_no TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    made_at TEXT NOT NULL,
    PRIMARY KEY (trade_no, request_no)
);
CREATE TABLE IF NOT EXISTS notices (
    id INTEGER PRIMARY KEY,
    trade_no TEXT NOT NULL REFERENCES trades,
    url TEXT NOT NULL,
    fields TEXT NOT NULL,            -- signed, JSON
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at TEXT,                    -- null: acknowledged, or given up
    acknowledged INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS notice_due ON notices (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS trade_by_day ON trades (paid_at);
CREATE INDEX IF NOT EXISTS refund_by_day ON refunds (made_at);
"""


class Store:
    """Rows of the sandbox; each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._local = threading.local()
        with self.transaction() as rows:
            for statement in _SCHEMA.split(";"):
                rows.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside commits together; nobody else writes meanwhile."""
        rows = self._connection()
        rows.execute("BEGIN IMMEDIATE")
        try:
            yield rows
        except BaseException:
            rows.execute("ROLLBACK")
            raise
        rows.execute("COMMIT")

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Every row of a SELECT."""
        return self._connection().execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a SELECT, or None."""
        found: sqlite3.Row | None = self._connection().execute(sql, values).fetchone()
        return found

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, timeout=20, isolation_level=None)
            found.row_factory = sqlite3.Row
            found.execute("PRAGMA journal_mode=WAL")
            found.execute("PRAGMA synchronous=NORMAL")
            found.execute("PRAGMA foreign_keys=ON")
            self._local.connection = found
        return found


def stamp(moment: datetime) -> str:
    """A moment as text that sorts by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def moment(text: str) -> datetime:
    """The moment of a `stamp`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)


def dumped(fields: dict[str, str]) -> str:
    """Fields as JSON."""
    return json.dumps(fields, ensure_ascii=False)


def loaded(text: str) -> dict[str, str]:
    """Fields from JSON."""
    found: dict[str, str] = json.loads(text)
    return found
