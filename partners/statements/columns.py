"""Which column is which, by the words real shops put over them."""

import re
import unicodedata
from typing import NamedTuple

from partners.statements.findings import Finding
from partners.statements.sheets import Cell, Row

REQUIRED = ("day", "product", "sales", "cost")
# The first word is the template's own.
HEADINGS: dict[str, tuple[str, ...]] = {
    "day": ("日期", "销售日期", "交易日期", "时间", "销售时间", "交易时间", "date"),
    "product": ("商品", "商品名称", "品名", "名称", "货品", "货名", "product"),
    "quantity": ("数量", "销量", "销售数量", "件数", "quantity"),
    "sales": (
        "销售额",
        "销售金额",
        "营业额",
        "金额",
        "实收",
        "实收金额",
        "收入",
        "sales",
    ),
    "cost": (
        "成本",
        "成本额",
        "成本金额",
        "销售成本",
        "进货成本",
        "进价金额",
        "cost",
    ),
    "receipt": (
        "单据号",
        "单号",
        "单据编号",
        "小票号",
        "流水号",
        "收银单号",
        "receipt",
        "receiptnumber",
    ),
}
_BY_HEADING = {word: name for name, words in HEADINGS.items() for word in words}
_HEAD_WITHIN = 15


class Head(NamedTuple):
    """The heading's line and, by our names, the places of its columns."""

    line: int
    places: dict[str, int]
    findings: list[Finding]


def find_head(rows: list[tuple[int, Row]]) -> Head:
    """The row among the first that names the most columns we know."""
    heads = [_head(line, row) for line, row in rows[:_HEAD_WITHIN]]
    best = max(heads, key=lambda head: len(head.places))
    missing = [name for name in REQUIRED if name not in best.places]
    if missing and not any(f.code == "column_unit" for f in best.findings):
        lacking = Finding("missing_columns", values={"columns": missing})
        return best._replace(findings=[*best.findings, lacking])
    return best


def _head(line: int, row: Row) -> Head:
    places: dict[str, int] = {}
    findings: list[Finding] = []
    for place, cell in enumerate(row):
        heading, unit = _heading_and_unit(cell)
        name = _BY_HEADING.get(heading)
        if name is None:
            continue
        if name in ("sales", "cost") and unit and unit not in ("元", "¥", "rmb", "cny"):
            values = {"heading": str(cell)}
            findings.append(Finding("column_unit", line, name, values))
        elif name not in places:
            places[name] = place
        elif heading == HEADINGS[name][0]:
            places[name] = place  # “金额” beside “销售额”: the template's word wins
        elif _heading_and_unit(row[places[name]])[0] != HEADINGS[name][0]:
            findings.append(Finding("column_twice", line, name))
    return Head(line, places, findings)


def _heading_and_unit(cell: Cell) -> tuple[str, str]:
    """“销售额（元）” → ("销售额", "元")."""
    if not isinstance(cell, str):
        return "", ""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", cell)).lower()
    match = re.fullmatch(r"(.+?)[(\[/](.+?)[)\]]?", text)
    return (match[1], match[2]) if match else (text, "")
