"""From weights, counts, boxes and sums to pack, price and total, or to questions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shop.listings.sentence.tokens import Token, clauses

# Nobody carries a parcel of more than 50 kg; such a "pack" is a harvest.
HEAVIEST_PACK_G = 50_000
DEAREST_FEN = 10_000_000
MOST_PIECES = 100_000
MOST_PACKS = 1_000_000
_MEASURES = ("weight", "count")
_QUANTITIES = (*_MEASURES, "box")


@dataclass
class Amounts:
    """What was read; grams, pieces, fen. `asks` maps a field to why it must be asked.

    Reasons: missing, several, vague, conflict, unit. `spans` are the words it was
    read from, `unit_price` says that the price was computed from one per 斤 or piece.
    """

    pack_g: int | None = None
    pieces: int | None = None
    piece_unit: str = ""
    container: str = ""
    price_fen: int | None = None
    capacity_packs: int | None = None
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    asks: dict[str, str] = field(default_factory=dict)


@dataclass
class _Price:
    token: Token
    per: Token | None = None


class _Reader:
    """One pass over the clauses; each token is used once."""

    def __init__(self, found: Sequence[Token], piece_unit: str) -> None:
        self.clauses = [clause for clause in clauses(found) if clause]
        self.crop_unit = piece_unit
        self.used: set[int] = set()
        self.packs: list[Token] = []
        self.totals: list[Token] = []
        self.prices: list[_Price] = []
        self.boxes: list[str] = []
        self.left: list[Token] = []
        self.multiplied = any(token.kind == "times" for token in found)

    def read(self) -> None:
        for clause in self.clauses:
            self._marked_packs(clause)
        for clause in self.clauses:
            self._marked_totals(clause)
        for clause in self.clauses:
            self._prices(clause)
        self._unmarked()

    def _use(self, *tokens: Token) -> None:
        self.used.update(token.start for token in tokens)

    def _free(self, token: Token, *kinds: str) -> bool:
        return token.kind in kinds and token.start not in self.used

    def _marked_packs(self, clause: list[Token]) -> None:
        """5斤装, 一箱10斤, 10斤/箱, 一箱(12个约10斤)."""
        for index, token in enumerate(clause):
            if not self._free(token, *_MEASURES):
                continue
            after = clause[index + 1] if index + 1 < len(clause) else None
            before = clause[index - 1] if index else None
            if after is not None and after.kind == "pack":
                self._take_pack(token, box=after.unit)
                self._use(after)
            elif before is not None and before.kind == "pack" and not before.unit:
                self._take_pack(token)
            elif box := self._box_beside(clause, index):
                self._take_pack(token, box=box.unit)
                self._use(box)

    def _take_pack(self, token: Token, box: str = "") -> None:
        self.packs.append(token)
        self._use(token)
        if box:
            self.boxes.append(box)

    def _box_beside(self, clause: list[Token], index: int) -> Token | None:
        """The 一箱 that touches this quantity, other quantities of it between."""
        token = clause[index]
        for step in (1, -1):
            position = index + step
            while 0 <= position < len(clause):
                other = clause[position]
                if self._is_one_box(clause, position):
                    return other
                if other.kind == "number" and step < 0:
                    # 一箱58 (10斤): the sum may stand between.
                    position += step
                    continue
                if other.kind not in _MEASURES or other.one or token.one:
                    break
                position += step
        return None

    def _is_one_box(self, clause: list[Token], position: int) -> bool:
        token = clause[position]
        counted = position and clause[position - 1].kind == "total"
        return token.kind == "box" and token.one and not counted

    def _marked_totals(self, clause: list[Token]) -> None:
        """有600斤, 有冰糖橙600斤, 共120箱; 120箱 is a total without a word."""
        announced = False
        for token in clause:
            if token.kind == "total":
                announced = True
            elif self._free(token, *_QUANTITIES) and (
                announced and (not token.one or self._follows_total(clause, token))
            ):
                self.totals.append(token)
                self._use(token)
                announced = False
            elif self._free(token, "box") and not token.one:
                self.totals.append(token)
                self._use(token)
            elif token.kind in ("money", "number"):
                announced = False

    @staticmethod
    def _follows_total(clause: list[Token], token: Token) -> bool:
        index = clause.index(token)
        return index > 0 and clause[index - 1].kind == "total"

    def _prices(self, clause: list[Token]) -> None:
        for index, token in enumerate(clause):
            if not self._free(token, "money", "number"):
                continue
            beside = self._unit_beside(clause, index)
            if token.kind == "number" and not self._is_sum(clause, index, beside):
                continue
            self.prices.append(_Price(token, beside))
            self._use(token)
            if beside is not None:
                self._use(beside)
                if beside.kind == "box":
                    self.boxes.append(beside.unit)
        # 29块5斤, 5斤29块: what stands beside a sum without a word is its pack.
        for index, token in enumerate(clause):
            if (
                self._free(token, *_MEASURES)
                and not self.packs
                and self._beside_sum(clause, index)
                and not self._too_heavy(token)
            ):
                self._take_pack(token)

    @staticmethod
    def _beside_sum(clause: list[Token], index: int) -> bool:
        """29块5斤, 5斤29块, 5斤/29元."""
        for step in (1, -1):
            position = index + step
            if 0 <= position < len(clause) and clause[position].kind == "per":
                position += step
            if 0 <= position < len(clause) and clause[position].kind == "money":
                return True
        return False

    @staticmethod
    def _too_heavy(token: Token) -> bool:
        return token.kind == "weight" and token.value > HEAVIEST_PACK_G

    def _unit_beside(self, clause: list[Token], index: int) -> Token | None:
        """一斤, 每箱 or /只 right after the sum, or right before it."""
        for position in (index + 1, index - 1):
            if 0 <= position < len(clause):
                other = clause[position]
                if other.kind in _QUANTITIES and other.one:
                    return other
        return None

    def _is_sum(self, clause: list[Token], index: int, beside: Token | None) -> bool:
        """A bare number is a price beside 一箱 or right after 5斤装, else nothing."""
        before = clause[index - 1] if index else None
        after = clause[index + 1] if index + 1 < len(clause) else None
        if after is not None and after.kind == "word":
            return False
        return beside is not None or (before is not None and before.kind == "pack")

    def _unmarked(self) -> None:
        """Quantities without any word: only where one reading is possible."""
        left = [
            token
            for clause in self.clauses
            for token in clause
            if self._free(token, *_MEASURES)
        ]
        if self.packs or any(price.per for price in self.prices):
            if self.totals:
                by_weight = any(p.per and p.per.kind == "weight" for p in self.prices)
                # 一只三斤左右 says how large one is, not how it is sold.
                self.left = [
                    token
                    for token in left
                    if not token.one and (by_weight or not token.vague)
                ]
            else:
                self.totals += left
            return
        if len(left) == 1 and self._too_heavy(left[0]):
            # 600斤 and nothing else: no parcel weighs that, so it is the harvest.
            self.totals += left
            return
        kinds = {token.kind for token in left}
        if len(left) == 2 and len(kinds) == 1 and not self.totals and self.prices:
            small, large = sorted(left, key=lambda token: token.value)
            if small.value < large.value and not self._too_heavy(small):
                self.packs.append(small)
                self.totals.append(large)


def resolve(found: Sequence[Token], *, piece_unit: str = "") -> Amounts:
    """Pack, price and number of packs from the tokens of one sentence.

    `piece_unit` is what the crop is counted in (枚, 只, 株), empty where it is weighed.
    """
    reader = _Reader(found, piece_unit)
    reader.read()
    amounts = Amounts()
    _resolve_pack(reader, amounts)
    _resolve_price(reader, amounts)
    _resolve_total(reader, amounts)
    if reader.multiplied:
        amounts.pack_g = amounts.pieces = amounts.capacity_packs = None
        amounts.asks |= {"pack": "vague", "capacity": "vague"}
    _ask_beyond_reason(amounts)
    return amounts


def _ask_beyond_reason(amounts: Amounts) -> None:
    """A slip of the finger makes 999999999斤: asked, never believed or refused."""
    if (amounts.pieces or 0) > MOST_PIECES:
        amounts.pieces, amounts.asks["pack"] = None, "vague"
    if (amounts.pack_g or 0) > HEAVIEST_PACK_G:
        amounts.pack_g, amounts.asks["pack"] = None, "vague"
    if (amounts.capacity_packs or 0) > MOST_PACKS:
        amounts.capacity_packs, amounts.asks["capacity"] = None, "vague"


def _spans(tokens: Iterable[Token]) -> list[tuple[int, int]]:
    return [(token.start, token.end) for token in tokens]


def _one_value(tokens: Sequence[Token]) -> Decimal | None:
    values = {token.value for token in tokens}
    return values.pop() if len(values) == 1 else None


def _whole(value: Decimal) -> int | None:
    return int(value) if value == value.to_integral_value() and value > 0 else None


def _resolve_pack(reader: _Reader, amounts: Amounts) -> None:
    packs = _pack_tokens(reader)
    weights = [token for token in packs if token.kind == "weight"]
    counts = [token for token in packs if token.kind == "count"]
    if counts:
        # A hen of about three jin is sold by the hen.
        weights = [token for token in weights if not token.vague]
    if len(set(reader.boxes)) == 1:
        amounts.container = reader.boxes[0]
    amounts.spans["pack"] = _spans((*weights, *counts))
    if ask := _pack_question(reader, weights, counts):
        amounts.asks["pack"] = ask
        return
    if weights:
        amounts.pack_g = _whole(weights[0].value)
    if counts:
        amounts.pieces = _whole(counts[0].value)
        amounts.piece_unit = _counted_in(counts[0].unit, reader.crop_unit)


def _units(reader: _Reader) -> list[Token]:
    """What prices are the price of: 一斤, 每只."""
    return [p.per for p in reader.prices if p.per and p.per.kind in _MEASURES]


def _pack_tokens(reader: _Reader) -> list[Token]:
    units = _units(reader)
    if not reader.packs:
        # 3块一斤 and nothing else: it is sold by the 斤.
        return [*units[:1], *reader.left]
    if all(token.kind == "weight" for token in reader.packs):
        # 三斤重的土鸡98块一只: a hen is sold by the hen, whatever it weighs.
        return [
            *reader.packs,
            *(unit for unit in units if unit.unit == reader.crop_unit),
        ]
    return reader.packs


def _pack_question(
    reader: _Reader, weights: Sequence[Token], counts: Sequence[Token]
) -> str:
    """Why the pack must be asked about; empty where it is certain."""
    if not weights and not counts:
        return "missing"
    if not reader.packs and reader.left:
        # 8毛一斤,10斤起卖: whether one can buy a single 斤 was not said.
        return "vague"
    for tokens in (weights, counts):
        if not tokens:
            continue
        if any(token.vague or not _whole(token.value) for token in tokens):
            return "vague"
        if _one_value(tokens) is None:
            return "several"
    return ""


def _counted_in(said: str, usual: str) -> str:
    """鸡蛋30个 are 30枚, 两棵 are 两株; what does not fit stays as it was said."""
    same = ({"枚", "个", "颗", "只"}, {"株", "棵"}, {"只", "个", "头"})
    if any(said in group and usual in group for group in same):
        return usual
    return said


def _resolve_price(reader: _Reader, amounts: Amounts) -> None:
    prices = reader.prices
    if not prices:
        amounts.asks["price"] = "missing"
        return
    amounts.spans["price"] = _spans(price.token for price in prices)
    if any(price.token.vague for price in prices):
        amounts.asks["price"] = "vague"
        return
    values = {_pack_price(price, amounts) for price in prices}
    if len(values) > 1:
        amounts.asks["price"] = "several"
        return
    (value,) = values
    fen = None if value is None else _whole(value)
    if fen is None or fen > DEAREST_FEN:
        amounts.asks["price"] = "vague"
        return
    amounts.price_fen = fen


def _pack_price(price: _Price, amounts: Amounts) -> Decimal | None:
    """Fen of one pack; None where the sum is of something the pack has none of."""
    per = price.per
    if per is None or per.kind == "box":
        return price.token.value
    amount = amounts.pack_g if per.kind == "weight" else amounts.pieces
    return price.token.value * amount / per.value if amount else None


def _resolve_total(reader: _Reader, amounts: Amounts) -> None:
    totals = reader.totals
    if not totals:
        amounts.asks["capacity"] = "missing"
        return
    amounts.spans["capacity"] = _spans(totals)
    if any(token.vague for token in totals):
        amounts.asks["capacity"] = "vague"
        return
    if len(totals) > 1 or totals[0].value <= 0:
        amounts.asks["capacity"] = "several"
        return
    total = totals[0]
    if total.kind == "box":
        amounts.capacity_packs = _whole(total.value)
        if not amounts.container and total.unit not in ("份", "单", "件"):
            amounts.container = total.unit
        return
    pack = amounts.pack_g if total.kind == "weight" else amounts.pieces
    if not pack:
        amounts.asks["capacity"] = (
            "unit" if (amounts.pack_g or amounts.pieces) else ("missing")
        )
        return
    amounts.capacity_packs = int(total.value // pack) or None
    if amounts.capacity_packs is None:
        amounts.asks["capacity"] = "conflict"
