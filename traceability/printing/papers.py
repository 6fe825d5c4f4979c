"""Papers that labels are sold on: one table of their makers' measures, in millimetres.

Sources: the makers' own templates as gLabels keeps them (avery-iso, avery-us and
zweckform templates), rounded to 0.1 mm. Every sheet in the table stands centred on its
page, so a page, a size and a gap say where each label is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Label = TypeVar("Label")
_A4 = (210.0, 297.0)
_LETTER = (215.9, 279.4)
# What office printers cannot reach at the edges of a sheet: a sixth of an inch.
UNPRINTABLE = 4.24
# Chinese food labels: no sign lower than this. Source: GB 7718, 3.9.
SMALLEST_TYPE = 1.8


class Kind(Enum):
    """Where a paper goes, in the order in which it is offered."""

    ROLL = gettext_lazy("Label printer, roll")
    A4 = gettext_lazy("Office printer, A4")
    AVERY = gettext_lazy("Office printer, Avery A4")
    LETTER = gettext_lazy("Office printer, US letter")


@dataclass(frozen=True)
class Paper:
    """One label's size, and how many stand on a page.

    `gap` is between two labels, across and down; `corner` the radius at which the
    label is cut round; nothing is printed within `inset` of its edge. `page` is the
    sheet; a roll's page is the label.
    """

    name: str
    kind: Kind
    width: float
    height: float
    columns: int = 1
    rows: int = 1
    gap: tuple[float, float] = (0.0, 0.0)
    corner: float = 1.5
    inset: float = 1.5
    maker: str = ""

    @property
    def page(self) -> tuple[float, float]:
        """Width and height of what goes through the printer."""
        if self.kind is Kind.ROLL:
            return self.width, self.height
        return _LETTER if self.kind is Kind.LETTER else _A4

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    def pages(
        self, labels: Iterable[Label], *, skip: int
    ) -> Iterator[tuple[int, list[Label]]]:
        """The place of each page's first label, and its labels. The first `skip` places
        of the first page stay empty."""
        waiting, first = iter(labels), skip
        while page := list(islice(waiting, self.per_page - first)):
            yield first, page
            first = 0

    @property
    def dot(self) -> float:
        """The printer's dot: modules are whole dots, so that edges are sharp.

        Label printers have 203 to an inch, office printers 600.
        """
        return 0.125 if self.kind is Kind.ROLL else 25.4 / 600

    @property
    def title(self) -> str:
        """What its package says."""
        size = f"{self.width:g}×{self.height:g} mm"
        if self.kind is Kind.ROLL:
            return size
        words = _("%(size)s, %(count)s to a sheet") % {
            "size": size,
            "count": self.per_page,
        }
        return f"{self.maker} · {words}" if self.maker else words

    def place(self, position: int) -> tuple[float, float]:
        """The lower left corner of a page's n-th label, from the top left on."""
        width, height = self.page
        row, column = divmod(position, self.columns)
        across, down = self.gap
        step_x, step_y = self.width + across, self.height + down
        left = (width - self.columns * step_x + across) / 2
        top = height - (height - self.rows * step_y + down) / 2
        return left + column * step_x, top - row * step_y - self.height


def _roll(width: float, height: float) -> Paper:
    return Paper(f"{width:g}x{height:g}", Kind.ROLL, width, height)


def _a4(
    columns: int, rows: int, width: float, height: float, *, inset: float = 1.5
) -> Paper:
    name = f"a4-{columns}x{rows}"
    return Paper(name, Kind.A4, width, height, columns, rows, corner=0, inset=inset)


def _avery(
    maker: str,
    grid: tuple[int, int],
    size: tuple[float, float],
    gap: float,
    corner: float,
    kind: Kind = Kind.AVERY,
) -> Paper:
    return Paper(
        maker.lower(), kind, *size, *grid, (gap, 0.0), corner, maker=f"Avery {maker}"
    )


# Borderless sheets: their outer labels end where the printer cannot print.
_BORDERLESS = UNPRINTABLE + 0.1

PAPERS = {
    paper.name: paper
    for paper in (
        _roll(40, 20),
        _roll(40, 30),
        _roll(50, 30),
        _roll(50, 40),
        _roll(60, 40),
        _roll(70, 50),
        _roll(100, 70),
        _a4(4, 9, 50, 30),
        _a4(5, 13, 38, 21.2),
        _a4(4, 10, 52.5, 29.7, inset=_BORDERLESS),
        _a4(3, 8, 70, 37, inset=_BORDERLESS),
        _a4(3, 7, 70, 42.3, inset=_BORDERLESS),
        _a4(2, 4, 105, 74, inset=_BORDERLESS),
        _avery("L7651", (5, 13), (38.1, 21.2), 2.5, 1.8),
        _avery("L7159", (3, 8), (63.5, 33.9), 2.5, 1.8),
        _avery("L7160", (3, 7), (63.5, 38.1), 2.5, 1.8),
        _avery("L7161", (3, 6), (63.5, 46.6), 2.5, 2.5),
        _avery("L7162", (2, 8), (99.1, 33.9), 2.5, 1.8),
        _avery("L7163", (2, 7), (99.1, 38.1), 2.5, 1.8),
        _avery("L7165", (2, 4), (99.1, 67.7), 2.5, 0),
        _avery("5160", (3, 10), (66.7, 25.4), 3.9, 1.6, Kind.LETTER),
        _avery("5162", (2, 7), (101.6, 33.9), 4.8, 1.6, Kind.LETTER),
        _avery("5163", (2, 5), (101.6, 50.8), 4.8, 3.2, Kind.LETTER),
    )
}
