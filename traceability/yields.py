"""What a mu of a crop may bear in a year: the starting values, in one table.

They are deliberately generous round figures that nobody measured here: a starting value
holds until the county sets its own (YieldLimit), and pages show which is which.
"""

from typing import NamedTuple

from partners.measures import GRAMS_PER_KILOGRAM

# Kilograms a mu and year; the same crop has several names.
_STARTING_KG = {
    ("橙", "冰糖橙", "脐橙", "柑橘", "蜜橘", "柚子", "蜜柚"): 6_000,
    ("梨", "桃", "李子", "柿子", "葡萄", "猕猴桃"): 5_000,
    ("西瓜", "甜瓜"): 6_000,
    ("草莓", "杨梅", "枇杷"): 4_000,
    ("水稻", "稻谷", "大米"): 1_500,
    ("玉米", "花生", "油菜籽", "黄豆"): 1_000,
    ("红薯", "马铃薯", "莲藕"): 6_000,
    ("茶叶", "鲜叶"): 1_500,
    ("辣椒", "茄子", "番茄", "黄瓜"): 15_000,
    ("白菜", "萝卜", "生菜", "菜心"): 10_000,
}
STARTING_G = {
    crop: kilograms * GRAMS_PER_KILOGRAM
    for crops, kilograms in _STARTING_KG.items()
    for crop in crops
}
# Of every crop that no line names: more than any open field bears.
ANY_OTHER_G = 20_000 * GRAMS_PER_KILOGRAM
# More than this is a slip of the finger, whoever sets it.
MOST_G = 100_000 * GRAMS_PER_KILOGRAM


class Limit(NamedTuple):
    """Grams that a mu may bear in a year; None: the county set no limit. `is_own`:
    whether the county said so, and `source` its ground."""

    g_per_mu: int | None
    is_own: bool
    source: str = ""


def starting(crop: str) -> Limit:
    """What holds until the county has said something."""
    return Limit(STARTING_G.get(crop, ANY_OTHER_G), is_own=False)
