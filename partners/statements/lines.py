"""A statement's lines once they are read, and what makes two statements the same."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from partners.statements.findings import Finding


@dataclass(frozen=True)
class Line:
    """One sale. `position` is its line in the file; sums are whole fen."""

    position: int
    day: date
    product: str
    quantity: Decimal | None
    sales_fen: int
    cost_fen: int
    receipt: str = ""

    @property
    def content(self) -> tuple[str, str, str, int, int, str]:
        """The line without its place."""
        quantity = "" if self.quantity is None else f"{self.quantity:.3f}"
        return (
            self.day.isoformat(),
            self.product,
            quantity,
            self.sales_fen,
            self.cost_fen,
            self.receipt,
        )


@dataclass(frozen=True)
class Reading:
    """What a file says, and everything found while reading it."""

    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def blocked(self) -> bool:
        """Whether a hard finding stands against filing."""
        return any(finding.hard for finding in self.findings)

    @property
    def sales_fen(self) -> int:
        return sum(line.sales_fen for line in self.lines)

    @property
    def cost_fen(self) -> int:
        return sum(line.cost_fen for line in self.lines)

    @property
    def profit_fen(self) -> int:
        return self.sales_fen - self.cost_fen


def fingerprint(lines: Iterable[Line]) -> str:
    """SHA-256, hexadecimal, of what the lines say, whatever their order.

    Two files have the same one where they hold the same lines, each as often:
    encoding, byte-order mark, file format, column and line order do not matter.
    """
    rows = sorted(json.dumps(line.content, ensure_ascii=False) for line in lines)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
