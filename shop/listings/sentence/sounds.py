"""What was typed or dictated by its sound: 29快 for 29块, 冰塘橙 for 冰糖橙.

Every character is replaced by one, so that spans hold, and every replacement is told
to the assistant. Where a sound may be several names, nothing is replaced: it is asked.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from partners.spelling import syllables

Span = tuple[int, int]

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_NUMBER = r"[\d一二三四五六七八九十百千万两半几]"
# A measure, its neighbours of the same sound, and where they can be nothing else.
_MEASURES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("块", re.compile(rf"(?<={_NUMBER})[快筷](?![递件餐乐要到熟子])")),
    ("元", re.compile(r"(?<=\d)[员园原](?![产味价区林])")),
    ("斤", re.compile(rf"(?<={_NUMBER})[今金筋](?![天年早晚后日色桔橘钱银黄])")),
    ("斤", re.compile(rf"(?<={_NUMBER}公)[今金筋]")),
    (
        "箱",
        re.compile(r"(?<=[\d一二三四五六七八九十百每])[厢香](?![橙米菜菇椿葱瓜芋蕉])"),
    ),
    ("装", re.compile(r"(?<=[斤克只个枚])[庄桩妆](?!村)")),
    ("周", re.compile(r"(?<=下)[州洲舟](?=[一二三四五六日天])")),
    ("下", re.compile(r"[夏](?=周[一二三四五六日天])")),
    ("摘", re.compile(r"(?<=[一二三四五六日天号后])[宅窄债斋](?![家子])")),
    ("有", re.compile(r"[又友右](?=\d)")),
)


@dataclass(frozen=True)
class Heard:
    """A place in a sentence, what is written there, and what it sounds like."""

    start: int
    written: str
    names: tuple[str, ...]

    @property
    def end(self) -> int:
        return self.start + len(self.written)

    def __str__(self) -> str:
        return f"{self.written}→{self.names[0]}"


def measures(text: str) -> tuple[str, list[Heard]]:
    """The sentence with its measures as they are written, and what was replaced."""
    heard: list[Heard] = []
    for meant, pattern in _MEASURES:
        for match in pattern.finditer(text):
            heard.append(Heard(match.start(), match[0], (meant,)))
        text = pattern.sub(meant, text)
    return text, sorted(heard, key=lambda one: one.start)


def names_in(
    text: str, names: Mapping[str, str], *, taken: Sequence[Span] = ()
) -> list[Heard]:
    """Where the sentence sounds like a name that it does not hold as written.

    `names` to what each is a name of; two names of one thing are no doubt. At least
    half of a name must be written right, so that 打算 is no 大蒜. The longest first;
    what lies in `taken` is left alone.
    """
    by_sound = _by_sound(tuple(names))
    found: list[Heard] = []
    for length in sorted({len(sound) for sound in by_sound}, reverse=True):
        for start, written in _windows(text, length):
            busy = (*taken, *((one.start, one.end) for one in found))
            if any(start < b and a < start + length for a, b in busy):
                continue
            alike = by_sound.get(_sounds(written), ())
            close = {names[name]: name for name in alike if _half_right(name, written)}
            if close:
                found.append(Heard(start, written, tuple(close.values())))
    return sorted(found, key=lambda one: one.start)


def put_right(text: str, heard: Iterable[Heard]) -> str:
    """The sentence with the names that these places sound like."""
    for one in heard:
        text = text[: one.start] + one.names[0] + text[one.end :]
    return text


def _windows(text: str, length: int) -> Iterator[tuple[int, str]]:
    for run in _HAN.finditer(text):
        for start in range(run.start(), run.end() - length + 1):
            yield start, text[start : start + length]


@lru_cache(maxsize=256)
def _by_sound(names: tuple[str, ...]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        if len(name) > 1 and _HAN.fullmatch(name):
            found.setdefault(_sounds(name), []).append(name)
    return found


def _half_right(name: str, written: str) -> bool:
    right = sum(a == b for a, b in zip(name, written, strict=True))
    return name != written and right * 2 >= len(name)


def _sounds(word: str) -> tuple[str, ...]:
    return tuple(_sound(sign) for sign in word)


@lru_cache(maxsize=8192)
def _sound(sign: str) -> str:
    return syllables(sign)[0]
