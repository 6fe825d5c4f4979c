"""The stand-in's parcels: what was booked, how far each has come, who wants pushes.

Kept in a small SQLite file, so that a restarted demo finds its parcels again. Of a
recipient it keeps nothing but province, city and county.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

BEIJING = timezone(timedelta(hours=8))

# Each step of a parcel: 快递100's state and its name, and the carrier's sentence.
STEPS = (
    ("1", "揽收", "{start}", "【{start}】示例快递员已揽收，包裹从村里出发"),
    ("0", "在途", "{start}", "【{start}】包裹已发往{end}"),
    ("0", "在途", "{end}", "【{end}】包裹已到达当地营业部"),
    ("5", "派件", "{end}", "【{end}】示例快递员正在派送，请保持电话畅通"),
    ("3", "签收", "{end}", "【{end}】包裹已签收，签收人：本人"),
)
DONE = len(STEPS)
_SELECT = """
SELECT order_id, number, company, start, goal, moments, salt, callback
FROM consignment WHERE
"""
_UNDER_WAY = "callback <> '' AND json_array_length(moments) < ?"


@dataclass(frozen=True)
class Consignment:
    """One booked parcel and its way so far."""

    order_id: str
    waybill: str
    company: str
    start: str
    end: str
    moments: tuple[str, ...]  # when each step so far happened, oldest first
    salt: str
    callback: str

    @property
    def step(self) -> int:
        return len(self.moments)

    def result(self) -> dict[str, object]:
        """The shape of 快递100's query answer and of a push's lastResult."""
        rows = [self._row(number) for number in range(self.step)]
        state = STEPS[self.step - 1][0] if self.moments else "0"
        return {
            "message": "ok",
            "nu": self.waybill,
            "ischeck": "1" if self.step == DONE else "0",
            "com": self.company,
            "status": "200",
            "state": state,
            "condition": "00",
            "data": rows[::-1],
        }

    def _row(self, number: int) -> dict[str, str]:
        state, named, area, sentence = STEPS[number]
        places = {"start": self.start, "end": self.end}
        return {
            "time": self.moments[number],
            "ftime": self.moments[number],
            "context": sentence.format(**places),
            "status": named,
            "statusCode": state,
            "areaName": area.format(**places),
        }


class Depot:
    """Every consignment, in one file. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._lock = threading.RLock()
        with self._writing() as db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS consignment (order_id TEXT PRIMARY KEY,"
                " number INTEGER NOT NULL UNIQUE, company TEXT NOT NULL,"
                " start TEXT NOT NULL, goal TEXT NOT NULL, moments TEXT NOT NULL,"
                " salt TEXT NOT NULL DEFAULT '', callback TEXT NOT NULL DEFAULT '')"
            )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._db:
            yield self._db

    def book(self, *, order_id: str, company: str, start: str, end: str) -> Consignment:
        """Take an order; the same order id again is the same consignment."""
        with self._writing() as db:
            # Waybills of deleted demos must not come again: they begin with the time.
            number = int(datetime.now(UTC).timestamp() * 1000) * 10
            while db.execute(
                "SELECT 1 FROM consignment WHERE number = ?", [number]
            ).fetchone():
                number += 1
            db.execute(
                "INSERT OR IGNORE INTO consignment"
                " (order_id, number, company, start, goal, moments)"
                " VALUES (?, ?, ?, ?, ?, '[]')",
                [order_id, number, company, start, end],
            )
        return self._found("order_id = ?", [order_id])[0]

    def find(self, waybill: str) -> Consignment | None:
        """The consignment with this waybill."""
        digits = waybill.removeprefix("SL")
        if not digits.isdecimal() or len(digits) > 18:
            return None
        found = self._found("number = ?", [int(digits)])
        return found[0] if found else None

    def subscribe(self, *, waybill: str, salt: str, callback: str) -> bool:
        """Push this one from now on; False where somebody asked for it before."""
        with self._writing() as db:
            changed = db.execute(
                "UPDATE consignment SET salt = ?, callback = ?"
                " WHERE number = ? AND callback = ''",
                [salt, callback, int(waybill.removeprefix("SL"))],
            )
        return changed.rowcount == 1

    def advance(self, waybill: str, *, at: datetime) -> Consignment | None:
        """One step further; None where it has arrived or does not exist."""
        with self._writing() as db:
            found = self.find(waybill)
            if found is None or found.step == DONE:
                return None
            moment = at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
            db.execute(
                "UPDATE consignment SET moments = ? WHERE order_id = ?",
                [json.dumps([*found.moments, moment]), found.order_id],
            )
        return self.find(waybill)

    def due(self, *, before: datetime) -> Sequence[Consignment]:
        """Those not yet arrived whose last step lies before this moment."""
        limit = before.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        return [
            found
            for found in self._found(_UNDER_WAY, [DONE])
            if not found.moments or found.moments[-1] <= limit
        ]

    def _found(self, condition: str, values: Sequence[object]) -> list[Consignment]:
        with self._lock:
            rows = self._db.execute(_SELECT + condition, list(values)).fetchall()
        return [
            Consignment(
                order_id=row[0],
                waybill=f"SL{row[1]}",
                company=row[2],
                start=row[3],
                end=row[4],
                moments=tuple(json.loads(row[5])),
                salt=row[6],
                callback=row[7],
            )
            for row in rows
        ]
