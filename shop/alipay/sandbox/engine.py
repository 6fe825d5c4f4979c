"""Alipay's side of the protocol: trades, refunds, notices and bills.

Source: design/alipay-protocol.md. Where that is marked [U] (from experience only), the
behaviour stands in one place here: `refund_fee` is cumulative, and another sum under a
known refund number is ACQ.DISCORDANT_REPEAT_REQUEST.
"""

import secrets
import sqlite3

from shop.alipay.amounts import amount_from_fen, fen_from_amount, text_from_moment

from .books import Books, Fields, Refusal, names
from .store import dumped, loaded, moment, stamp


class Engine(Books):
    """The cashier, and what the shop asks: one application at the sandbox."""

    # The cashier.

    def open_page(
        self, kind: str, biz: Fields, notify_url: str, return_url: str
    ) -> str:
        """A cashier page's token. There is no trade before the buyer acts on it.

        Errors: Refusal where the request breaks a rule or the number is used up.
        """
        total_fen = self._checked(kind, biz)
        trade = self._trade(biz)
        if trade is not None:
            self._require_payable(trade, total_fen)
        token = secrets.token_urlsafe(24)
        fields = biz | {"notify_url": notify_url, "return_url": return_url}
        with self.store.transaction() as rows:
            rows.execute(
                "INSERT INTO pages VALUES (?, ?, ?, ?)",
                (token, kind, dumped(fields), stamp(self.clock())),
            )
        return token

    def page(self, token: str) -> tuple[str, Fields] | None:
        """A page's kind and fields; None for a token that was never given out."""
        row = self.store.one(
            "SELECT * FROM pages WHERE token = ? AND kind <> 'bill'", token
        )
        return None if row is None else (row["kind"], loaded(row["fields"]))

    def trade_of(self, fields: Fields) -> sqlite3.Row | None:
        """The trade that a page leads to, once its buyer has begun."""
        return self._trade(fields)

    def is_over(self, fields: Fields) -> bool:
        """Whether the time to pay is over."""
        return self._expires_at(fields) <= self.clock()

    def begin(self, token: str) -> str:
        """The buyer logs in: now there is a trade, waiting. Its number."""
        return self._act(token, pay=False)

    def pay(self, token: str) -> str:
        """The buyer pays: the trade succeeds once, and the shop is told. Its number.

        Errors: Refusal TRADE_HAS_SUCCESS, TRADE_HAS_CLOSE, CONTEXT_INCONSISTENT.
        """
        return self._act(token, pay=True)

    def _act(self, token: str, *, pay: bool) -> str:
        found = self.page(token)
        if found is None:
            raise Refusal("ACQ.INVALID_PARAMETER")
        kind, fields = found
        total_fen = fen_from_amount(fields["total_amount"])
        with self.store.transaction() as rows:
            trade = self._trade(fields, rows)
            if trade is not None:
                self._require_payable(trade, total_fen)
            elif self._expires_at(fields) <= self.clock():
                raise Refusal("ACQ.TRADE_HAS_CLOSE")
            else:
                trade = self._begin(rows, kind, fields, total_fen)
            if pay:
                self._succeed(rows, trade["trade_no"])
        return str(trade["trade_no"])

    def _begin(
        self, rows: sqlite3.Connection, kind: str, fields: Fields, total_fen: int
    ) -> sqlite3.Row:
        now = self.clock()
        digits = "".join(secrets.choice("0123456789") for _ in range(15))
        trade_no = f"{text_from_moment(now)[:10].replace('-', '')}22001{digits}"
        rows.execute(
            "INSERT INTO trades (trade_no, out_trade_no, total_fen, subject, kind,"
            " status, notify_url, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, 'WAIT_BUYER_PAY', ?, ?, ?)",
            (
                trade_no,
                fields["out_trade_no"],
                total_fen,
                fields["subject"],
                kind,
                fields.get("notify_url", ""),
                stamp(now),
                stamp(self._expires_at(fields)),
            ),
        )
        return self._by_trade_no(rows, trade_no)

    def _succeed(self, rows: sqlite3.Connection, trade_no: str) -> None:
        rows.execute(
            "UPDATE trades SET status = 'TRADE_SUCCESS', paid_at = ?"
            " WHERE trade_no = ?",
            (stamp(self.clock()), trade_no),
        )
        trade = self._by_trade_no(rows, trade_no)
        self._announce(rows, trade, self._notice(trade))

    def return_params(self, token: str) -> tuple[str, Fields]:
        """Where the buyer goes back to, and the signed fields that go along."""
        found = self.page(token)
        if found is None:
            raise Refusal("ACQ.INVALID_PARAMETER")
        kind, fields = found
        trade = self._trade(fields)
        params = {
            "method": f"alipay.trade.{kind}.pay.return",
            "charset": "utf-8",
            "version": "1.0",
            "app_id": self.app_id,
            "seller_id": self.seller_id,
            "timestamp": text_from_moment(self.clock()),
            "out_trade_no": fields["out_trade_no"],
            "total_amount": fields["total_amount"],
        }
        if trade is not None:
            params["trade_no"] = trade["trade_no"]
        return fields.get("return_url", ""), self.signed(params)

    # What the shop asks.

    def query(self, biz: Fields) -> Fields:
        """alipay.trade.query."""
        trade = self._known(biz)
        found = {
            **names(trade),
            "trade_status": trade["status"],
            "total_amount": amount_from_fen(trade["total_fen"]),
            "buyer_logon_id": "san***@sandbox.example",
        }
        if trade["paid_at"]:
            found["send_pay_date"] = text_from_moment(moment(trade["paid_at"]))
        return found

    def precreate(self, biz: Fields, notify_url: str, host: str) -> Fields:
        """alipay.trade.precreate: a QR code's text."""
        token = self.open_page("qr", biz, notify_url, "")
        return {
            "out_trade_no": biz["out_trade_no"],
            "qr_code": f"{host}/cashier/{token}",
        }

    def close(self, biz: Fields) -> Fields:
        """alipay.trade.close: only what waits for its buyer."""
        trade = self._known(biz)
        with self.store.transaction() as rows:
            done = rows.execute(
                "UPDATE trades SET status = 'TRADE_CLOSED'"
                " WHERE trade_no = ? AND status = 'WAIT_BUYER_PAY'",
                (trade["trade_no"],),
            ).rowcount
        if not done:
            raise Refusal("ACQ.REASON_TRADE_STATUS_INVALID")
        return names(trade)

    def refund(self, biz: Fields) -> Fields:
        """alipay.trade.refund: once for each out_request_no."""
        trade = self._known(biz)
        try:
            amount_fen = fen_from_amount(biz.get("refund_amount", ""))
        except ValueError as error:
            raise Refusal("ACQ.INVALID_PARAMETER") from error
        request_no = biz.get("out_request_no", "")
        if not request_no:
            if amount_fen != trade["total_fen"]:
                raise Refusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
            request_no = trade["out_trade_no"]
        with self.store.transaction() as rows:
            changed = self._refund(rows, trade, request_no, amount_fen)
            trade = self._by_trade_no(rows, trade["trade_no"])
        return {
            **names(trade),
            "fund_change": "Y" if changed else "N",
            "refund_fee": amount_from_fen(trade["refunded_fen"]),
            "send_back_fee": amount_from_fen(amount_fen if changed else 0),
            "gmt_refund_pay": text_from_moment(self.clock()),
        }

    def _refund(
        self,
        rows: sqlite3.Connection,
        trade: sqlite3.Row,
        request_no: str,
        amount_fen: int,
    ) -> bool:
        trade_no = trade["trade_no"]
        before = rows.execute(
            "SELECT amount_fen FROM refunds WHERE trade_no = ? AND request_no = ?",
            (trade_no, request_no),
        ).fetchone()
        if before is not None:
            if before["amount_fen"] != amount_fen:
                raise Refusal("ACQ.DISCORDANT_REPEAT_REQUEST")
            return False
        trade = self._by_trade_no(rows, trade_no)
        if trade["status"] == "TRADE_FINISHED":
            raise Refusal("ACQ.TRADE_HAS_FINISHED")
        if trade["status"] != "TRADE_SUCCESS":
            raise Refusal("ACQ.TRADE_STATUS_ERROR")
        left_fen = trade["total_fen"] - trade["refunded_fen"]
        if not 0 < amount_fen <= left_fen:
            raise Refusal("ACQ.REASON_TRADE_REFUND_FEE_ERR")
        rows.execute(
            "INSERT INTO refunds VALUES (?, ?, ?, ?)",
            (trade_no, request_no, amount_fen, stamp(self.clock())),
        )
        rows.execute(
            "UPDATE trades SET refunded_fen = refunded_fen + ?, status = ?"
            " WHERE trade_no = ?",
            (
                amount_fen,
                "TRADE_CLOSED" if amount_fen == left_fen else "TRADE_SUCCESS",
                trade_no,
            ),
        )
        trade = self._by_trade_no(rows, trade_no)
        notice = self._notice(trade) | {
            "out_biz_no": request_no,
            "refund_fee": amount_from_fen(trade["refunded_fen"]),
            "gmt_refund": text_from_moment(self.clock()),
        }
        self._announce(rows, trade, notice)
        return True

    def refund_query(self, biz: Fields) -> Fields:
        """alipay.trade.fastpay.refund.query: data only where a refund was made."""
        trade = self._known(biz)
        row = self.store.one(
            "SELECT * FROM refunds WHERE trade_no = ? AND request_no = ?",
            trade["trade_no"],
            biz.get("out_request_no", ""),
        )
        if row is None:
            return {}
        return {
            **names(trade),
            "out_request_no": row["request_no"],
            "refund_status": "REFUND_SUCCESS",
            "total_amount": amount_from_fen(trade["total_fen"]),
            "refund_amount": amount_from_fen(row["amount_fen"]),
            "gmt_refund_pay": text_from_moment(moment(row["made_at"])),
        }
