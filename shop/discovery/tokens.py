"""Chinese, pinyin and initials as token strings that any engine can look up.

Indexed: every Han character, every pair of neighbours (冰糖橙 gives 冰糖 and 糖橙),
and in pinyin each syllable, neighbours run together, the whole word and its initials
(huang tao huangtao ht). A query is split into words by rjieba; each word must be
found. The engines differ in nothing but how they store these strings.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from partners.spelling import syllables
from shop.discovery.spelling import SHORTEST

LONGEST_QUERY = 60
MOST_WORDS = 8
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_HAN}]+|[a-z]+|\d+")
_LATIN = re.compile(r"[a-z]+(?:[\s'’·-]+[a-z]+)*")
_PIECE = re.compile(rf"{_LATIN.pattern}|[{_HAN}]+|\d+")
# Words that everybody says and nobody looks for.
_IDLE = frozenset("的了和与或有吗呢要买卖我家想钱斤元") | {
    "哪里",
    "多少",
    "价格",
    "便宜",
    "好吃",
    "新鲜",
    "正宗",
    "一斤",
}
WHOLE = "0"  # begins the token of a whole name
# A longer run is a sentence; its whole pinyin would only fill the index.
_LONGEST_NAME = 8
_LONGEST_SPELLED = 24


@dataclass(frozen=True)
class Term:
    """One thing that must be found: any of `any_of`, each a group that must all be.

    A token that ends in "*" matches its beginning. `spelled` is pinyin that may hold
    a slip of the finger: where nothing matches, one letter may differ (two from nine
    letters on).
    """

    any_of: tuple[tuple[str, ...], ...]
    spelled: str = ""


@dataclass(frozen=True)
class Tokens:
    """A query, cleaned and split. `text` is what to show, `terms` what to find."""

    text: str
    terms: tuple[Term, ...]


def clean(text: str) -> str:
    """One line in one form: full width to half, lower case, 60 characters at most."""
    plain = unicodedata.normalize("NFKC", text[: LONGEST_QUERY * 4])
    plain = "".join(
        char if unicodedata.category(char)[0] not in "CZ" else " " for char in plain
    )
    return " ".join(plain.split())[:LONGEST_QUERY].strip()


def indexed(text: str) -> str:
    """The tokens of a text, for an index's columns of words."""
    return " ".join(_words(clean_for_index(text)))


def indexed_pinyin(text: str) -> str:
    """The pinyin tokens of a text's Han runs."""
    found: dict[str, None] = {}
    for run in re.findall(rf"[{_HAN}]+", clean_for_index(text)):
        found |= dict.fromkeys(_pinyin(run))
    return " ".join(found)


def indexed_english(text: str) -> str:
    """The tokens of English names: words, in one and in many, and run together."""
    found: dict[str, None] = {}
    for name in clean_for_index(text).split(","):
        words = re.findall("[a-z]+", name)
        found |= dict.fromkeys(words)
        found |= dict.fromkeys(map(_many, words))
        found |= dict.fromkeys(a + b for a, b in pairwise(words))
    return " ".join(found)


def _many(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("ch", "sh", "s", "x", "to")) else f"{word}s"


def indexed_whole(*names: str) -> str:
    """What names are as a whole, so that 土鸡 stands before 土鸡蛋 for "tuji".

    Each begins with a digit, which no typed word does.
    """
    found: dict[str, None] = {}
    for name in map(clean_for_index, names):
        if re.fullmatch("[a-z -]+", name):
            found[WHOLE + "".join(re.findall("[a-z]+", name))] = None
        elif re.fullmatch(rf"[{_HAN}]{{1,{_LONGEST_NAME}}}", name):
            spelled = _pinyin(name)
            if len(name) > 1 and spelled:
                found |= {WHOLE + spelled[-2]: None, WHOLE + spelled[-1]: None}
    return " ".join(found)


def clean_for_index(text: str) -> str:
    """As `clean`, but of any length."""
    return unicodedata.normalize("NFKC", text).lower()


def _words(text: str) -> Iterator[str]:
    for run in _RUN.findall(text):
        if "a" <= run[0] <= "z" or run[0].isdigit():
            yield run
            continue
        yield from run
        yield from (run[i : i + 2] for i in range(len(run) - 1))


@lru_cache(maxsize=4096)
def _pinyin(run: str) -> tuple[str, ...]:
    spoken = [part for part in syllables(run) if part.isascii()]
    found = list(spoken)
    found += [a + b for a, b in pairwise(spoken)]
    initials = "".join(part[0] for part in spoken)
    found += [initials[i : i + 2] for i in range(len(initials) - 1)]
    found += [initials[i : i + 3] for i in range(len(initials) - 2)]
    if len(spoken) <= _LONGEST_NAME:
        found += ["".join(spoken), initials]
    return tuple(dict.fromkeys(part for part in found if len(part) > 1))


def parse(text: str) -> Tokens:
    """What somebody typed, as terms. No text breaks it; empty text has no terms."""
    shown = clean(text)
    terms: list[Term] = []
    for piece in _PIECE.findall(shown.lower()):
        if "a" <= piece[0] <= "z":
            terms.append(_spelled(piece))
        elif piece[0].isdigit():
            terms.append(Term(any_of=((piece,),)))
        else:
            terms += _spoken(piece)
    return Tokens(text=shown, terms=tuple(dict.fromkeys(terms))[:MOST_WORDS])


def _spoken(run: str) -> list[Term]:
    """A Han run's words; a run of idle words alone is looked for as it is."""
    import rjieba  # noqa: PLC0415  a dictionary, as above

    words = [word for word in rjieba.cut(run) if word not in _IDLE] or [run]
    return [Term(any_of=(_parts(word),)) for word in words]


def _parts(word: str) -> tuple[str, ...]:
    if len(word) <= 2:
        return (word,)
    return tuple(word[i : i + 2] for i in range(len(word) - 1))


def _spelled(piece: str) -> Term:
    """huangtao, ht, hang tao: run together, or each syllable by itself."""
    parts = tuple(re.findall(r"[a-z]+", piece))[:MOST_WORDS]
    whole = "".join(parts)
    ways = [(_beginning(whole),)]
    if len(parts) > 1:
        ways.append((*parts[:-1], _beginning(parts[-1])))
    ways.append((WHOLE + whole,))
    spelled = whole if SHORTEST <= len(whole) <= _LONGEST_SPELLED else ""
    return Term(any_of=tuple(ways), spelled=spelled)


def _beginning(token: str) -> str:
    # Two letters are initials; as a beginning they would fit half the market.
    return f"{token}*" if len(token) >= 3 else token
