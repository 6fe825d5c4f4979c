"""A lot's way as a drawing: boxes in layers from top to bottom, for an inline SVG.

Only numbers are worked out here; the template draws, the style sheet colours.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

from traceability.models import LotLink
from traceability.queries import LotTrace, TracedLot

BOX_WIDTH, BOX_HEIGHT = 156, 76
GAP, LAYER_GAP, MARGIN, LANE = 16, 56, 4, 14
# More than these no eye follows, and wider no hand scrolls; the data has all of them.
MOST_BOXES, MOST_ABREAST = 60, 12


@dataclass(frozen=True)
class Box:
    """A lot at its place; `x` and `y` are its upper left corner."""

    one: TracedLot
    x: int
    y: int


@dataclass(frozen=True)
class Line:
    """What flowed from box to box: a path, and where its weight is written."""

    link: LotLink
    path: str
    x: int
    y: int


@dataclass(frozen=True)
class Drawing:
    """A picture of `width` by `height` units, one unit a pixel."""

    width: int
    height: int
    boxes: list[Box]
    lines: list[Line]
    left_out: int


def draw(trace: LotTrace) -> Drawing:
    """Place every lot under what went into it, in the middle of its layer."""
    shown = _nearest(trace.lots)
    rows = _rows(shown, trace.links)
    widest = max(len(row) for row in rows)
    width = _across(widest) + 2 * MARGIN
    boxes = {
        one.lot.pk: Box(
            one,
            x=(width - _across(len(row))) // 2 + place * (BOX_WIDTH + GAP),
            y=MARGIN + depth * (BOX_HEIGHT + LAYER_GAP),
        )
        for depth, row in enumerate(rows)
        for place, one in enumerate(row)
    }
    lines = []
    for link in trace.links:
        if link.parent_id in boxes and link.child_id in boxes:
            above, below = boxes[link.parent_id], boxes[link.child_id]
            between = [b for b in boxes.values() if above.y < b.y < below.y]
            if between:
                # Around what stands between, each line in a lane of its own.
                lane = max(box.x for box in (*between, above, below)) + BOX_WIDTH
                lane = max(lane, width - MARGIN - LANE) + LANE
                width = lane + MARGIN + LANE
                lines.append(_around(link, above, below, lane))
            else:
                lines.append(_line(link, above, below))
    height = 2 * MARGIN + len(rows) * (BOX_HEIGHT + LAYER_GAP) - LAYER_GAP
    left_out = len(trace.lots) - len(shown)
    return Drawing(width, height, list(boxes.values()), lines, left_out)


def _nearest(lots: list[TracedLot]) -> list[TracedLot]:
    """The lots whose layers are nearest to the one asked about, some of each layer."""
    near: list[TracedLot] = []
    abreast: Counter[int] = Counter()
    for one in sorted(lots, key=lambda one: (abs(one.layer), one.lot.pk)):
        if abreast[one.layer] < MOST_ABREAST:
            abreast[one.layer] += 1
            near.append(one)
    return near[:MOST_BOXES]


def _rows(shown: list[TracedLot], links: list[LotLink]) -> list[list[TracedLot]]:
    """The layers from top to bottom, each box near to what went into it."""
    layers = defaultdict(list)
    for one in shown:
        layers[one.layer].append(one)
    parents = defaultdict(list)
    for link in links:
        parents[link.child_id].append(link.parent_id)
    places: dict[int, float] = {}
    rows = []
    for layer in sorted(layers):
        above = {
            one.lot.pk: [places[p] for p in parents[one.lot.pk] if p in places]
            for one in layers[layer]
        }
        row = sorted(
            layers[layer],
            key=lambda one: (
                sum(above[one.lot.pk]) / max(1, len(above[one.lot.pk])),
                one.lot.pk,
            ),
        )
        middle = (len(row) - 1) / 2
        places |= {one.lot.pk: place - middle for place, one in enumerate(row)}
        rows.append(row)
    return rows


def _across(boxes: int) -> int:
    return boxes * BOX_WIDTH + (boxes - 1) * GAP


def _line(link: LotLink, above: Box, below: Box) -> Line:
    x1, y1 = above.x + BOX_WIDTH // 2, above.y + BOX_HEIGHT
    x2, y2 = below.x + BOX_WIDTH // 2, below.y
    bend = (y1 + y2) // 2
    path = f"M{x1} {y1}C{x1} {bend} {x2} {bend} {x2} {y2}"
    # Written near the lower end: there lines that begin together have parted.
    return Line(link, path, x=(x1 + 3 * x2) // 4, y=y2 - LAYER_GAP // 3)


def _around(link: LotLink, above: Box, below: Box, lane: int) -> Line:
    x1, y1 = above.x + BOX_WIDTH // 2, above.y + BOX_HEIGHT
    x2, y2 = below.x + BOX_WIDTH // 2, below.y
    out, back = y1 + LAYER_GAP // 2, y2 - LAYER_GAP // 2
    path = f"M{x1} {y1}Q{x1} {out} {lane} {out + 8}V{back - 8}Q{x2} {back} {x2} {y2}"
    return Line(link, path, x=(lane + 3 * x2) // 4, y=y2 - LAYER_GAP // 3)
