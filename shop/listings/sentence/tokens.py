"""Cut a sentence into weights, counts, boxes, sums of money and the words between."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shop.listings.sentence.numbers import ARABIC, HAN, NUMBER, VAGUE, parse

GRAMS = {
    "吨": 1_000_000,
    "担": 50_000,
    "公斤": 1000,
    "千克": 1000,
    "kg": 1000,
    "市斤": 500,
    "斤": 500,
    "两": 50,
    "克": 1,
    "g": 1,
}
PIECES = ["枚", "只", "个", "颗", "株", "棵", "条", "头", "根", "尾", "朵"]
BOXES = [
    "礼盒",
    "箱",
    "盒",
    "袋",
    "瓶",
    "罐",
    "桶",
    "包",
    "份",
    "件",
    "筐",
    "篮",
    "篓",
    "提",
    "捆",
    "把",
    "扎",
    "板",
    "坛",
    "壶",
    "套",
    "网",
    "单",
]


@dataclass(frozen=True)
class Token:
    """One piece of the sentence.

    kind: weight (value in grams), count, box, money and number (value in fen), total,
    pack, per, times, stop, taken, word. `one`: 一斤, 每箱, /只: a unit that a
    price can be the price of. `vague`: about so much, so nobody may rely on it.
    """

    kind: str
    start: int
    end: int
    value: Decimal = Decimal(0)
    unit: str = ""
    one: bool = False
    vague: bool = False


def _any_of(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_WEIGHT = _any_of(list(GRAMS))
_PIECE = _any_of(PIECES)
_BOX = _any_of(BOXES)
_UNIT = f"(?:{_WEIGHT}|{_PIECE}|{_BOX})"
_SIZE = "(?:大|小|整)?"
_ONE = rf"(?:每一?|一|(?<![\d.])1|/)\s*{_SIZE}(?P<unit>{_WEIGHT}|{_PIECE}|{_BOX})"
# After 29块, "8" is eight jiao, but in 10块3斤 it is three jin.
_TAIL = (
    rf"(?P<tail>\d{{1,2}}|[一二三四五六七八九])(?![\d.十百千万点]|\s*{_UNIT})"
    rf"|(?P<half>半)(?!\s*{_UNIT})"
)
_ABOUT = "大概|大约|差不多|将近|估计|可能|至少|最少|最多|不到|约|近"
_MORE = "(?P<more>来|多|余|把)?"
_AFTER = "(?P<after>左右|上下|出头|的样子|以上|以内|多(?!少))?"

Maker = Callable[["re.Match[str]"], Token | None]


def tokens(text: str, taken: Sequence[tuple[int, int]]) -> list[Token]:
    """The sentence from left to right; `taken` spans were read before."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        end = next((b for a, b in taken if a <= position < b), None)
        if end is not None:
            found.append(Token("taken", position, end))
            position = end
            continue
        limit = min((a for a, _b in taken if a > position), default=len(text))
        token = _token_at(text, position, limit)
        if token.kind != "fill":
            found.append(token)
        position = token.end
    return _hedged(found)


def _hedged(found: list[Token]) -> list[Token]:
    """大概有600斤: what the hedge stands before is vague, and begins with it."""
    plain: list[Token] = []
    hedge: Token | None = None
    for token in found:
        if token.kind == "about":
            hedge = token
            continue
        if hedge is not None and token.kind not in ("total", "taken"):
            token = replace(token, vague=True, start=hedge.start)
            hedge = None
        plain.append(token)
    return plain


def _token_at(text: str, position: int, limit: int) -> Token:
    for pattern, maker in _PATTERNS:
        match = pattern.match(text, position, limit)
        if match and match.end() > position:
            token = maker(match)
            if token is not None:
                return token
    return Token("word", position, position + 1)


def _measured(match: re.Match[str], *, value: Decimal, vague: bool, one: bool) -> Token:
    unit = match["unit"].lower()
    kind = "weight" if unit in GRAMS else "count" if unit in PIECES else "box"
    if kind == "weight":
        value *= GRAMS[unit]
    return Token(kind, match.start(), match.end(), value, unit, one, vague)


def _one(match: re.Match[str]) -> Token | None:
    return _measured(match, value=Decimal(1), vague=False, one=True)


def _quantity(match: re.Match[str]) -> Token | None:
    value = parse(match["number"])
    if value is None:
        return _shorter_quantity(match)
    if match["half_more"]:
        value += Decimal("0.5")
    vague = bool(match["more"] or match["after"])
    return _measured(match, value=value, vague=vague, one=False)


def _shorter_quantity(match: re.Match[str]) -> Token | None:
    """二两一罐: no number is 二两一, so it is 二 of 两, and 一罐 after it."""
    words, start = match["number"], match.start("number")
    for length in range(len(words) - 1, 0, -1):
        value = parse(words[:length])
        unit = _BARE_UNIT.match(match.string, start + length)
        if value is not None and unit:
            token = _measured(unit, value=value, vague=False, one=False)
            return replace(token, start=match.start())
    return None


def _vague_quantity(match: re.Match[str]) -> Token | None:
    return _measured(match, value=Decimal(0), vague=True, one=False)


def _two_parts(match: re.Match[str]) -> Token | None:
    jin, liang = parse(match["jin"]), parse(match["liang"])
    if jin is None or liang is None or liang >= 10:
        return None
    grams = jin * 500 + liang * 50
    return Token("weight", match.start(), match.end(), grams, "斤")


def _money(match: re.Match[str]) -> Token | None:
    value = parse(match["yuan"])
    if value is None:
        return None
    fen = value * 100
    if match["half"]:
        fen += 50
    elif tail := match["tail"]:
        number = parse(tail)
        assert number is not None
        # 29块8 is 29.80, 29块85 is 29.85, 29块05 is 29.05.
        fen += number * 10 if len(tail) == 1 else number
        if cents := match["cents"]:
            fen += parse(cents) or 0
    vague = bool(match["more"] or match["after"])
    return _sum(match, fen, vague=vague)


def _jiao(match: re.Match[str]) -> Token | None:
    value = parse(match["jiao"])
    if value is None:
        return None
    fen = value * 10 + (parse(match["cents"]) or 0 if match["cents"] else 0)
    return _sum(match, fen, vague=bool(match["after"]))


def _sign(match: re.Match[str]) -> Token | None:
    value = parse(match["yuan"])
    return None if value is None else _sum(match, value * 100, vague=False)


def _sum(match: re.Match[str], fen: Decimal, *, vague: bool) -> Token:
    return Token("money", match.start(), match.end(), fen, "元", vague=vague)


def _vague_money(match: re.Match[str]) -> Token | None:
    return _sum(match, Decimal(0), vague=True)


def _number(match: re.Match[str]) -> Token | None:
    """A bare number; where 一箱 follows, as many words as make one: 一百二|一箱."""
    words = match[0]
    for length in range(len(words), 0, -1):
        value = parse(words[:length])
        rest = match.string[match.start() + length :]
        if value is None or (length < len(words) and not _BARE_ONE.match(rest)):
            continue
        end = match.start() + length
        return Token("number", match.start(), end, value * 100, "元")
    return None


def _plain(kind: str) -> Maker:
    def make(match: re.Match[str]) -> Token | None:
        named = match.groupdict()
        unit = named.get("unit") or named.get("box") or ""
        return Token(kind, match.start(), match.end(), unit=unit)

    return make


_BARE_ONE = re.compile(_ONE)
_BARE_UNIT = re.compile(f"(?P<unit>{_WEIGHT}|{_PIECE}|{_BOX})", re.IGNORECASE)
_PATTERNS: tuple[tuple[re.Pattern[str], Maker], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), maker)
    for pattern, maker in (
        (
            rf"(?P<low>{NUMBER})(?:-|~|到|至)(?P<high>{NUMBER})"
            rf"(?P<unit>{_WEIGHT}|{_PIECE}|{_BOX})",
            _vague_quantity,
        ),
        (rf"(?:{NUMBER})(?:-|~|到|至)(?:{NUMBER})(?:块钱?|元)", _vague_money),
        (rf"(?:{VAGUE}|几|块把)(?:来|多)?(?:块钱?|元|钱|毛)", _vague_money),
        (rf"{VAGUE}(?:来|多|余)?(?P<unit>{_WEIGHT}|{_PIECE}|{_BOX})", _vague_quantity),
        (rf"[¥￥]\s*(?P<yuan>{ARABIC})(?:块钱?|元)?", _sign),
        (
            rf"(?P<yuan>{NUMBER}){_MORE}(?:块|元|圆)(?:钱|整)?"
            rf"(?:(?:{_TAIL})(?:毛|角)?(?:(?P<cents>[\d一二三四五六七八九])分?"
            rf"(?![\d.十百千万点]|\s*{_UNIT}))?)?(?:钱)?{_AFTER}",
            _money,
        ),
        (
            rf"(?P<jiao>{NUMBER})(?:毛|角)(?:钱)?(?:(?P<cents>[\d一二三四五六七八九])分?"
            rf"(?![\d.十百千万点]|\s*{_UNIT}))?{_AFTER}",
            _jiao,
        ),
        (rf"(?P<jin>{NUMBER})斤(?P<liang>{NUMBER})两", _two_parts),
        (_ONE + r"(?!半)", _one),
        (
            rf"(?P<number>{NUMBER})\s*{_MORE}{_SIZE}"
            rf"(?P<unit>{_WEIGHT}|{_PIECE}|{_BOX})(?P<half_more>半)?{_AFTER}",
            _quantity,
        ),
        (r"[*×xX乘](?=\d)", _plain("times")),
        (rf"(?:{ARABIC})|(?:{HAN})|半", _number),
        (
            r"共有|一共有?|总共有?|合计|总计|共|还剩下?|剩下?|库存|存货|现有|还有|能出|可出"
            r"|能卖|够卖|收了|总量|限量|备货|产量|能供|可供|有(?!机)",
            _plain("total"),
        ),
        (_ABOUT + "|每天|一天|天天", _plain("about")),
        (
            rf"的?{_SIZE}(?P<unit>{_BOX})?装|的?{_SIZE}(?P<box>箱|盒|礼盒)子?|净重|重",
            _plain("pack"),
        ),
        (r"每|/", _plain("per")),
        (r"[,。;、!?\n]", _plain("stop")),
        (
            r"[\s()\[\]:的]|卖价|价格|售价|单价|只要|只卖|卖|价|是|要|算|才|就|净|规格",
            _plain("fill"),
        ),
    )
)


def clauses(found: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens between stops."""
    clause: list[Token] = []
    for token in found:
        if token.kind == "stop":
            yield clause
            clause = []
        else:
            clause.append(token)
    yield clause
