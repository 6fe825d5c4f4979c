"""Chinese names of places as readers of English can say them."""

import re
from functools import lru_cache

from django.utils import translation
from django.utils.translation import get_language

from partners.provinces import PROVINCES

_KINDS = {
    "社区": "community",
    "街道": "subdistrict",
    "村": "village",
    "镇": "town",
    "乡": "township",
    "县": "county",
    "区": "district",
    "市": "city",
}
_PLACE = re.compile(rf"([\u4e00-\u9fff]+?)({'|'.join(_KINDS)})")


@lru_cache(maxsize=4096)
def spelled_place(name: str) -> str:
    """柳林村 becomes Liulin village, 湖南 Hunan; "" where it is no place's name."""
    if name in _provinces():
        return _provinces()[name]
    place = _PLACE.fullmatch(name)
    return f"{_pinyin(place[1])} {_KINDS[place[2]]}" if place else ""


def region_told(name: str) -> str:
    """A place as it is said in short, as this reader says it: 西藏, Tibet."""
    if not name or not (get_language() or "").startswith("en"):
        return name
    return spelled_place(name) or _pinyin(name)


def syllables(text: str) -> list[str]:
    """Han characters as pinyin, one each; runs of other signs as they are."""
    # A dictionary that takes half a second: loaded by whoever first spells something.
    from pypinyin import lazy_pinyin  # noqa: PLC0415

    spelled: list[str] = lazy_pinyin(text)
    return spelled


def _pinyin(name: str) -> str:
    first, *more = syllables(name)
    # Xi'an is two syllables, xian one.
    rest = "".join(f"'{one}" if one[0] in "aoe" else one for one in more)
    return f"{first}{rest}".capitalize()


@lru_cache(maxsize=1)
def _provinces() -> dict[str, str]:
    """西藏 to Tibet: the catalogue's Chinese is how people call a province."""
    with translation.override("zh-hans"):
        spoken = {code: str(name) for code, name in PROVINCES.items()}
    with translation.override("en"):
        return {spoken[code]: str(name) for code, name in PROVINCES.items()}
