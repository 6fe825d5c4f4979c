"""The daily bill, in the form that Alipay's has: a ZIP of CSV in GBK."""

import csv
import io
import secrets
import sqlite3
import zipfile
from datetime import date, datetime, time, timedelta

from shop.alipay.amounts import BEIJING, amount_from_fen, text_from_moment

from .books import Fields, Refusal
from .engine import Engine
from .store import moment, stamp

LINK_LIVES = timedelta(seconds=30)
_HEADINGS = (
    "支付宝交易号",
    "商户订单号",
    "业务类型",
    "商品名称",
    "创建时间",
    "完成时间",
    "对方账户",
    "订单金额（元）",
    "商家实收（元）",
    "退款批次号/请求号",
    "服务费（元）",
    "备注",
)
_FEE_BASIS_POINTS = 60


def bill_query(engine: Engine, biz: Fields, host: str) -> Fields:
    """alipay.data.dataservice.bill.downloadurl.query: a link that lives 30 seconds."""
    try:
        day = date.fromisoformat(biz.get("bill_date", ""))
    except ValueError as error:
        raise Refusal("isv.invalid-parameter", "40002") from error
    if biz.get("bill_type") != "trade":
        raise Refusal("isv.invalid-parameter", "40002")
    if day >= engine.clock().astimezone(BEIJING).date():
        raise Refusal("isp.bill_not_exist")
    token = secrets.token_urlsafe(24)
    with engine.store.transaction() as rows:
        rows.execute(
            "INSERT INTO pages VALUES (?, 'bill', ?, ?)",
            (token, day.isoformat(), stamp(engine.clock())),
        )
    return {"bill_download_url": f"{host}/bill/{token}.zip"}


def bill_of(engine: Engine, token: str) -> bytes | None:
    """The ZIP behind a link; None once the link's time is over."""
    row = engine.store.one(
        "SELECT * FROM pages WHERE token = ? AND kind = 'bill'", token
    )
    if row is None or moment(row["created_at"]) + LINK_LIVES < engine.clock():
        return None
    return make_bill(engine, date.fromisoformat(row["fields"]))


def make_bill(engine: Engine, day: date) -> bytes:
    """The day's payments and refunds as Alipay writes them."""
    start = datetime.combine(day, time(), BEIJING)
    span = (stamp(start), stamp(start + timedelta(days=1)))
    text = io.StringIO()
    text.write(f"#支付宝业务明细查询\n#账号：[{engine.seller_id}]\n")
    text.write(f"#起始日期：[{day}]   终止日期：[{day}]\n#-----业务明细列表-----\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(f"{heading}\t" for heading in _HEADINGS)
    for row in engine.store.all(
        "SELECT * FROM trades WHERE paid_at >= ? AND paid_at < ? ORDER BY paid_at",
        *span,
    ):
        paid = text_from_moment(moment(row["paid_at"]))
        writer.writerow(_cells(row, "交易", row["total_fen"], paid, ""))
    for row in engine.store.all(
        "SELECT trades.*, request_no, amount_fen, made_at FROM refunds"
        " JOIN trades USING (trade_no)"
        " WHERE made_at >= ? AND made_at < ? ORDER BY made_at",
        *span,
    ):
        made = text_from_moment(moment(row["made_at"]))
        writer.writerow(
            _cells(row, "退款", -row["amount_fen"], made, row["request_no"])
        )
    text.write("#-----业务明细列表结束-----\n")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        name = f"{engine.seller_id}_{day:%Y%m%d}_业务明细.csv"
        archive.writestr(name, text.getvalue().encode("gb18030"))
    return packed.getvalue()


def _cells(
    row: sqlite3.Row, kind: str, amount_fen: int, done: str, request_no: str
) -> list[str]:
    sign = "-" if amount_fen < 0 else ""
    amount = sign + amount_from_fen(abs(amount_fen))
    fee_fen = abs(amount_fen) * _FEE_BASIS_POINTS // 10_000
    fee = ("" if amount_fen < 0 else "-") + amount_from_fen(fee_fen)
    cells = (
        row["trade_no"],
        row["out_trade_no"],
        kind,
        row["subject"],
        text_from_moment(moment(row["created_at"])),
        done,
        "san***@sandbox.example",
        amount,
        amount,
        request_no,
        fee,
        "",
    )
    return [f"{cell}\t" for cell in cells]
