"""Does a text name a place beyond the mainland, which no box of ours goes to?

Asked besides the divisions: 首尔市江南区 must not be read as 南宁's 江南区. Names of
countries are those of the Unicode CLDR, in Chinese and English.
"""

import re
from functools import cache

from babel import Locale

from logistics.address import names
from logistics.address.places import Region
from logistics.address.text import MARKS, SEPARATORS
from logistics.regions import BEYOND_THE_LIST

_OURS = {"CN", "HK", "MO", "TW"}
_NO_COUNTRY = {"EU", "EZ", "UN", "XA", "XB", "XK", "ZZ", "QO"}
# Said for a country, and cities that say where they are without its name.
_SAID = {"台北", "新北", "台中", "台南", "高雄", "桃园市", "基隆", "九龙", "新界"}
_BEYOND = {
    name: BEYOND_THE_LIST["81" if name in {"九龙", "新界"} else "71"] for name in _SAID
}
_SHORT = ("USA", r"U\.S\.A\.?", "UK", r"U\.K\.?", "UAE", "Hong Kong", "Macau", "Taiwan")


@cache
def _words() -> tuple[re.Pattern[str], re.Pattern[str]]:
    chinese, english = (
        [
            name
            for code, name in Locale.parse(language).territories.items()
            if len(code) == 2 and code not in _OURS | _NO_COUNTRY
        ]
        for language in ("zh_Hans", "en")
    )
    begin = rf"(?:^|(?<=[{SEPARATORS}]))"
    han = "|".join(sorted([*chinese, *_BEYOND], key=len, reverse=True))
    latin = "|".join([*map(re.escape, english), *_SHORT])
    return (
        re.compile(rf"{begin}({han})"),
        # At the end of a line, as such addresses are written.
        re.compile(
            rf"(?:^|(?<=[{SEPARATORS}]))({latin})(?![\w-])[\d .{MARKS}-]*$", re.I | re.M
        ),
    )


def beyond(text: str, region: Region) -> str:
    """The country or region beyond the mainland that the text names, or "".

    `region` is what was found of ours. A whole address of ours is not doubted because
    of a 日本料理店 in it, and 苏丹 beside a phone is a person.
    """
    if region.beyond or region.names > 1:
        return region.beyond
    han, latin = _words()
    ours = region.place is not None or bool(region.choices)
    found = han.search(text)
    if found and (not ours or found.start() < region.start):
        after = text[found.end() : found.end() + 1]
        stands_alone = not after or after in SEPARATORS
        if not (stands_alone and (ours or names.has_surname(found[1]))):
            return _BEYOND.get(found[1], found[1])
    found = None if ours else latin.search(text)
    return found[1] if found else ""
