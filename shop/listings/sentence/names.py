"""Whose produce it is and what grows: found by name, told apart, never guessed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from partners.organisations.models import Farmer
from shop.listings import crops
from shop.listings.crops import Crop

Span = tuple[int, int]

_HOUSE = re.compile(r"(?:家里的|家里|家的|家|的)?")
# 赵伯家 at the beginning of a clause: a name, though none we know.
_SOMEBODY = re.compile(r"(?:^|[,。;、\s])(?P<who>[\u4e00-\u9fff]{2,6}?)家(?:的|里)?")
_NOBODY = {"自己", "自", "农", "大", "人", "我", "我们", "村里", "一"}
_QUALIFIERS = [
    "树上熟",
    "散养",
    "放养",
    "新鲜",
    "现摘",
    "现挖",
    "自家",
    "农家",
    "手工",
    "柴火",
    "烟熏",
    "野生",
    "高山",
    "本地",
    "早熟",
    "晚熟",
    "红心",
    "白心",
    "无籽",
    "大果",
    "中果",
    "小果",
    "精品",
    "头茬",
    "当年",
    "今年",
    "新",
    "老",
    "土",
    "甜",
    "糯",
    "嫩",
]
_QUALIFIER = re.compile(
    f"(?:{'|'.join(sorted(_QUALIFIERS, key=len, reverse=True))})的?$"
)
# These words promise a certificate; a sentence cannot show one.
_CLAIMS = re.compile("有机|绿色食品|无公害|富硒|地理标志|零农残|无农药|没打药")


@dataclass(frozen=True)
class Whose:
    """The farmer, or why there is none: missing, unknown, which, several."""

    farmer: Farmer | None
    ask: str = ""
    words: str = ""
    choices: tuple[Farmer, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class What:
    """The crop and its title as said, or why there is none: missing, several."""

    crop: Crop | None
    title: str = ""
    ask: str = ""
    words: str = ""
    spans: tuple[Span, ...] = ()


def whose(text: str, farmers: Sequence[Farmer]) -> Whose:
    """The farmer whom the sentence names by calling or by full name.

    Two of the same calling are told apart by their village's name, or asked about.
    """
    found = _named(text, farmers)
    words = {text[start:end] for start, end, _who in found}
    people = {who.pk: who for _start, _end, group in found for who in group}
    spans = tuple(
        (start, _HOUSE.match(text, end).end())  # type: ignore[union-attr]
        for start, end, _group in found
    )
    if len(people) > 1:
        spans += (here := _villages_said(text, people.values()))[1]
        if len(here[0]) == 1:
            return Whose(here[0][0], spans=spans)
        ask = "which" if len(words) == 1 else "several"
        choices = tuple(sorted(people.values(), key=lambda who: who.pk))
        return Whose(None, ask, "、".join(sorted(words)), choices, spans)
    if people:
        return Whose(next(iter(people.values())), spans=spans)
    stranger = _SOMEBODY.search(text)
    if stranger and stranger["who"] not in _NOBODY:
        span = (stranger.start("who"), stranger.end())
        return Whose(None, "unknown", stranger["who"], spans=(span,))
    return Whose(None, "missing")


def _named(text: str, farmers: Sequence[Farmer]) -> list[tuple[int, int, list[Farmer]]]:
    by_word: dict[str, list[Farmer]] = {}
    for farmer in farmers:
        for word in {farmer.called, farmer.name}:
            by_word.setdefault(word, []).append(farmer)
    found: list[tuple[int, int, list[Farmer]]] = []
    for word in sorted(by_word, key=len, reverse=True):
        # One character is a name only where 家 follows.
        pattern = re.escape(word) + ("(?=家)" if len(word) == 1 else "")
        for match in re.finditer(pattern, text):
            start, end = match.span()
            if not any(start < b and a < end for a, b, _group in found):
                found.append((start, end, by_word[word]))
    return sorted(found, key=lambda item: item[0])


def _villages_said(
    text: str, people: Iterable[Farmer]
) -> tuple[list[Farmer], tuple[Span, ...]]:
    here: list[Farmer] = []
    spans: list[Span] = []
    for who in people:
        short = re.sub("(村|社区|居委会|村委会)+$", "", who.village.name)
        match = re.search(re.escape(short) + "(?:村|社区)?", text) if short else None
        if match:
            here.append(who)
            spans.append(match.span())
    return here, tuple(spans)


def what(text: str, taken: Sequence[Span]) -> What:
    """The crop by its name or an alias, the longest that fits.

    Names that touch are one thing, and the last says what it is: 桂花蜂蜜 is honey.
    """
    found = _crops_in(text, taken)
    if not found:
        return What(None, ask="missing")
    runs: list[list[tuple[int, int, Crop]]] = []
    for item in found:
        if runs and runs[-1][-1][1] == item[0]:
            runs[-1].append(item)
        else:
            runs.append([item])
    heads = {run[-1][2].name: run for run in runs}
    spans = tuple((run[0][0], run[-1][1]) for run in runs)
    if len(heads) > 1:
        words = "、".join(text[start:end] for start, end in spans)
        return What(None, ask="several", words=words, spans=spans)
    ((_name, run),) = heads.items()
    start, end = run[0][0], run[-1][1]
    title = _qualified(text, start, taken) + text[start:end]
    begin = end - len(title)
    return What(
        run[-1][2],
        title=title.replace("的", ""),
        spans=((begin, end), *(span for span in spans if span != (start, end))),
    )


def _crops_in(text: str, taken: Sequence[Span]) -> list[tuple[int, int, Crop]]:
    found: list[tuple[int, int, Crop]] = []
    for word, crop in crops.names().items():
        if len(word) == 1 and found:
            continue
        for match in re.finditer(re.escape(word), text):
            start, end = match.span()
            busy = (*((a, b) for a, b, _crop in found), *taken)
            if not any(start < b and a < end for a, b in busy):
                found.append((start, end, crop))
    return sorted(found, key=lambda item: item[0])


def _qualified(text: str, start: int, taken: Sequence[Span]) -> str:
    """树上熟的, 散养, 高山: the words right before the crop that belong to it."""
    floor = max((b for _a, b in taken if b <= start), default=0)
    begin = start
    while match := _QUALIFIER.search(text, floor, begin):
        begin = match.start()
    return text[begin:start]


def claims(text: str) -> list[str]:
    """Words that need a certificate, 有机 and the like."""
    return list(dict.fromkeys(_CLAIMS.findall(text)))
