"""Read Alipay's daily bill: a ZIP of CSV in GBK, with comments and tabs.

Source: Alipay's 业务明细 format; `#` lines are comments, every cell ends in a tab, a
refund is a row of its own with a negative sum and 退款批次号/请求号.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from .amounts import fen_from_amount

ZIP_BYTES = 20_000_000
UNPACKED_BYTES = 200_000_000
FILES = 20

_TRADE_NO = "支付宝交易号"
_OUT_TRADE_NO = "商户订单号"
_REQUEST_NO = ("退款批次号/请求号", "退款批次号")
_KIND = "业务类型"
_AMOUNT = "订单金额"
_FEE = "服务费"
_APP_ID = ("应用id", "应用号", "app_id", "appid")


class BadBill(Exception):
    """The file is no bill, or larger than a bill can be."""


class BillRow(NamedTuple):
    """One movement: a payment (request_no "") or a refund, gross, in whole fen."""

    out_trade_no: str
    trade_no: str
    request_no: str
    amount_fen: int
    fee_fen: int


def read_bill(content: bytes, *, app_id: str) -> list[BillRow]:
    """The rows of a bill; where it names applications, only those of `app_id`.

    Sums are positive for refunds too. Errors: BadBill for what is no ZIP, has no table
    of movements, cannot be read as GBK, or unpacks to more than UNPACKED_BYTES.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            texts = list(_texts(archive))
        tables = [rows for text in texts for rows in _tables(text, app_id)]
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        csv.Error,
    ) as error:
        raise BadBill(f"the bill cannot be read: {error}") from error
    if not tables:
        raise BadBill("the file holds no table of movements")
    return [row for rows in tables for row in rows]


def _texts(archive: zipfile.ZipFile) -> Iterator[str]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > FILES:
        raise BadBill("more files than a bill has")
    left = UNPACKED_BYTES
    for member in members:
        # The size a ZIP claims is only a claim: count what comes out.
        with archive.open(member) as packed:
            content = packed.read(left + 1)
        left -= len(content)
        if left < 0:
            raise BadBill("the bill unpacks to more than a bill can be")
        yield content.decode("gb18030")


def _tables(text: str, app_id: str) -> Iterator[list[BillRow]]:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    columns: dict[str, int] = {}
    found: list[BillRow] = []
    for cells in csv.reader(lines):
        cells = [cell.strip() for cell in cells]
        if not columns:
            names = {_plain(cell): index for index, cell in enumerate(cells)}
            if {_TRADE_NO, _OUT_TRADE_NO, _AMOUNT} <= names.keys():
                columns = names
        elif any(cells) and _is_ours(cells, columns, app_id):
            found.append(_row(cells, columns))
    if columns:
        yield found


def _plain(heading: str) -> str:
    """订单金额（元） → 订单金额."""
    return re.sub(r"[（(]元[)）]", "", heading).strip().lower()


def _cell(cells: list[str], columns: dict[str, int], *names: str) -> str:
    for name in names:
        index = columns.get(name, -1)
        if 0 <= index < len(cells):
            return cells[index]
    return ""


def _is_ours(cells: list[str], columns: dict[str, int], app_id: str) -> bool:
    if not any(name in columns for name in _APP_ID):
        return True
    return _cell(cells, columns, *_APP_ID) == app_id


def _row(cells: list[str], columns: dict[str, int]) -> BillRow:
    out_trade_no = _cell(cells, columns, _OUT_TRADE_NO)
    amount_fen = _fen(_cell(cells, columns, _AMOUNT))
    is_refund = amount_fen < 0 or "退款" in _cell(cells, columns, _KIND)
    # Alipay takes the payment's number where a refund was given none of its own.
    request_no = _cell(cells, columns, *_REQUEST_NO) or out_trade_no
    row = BillRow(
        out_trade_no=out_trade_no,
        trade_no=_cell(cells, columns, _TRADE_NO),
        request_no=request_no if is_refund else "",
        amount_fen=abs(amount_fen),
        fee_fen=_fen(_cell(cells, columns, _FEE) or "0"),
    )
    if not row.trade_no or not row.out_trade_no:
        raise BadBill("a row without a trade's numbers")
    return row


def _fen(text: str) -> int:
    """Whole fen of "-5.00", what went back, or "5.00". Errors: ValueError."""
    digits = text.replace(",", "")
    if digits.startswith("-"):
        return -fen_from_amount(digits[1:])
    return fen_from_amount(digits)
