"""What both sides of the sandbox rest on: its trades, its rules, its notices."""

import re
import secrets
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from shop.alipay import signing
from shop.alipay.amounts import (
    amount_from_fen,
    fen_from_amount,
    moment_from_text,
    text_from_moment,
)

from .store import Store, dumped, loaded, moment, stamp

Fields = dict[str, str]
MAX_FEN = 10_000_000_000
PAGE_LIVES = timedelta(hours=15)
RESEND_AFTER_SECONDS = (240, 600, 600, 3600, 7200, 21600, 54000)
_OUT_TRADE_NO = re.compile(r"[A-Za-z0-9_]{1,64}")
_PRODUCTS = {"page": "FAST_INSTANT_TRADE_PAY", "wap": "QUICK_WAP_WAY", "qr": ""}


class Refusal(Exception):
    """The protocol's no: a code and its sub_code."""

    def __init__(self, sub_code: str, code: str = "40004") -> None:
        super().__init__(sub_code)
        self.code, self.sub_code = code, sub_code


class Keys(NamedTuple):
    """The sandbox's own private key, and the shop's public key."""

    private: RSAPrivateKey
    shop: RSAPublicKey


class Books:
    """One application's trades, at the time that `clock` tells."""

    def __init__(
        self,
        *,
        store: Store,
        keys: Keys,
        app_id: str,
        seller_id: str,
        clock: Callable[[], datetime],
        speed: float = 1.0,
    ) -> None:
        self.store, self.keys, self.clock, self.speed = store, keys, clock, speed
        self.app_id, self.seller_id = app_id, seller_id

    # Notices.

    def signed(self, params: Fields) -> Fields:
        """Fields of a notice or a return with their signature."""
        content = signing.message_content(params)
        sign = signing.sign(self.keys.private, content)
        return params | {"sign_type": "RSA2", "sign": sign}

    def paid_notice(self, trade_no: str) -> Fields:
        """The signed notice that this trade was paid, as it would be sent."""
        with self.store.transaction() as rows:
            return self.signed(self._notice(self._by_trade_no(rows, trade_no)))

    def _notice(self, trade: sqlite3.Row) -> Fields:
        now = self.clock()
        fields = {
            "notify_id": secrets.token_hex(17),
            "notify_type": "trade_status_sync",
            "notify_time": text_from_moment(now),
            "charset": "utf-8",
            "version": "1.0",
            "app_id": self.app_id,
            "seller_id": self.seller_id,
            **names(trade),
            "subject": trade["subject"],
            "trade_status": trade["status"],
            "total_amount": amount_from_fen(trade["total_fen"]),
            "gmt_create": text_from_moment(moment(trade["created_at"])),
            "buyer_id": "2088000000000002",
        }
        if trade["paid_at"]:
            fields["gmt_payment"] = text_from_moment(moment(trade["paid_at"]))
        return fields

    def _announce(
        self, rows: sqlite3.Connection, trade: sqlite3.Row, fields: Fields
    ) -> None:
        if trade["notify_url"]:
            rows.execute(
                "INSERT INTO notices (trade_no, url, fields, next_at)"
                " VALUES (?, ?, ?, ?)",
                (
                    trade["trade_no"],
                    trade["notify_url"],
                    dumped(self.signed(fields)),
                    stamp(self.clock()),
                ),
            )

    def due_notices(self) -> list[tuple[int, str, Fields]]:
        """Id, address and fields of what is to be sent now; each is claimed."""
        now = self.clock()
        with self.store.transaction() as rows:
            due = rows.execute(
                "SELECT * FROM notices WHERE next_at <= ? ORDER BY next_at LIMIT 50",
                (stamp(now),),
            ).fetchall()
            for row in due:
                rows.execute(
                    "UPDATE notices SET attempts = attempts + 1, next_at = ?"
                    " WHERE id = ?",
                    (self._next_send(row["attempts"], now), row["id"]),
                )
        return [(row["id"], row["url"], loaded(row["fields"])) for row in due]

    def _next_send(self, attempts: int, now: datetime) -> str | None:
        if attempts >= len(RESEND_AFTER_SECONDS):
            return None
        seconds = RESEND_AFTER_SECONDS[attempts] / self.speed
        return stamp(now + timedelta(seconds=seconds))

    def acknowledge(self, notice_id: int) -> None:
        """The shop has answered `success`: no more of this notice."""
        with self.store.transaction() as rows:
            rows.execute(
                "UPDATE notices SET next_at = NULL, acknowledged = 1 WHERE id = ?",
                (notice_id,),
            )

    # Rules.

    def _checked(self, kind: str, biz: Fields) -> int:
        """The sum in fen of a request to pay. Errors: Refusal."""
        try:
            total_fen = fen_from_amount(biz.get("total_amount", ""))
        except ValueError as error:
            raise Refusal("ACQ.INVALID_PARAMETER") from error
        subject = biz.get("subject", "")
        product = _PRODUCTS[kind]
        sound = (
            0 < total_fen <= MAX_FEN
            and _OUT_TRADE_NO.fullmatch(biz.get("out_trade_no", ""))
            and 0 < len(subject) <= 256
            and not set("/=&") & set(subject)
            and (not product or biz.get("product_code") == product)
            and ("time_expire" not in biz or moment_from_text(biz["time_expire"]))
        )
        if not sound:
            raise Refusal("ACQ.INVALID_PARAMETER")
        return total_fen

    def _expires_at(self, fields: Fields) -> datetime:
        said = moment_from_text(fields.get("time_expire", ""))
        return said or self.clock() + PAGE_LIVES

    def _require_payable(self, trade: sqlite3.Row, total_fen: int) -> None:
        if trade["status"] in {"TRADE_SUCCESS", "TRADE_FINISHED"}:
            raise Refusal("ACQ.TRADE_HAS_SUCCESS")
        if trade["status"] == "TRADE_CLOSED":
            raise Refusal("ACQ.TRADE_HAS_CLOSE")
        if trade["total_fen"] != total_fen:
            raise Refusal("ACQ.CONTEXT_INCONSISTENT")

    def _known(self, biz: Fields) -> sqlite3.Row:
        if not biz.get("out_trade_no") and not biz.get("trade_no"):
            raise Refusal("ACQ.INVALID_PARAMETER")
        with self.store.transaction() as rows:
            trade = self._trade(biz, rows)
        if trade is None:
            raise Refusal("ACQ.TRADE_NOT_EXIST")
        return trade

    def _trade(
        self, biz: Fields, rows: sqlite3.Connection | None = None
    ) -> sqlite3.Row | None:
        """The trade by Alipay's number or the shop's; closed if its time is over."""
        if rows is None:
            with self.store.transaction() as rows:
                return self._trade(biz, rows)
        names = (biz.get("trade_no", ""), biz.get("trade_no", ""))
        wanted = (*names, biz.get("out_trade_no", ""))
        rows.execute(
            "UPDATE trades SET status = 'TRADE_CLOSED'"
            " WHERE (trade_no = ? OR (? = '' AND out_trade_no = ?))"
            " AND status = 'WAIT_BUYER_PAY' AND expires_at <= ?",
            (*wanted, stamp(self.clock())),
        )
        found: sqlite3.Row | None = rows.execute(
            "SELECT * FROM trades WHERE trade_no = ? OR (? = '' AND out_trade_no = ?)",
            wanted,
        ).fetchone()
        return found

    def _by_trade_no(self, rows: sqlite3.Connection, trade_no: str) -> sqlite3.Row:
        found: sqlite3.Row = rows.execute(
            "SELECT * FROM trades WHERE trade_no = ?", (trade_no,)
        ).fetchone()
        return found


def names(trade: sqlite3.Row) -> Fields:
    return {"trade_no": trade["trade_no"], "out_trade_no": trade["out_trade_no"]}
