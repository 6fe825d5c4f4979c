"""Statement files for tests, in every shape a shop may send them."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook

HEAD = ("日期", "商品", "数量", "销售额", "成本", "单据号")
LINES: tuple[tuple[Any, ...], ...] = (
    ("2026-10-03", "大米 10斤装", "12", "600.00", "480.00", "XS-1001"),
    ("2026-10-08", "菜籽油 5L", "8", "640.00", "520.50", "XS-1002"),
    ("2026-10-20", "冰糖橙 5斤", "30", "870.00", "609.30", "XS-1003"),
)
PROFIT_FEN = 50_020


def as_text(lines: Iterable[Sequence[Any]] = LINES, head: Sequence[str] = HEAD) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows(lines)
    return out.getvalue()


def as_csv(
    lines: Iterable[Sequence[Any]] = LINES,
    *,
    encoding: str = "utf-8",
    head: Sequence[str] = HEAD,
) -> bytes:
    return as_text(lines, head).encode(encoding)


def as_xlsx(
    lines: Iterable[Sequence[Any]] = LINES, *, head: Sequence[str] = HEAD
) -> bytes:
    """A workbook with real dates and numbers in its cells."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(head))
    for line in lines:
        sheet.append([_typed(cell) for cell in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _typed(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    try:
        return date.fromisoformat(cell)
    except ValueError:
        pass
    try:
        return float(cell)
    except ValueError:
        return cell


def sale(**changes: Any) -> tuple[Any, ...]:
    """One good line with something changed, by our column names."""
    cells = {
        "day": "2026-10-05",
        "product": "红薯粉",
        "quantity": "2",
        "sales": "30.00",
        "cost": "18.00",
        "receipt": "XS-2001",
    }
    return tuple((cells | changes).values())
