"""The year as villages count it: solar terms, and what is ripe in each month."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from lunar_python import Solar

TERMS = {
    "立春": pgettext_lazy("solar term", "Start of Spring"),
    "雨水": pgettext_lazy("solar term", "Rain Water"),
    "惊蛰": pgettext_lazy("solar term", "Waking of Insects"),
    "春分": pgettext_lazy("solar term", "Spring Equinox"),
    "清明": pgettext_lazy("solar term", "Clear and Bright"),
    "谷雨": pgettext_lazy("solar term", "Grain Rain"),
    "立夏": pgettext_lazy("solar term", "Start of Summer"),
    "小满": pgettext_lazy("solar term", "Grain Buds"),
    "芒种": pgettext_lazy("solar term", "Grain in Ear"),
    "夏至": pgettext_lazy("solar term", "Summer Solstice"),
    "小暑": pgettext_lazy("solar term", "Minor Heat"),
    "大暑": pgettext_lazy("solar term", "Major Heat"),
    "立秋": pgettext_lazy("solar term", "Start of Autumn"),
    "处暑": pgettext_lazy("solar term", "End of Heat"),
    "白露": pgettext_lazy("solar term", "White Dew"),
    "秋分": pgettext_lazy("solar term", "Autumn Equinox"),
    "寒露": pgettext_lazy("solar term", "Cold Dew"),
    "霜降": pgettext_lazy("solar term", "First Frost"),
    "立冬": pgettext_lazy("solar term", "Start of Winter"),
    "小雪": pgettext_lazy("solar term", "Minor Snow"),
    "大雪": pgettext_lazy("solar term", "Major Snow"),
    "冬至": pgettext_lazy("solar term", "Winter Solstice"),
    "小寒": pgettext_lazy("solar term", "Minor Cold"),
    "大寒": pgettext_lazy("solar term", "Major Cold"),
}
"""The calendar's own names, and how they are said in the reader's language."""

# What people say when a crop is ready; two of them make the market's headline.
SAYINGS = {
    "冰糖橙": gettext_lazy("oranges are sweet"),
    "脐橙": gettext_lazy("oranges are sweet"),
    "蜜橘": gettext_lazy("tangerines are red"),
    "椪柑": gettext_lazy("ponkans are in"),
    "柚子": gettext_lazy("pomelos are ripe"),
    "黄桃": gettext_lazy("yellow peaches are soft"),
    "水蜜桃": gettext_lazy("peaches are juicy"),
    "葡萄": gettext_lazy("grapes hang full"),
    "杨梅": gettext_lazy("bayberries are dark"),
    "草莓": gettext_lazy("strawberries are red"),
    "枇杷": gettext_lazy("loquats are yellow"),
    "梨": gettext_lazy("pears are crisp"),
    "柿子": gettext_lazy("persimmons are red"),
    "西瓜": gettext_lazy("watermelons are cool"),
    "猕猴桃": gettext_lazy("kiwis are ready"),
    "板栗": gettext_lazy("chestnuts are falling"),
    "红薯": gettext_lazy("sweet potatoes are up"),
    "莲藕": gettext_lazy("lotus root is out of the mud"),
    "莲蓬": gettext_lazy("lotus pods are fresh"),
    "冬笋": gettext_lazy("winter shoots are up"),
    "春笋": gettext_lazy("spring shoots are up"),
    "红菜薹": gettext_lazy("purple greens are tender"),
    "藜蒿": gettext_lazy("wormwood shoots are tender"),
    "白萝卜": gettext_lazy("radishes are sweet"),
    "大白菜": gettext_lazy("cabbages took the frost"),
    "辣椒": gettext_lazy("chillies are hot"),
    "玉米": gettext_lazy("corn is milky"),
    "毛豆": gettext_lazy("green soybeans are plump"),
    "大米": gettext_lazy("new rice is in"),
    "绿茶": gettext_lazy("spring tea is picked"),
    "蜂蜜": gettext_lazy("the honey is in"),
    "小龙虾": gettext_lazy("crayfish are fat"),
    "大闸蟹": gettext_lazy("crabs are full"),
    "甲鱼": gettext_lazy("softshell turtles are fat"),
    "腊肉": gettext_lazy("cured meat is smoked"),
    "桂花": gettext_lazy("osmanthus smells sweet"),
    "茶油": gettext_lazy("camellia oil is pressed"),
    "莲子": gettext_lazy("lotus seeds are dried"),
    "花生": gettext_lazy("peanuts are dug"),
}


@lru_cache(maxsize=64)
def _term_name(day: date) -> str:
    lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    return str(lunar.getPrevJieQi(True).getName())


def solar_term(day: date) -> str:
    """The solar term 节气 that `day` is in, in the reader's language."""
    name = _term_name(day)
    return str(TERMS.get(name, name))


def headline(crops: Iterable[str]) -> str:
    """Two things worth coming for, out of `crops` in their order."""
    said: list[str] = []
    for crop in crops:
        saying = str(SAYINGS.get(crop, ""))
        if saying and saying not in said:
            said.append(saying)
        if len(said) == 2:
            both = {"first": said[0], "second": said[1]}
            return _upper_first(_("%(first)s, %(second)s") % both)
    if said:
        return _upper_first(said[0])
    return _("What the village grows, from the grower")


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
