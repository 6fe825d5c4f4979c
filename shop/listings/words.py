"""How a pack is spoken of."""

from collections.abc import Iterable

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from partners.measures import GRAMS_PER_JIN, jin

# A portion is no container: 5斤装, not 5斤/份.
_NO_CONTAINER = {"", "份", "单", "件"}
# Counting words are Chinese in the rows; Chinese needs no table for itself.
_ENGLISH = {
    "斤": "jin",
    "枚": "pcs",
    "只": "pcs",
    "个": "pcs",
    "条": "pcs",
    "头": "pcs",
    "棵": "pcs",
    "株": "pcs",
    "颗": "pcs",
    "根": "pcs",
    "尾": "pcs",
    "朵": "pcs",
    "箱": "box",
    "盒": "carton",
    "篮": "basket",
    "筐": "crate",
    "袋": "bag",
    "包": "packet",
    "瓶": "bottle",
    "罐": "jar",
    "坛": "jar",
    "桶": "can",
    "捆": "bundle",
    "把": "bunch",
    "提": "pack",
    "礼盒": "gift box",
    "份": "portion",
    "件": "item",
    "单": "order",
    "篓": "basket",
    "扎": "bunch",
    "板": "tray",
    "壶": "jug",
    "套": "set",
    "网": "net",
}

_CATEGORIES = {
    "shui-guo": gettext_lazy("Fruit"),
    "shu-cai": gettext_lazy("Vegetables"),
    "qin-dan": gettext_lazy("Poultry and eggs"),
    "shui-chan": gettext_lazy("Fish and crayfish"),
    "mi-mian-za-liang": gettext_lazy("Rice and grain"),
    "feng-mi-cha-yin": gettext_lazy("Honey and tea"),
    "gan-huo-shan-huo": gettext_lazy("Dried goods"),
    "rou-lei-la-wei": gettext_lazy("Meat and ham"),
    "hua-mu-miao-mu": gettext_lazy("Trees and flowers"),
}
"""The menu's names in the reader's language; Oscar keeps the Chinese ones."""


def category_name(slug: str, known_as: str) -> str:
    """The category's name for this reader; its own where we have no translation."""
    return str(_CATEGORIES.get(slug, known_as))


def unit_words(unit: str) -> str:
    """枚, 箱: the counting word as this reader knows it."""
    if (get_language() or "").startswith("zh"):
        return unit
    return _ENGLISH.get(unit, unit)


def unit_choices(units: Iterable[str]) -> list[tuple[str, str]]:
    """Counting words to choose from; 枚 and 只 are both pcs, so both stand there."""
    told = ((unit, unit_words(unit)) for unit in units)
    return [
        ("", "—"),
        *((unit, unit if words == unit else f"{words} {unit}") for unit, words in told),
    ]


def weight_words(weight_g: int) -> str:
    """5斤, 250克: by 斤 from half of one up, where that is a short number."""
    if weight_g >= GRAMS_PER_JIN // 2 and weight_g % 50 == 0:
        return _("%(jin)s jin") % {"jin": jin(weight_g)}
    return _("%(grams)s g") % {"grams": weight_g}


def pack_words(
    *, pack_g: int | None, pieces: int | None, piece_unit: str, container: str
) -> str:
    """5斤装, 30枚装, 1株, 500克/瓶, 8只约5斤. Empty where nothing is known."""
    parts = []
    if pieces:
        unit = unit_words(piece_unit)
        parts.append(
            _("%(count)s %(unit)s")
            % {
                "count": f"{pieces:,}",
                "unit": "pc" if pieces == 1 and unit == "pcs" else unit,
            }
        )
    if pack_g:
        parts.append(weight_words(pack_g))
    if not parts:
        return ""
    amount = " · ".join(parts)
    if container not in _NO_CONTAINER:
        return _("%(amount)s a %(container)s") % {
            "amount": amount,
            "container": unit_words(container),
        }
    if pieces == 1 and not pack_g:
        return amount
    return _("pack of %(amount)s") % {"amount": amount}


def title_words(
    *, pack_g: int | None, pieces: int | None, piece_unit: str, container: str
) -> str:
    """The pack as part of a product's title, which is Chinese for every reader."""
    counted = f"{pieces}{piece_unit}" if pieces else ""
    weighed = ""
    if pack_g:
        spoken = pack_g >= GRAMS_PER_JIN // 2 and pack_g % 50 == 0
        weighed = f"{jin(pack_g)}斤" if spoken else f"{pack_g}克"
    amount = f"{counted}约{weighed}" if counted and weighed else counted or weighed
    if container not in _NO_CONTAINER:
        return f"{amount}/{container}"
    return amount if pieces == 1 and not pack_g else f"{amount}装"
