"""What a region is called when people talk: 湖南省 is 湖南, 北京市 is 北京."""

import re

from django.db.models import Q

from partners.organisations.models import Division
from partners.organisations.queries import UNSPOKEN
from partners.provinces import PROVINCES

# Freight knows these three by their GB/T 2260 codes; the statistics bureau's list of
# divisions has no rows for them.
BEYOND_THE_LIST = {"71": "台湾", "81": "香港", "82": "澳门"}

# The peoples named in autonomous regions, prefectures and counties.
_PEOPLES = """
维吾尔 哈萨克 柯尔克孜 塔吉克 锡伯 蒙古族 蒙古 回族 藏族 壮族 苗族 侗族 瑶族 彝族 土家族
布依族 白族 傣族 景颇族 傈僳族 哈尼族 拉祜族 佤族 纳西族 怒族 独龙族 普米族 布朗族 羌族
土族 撒拉族 东乡族 保安族 裕固族 朝鲜族 满族 达斡尔族 鄂温克族 鄂伦春族 畲族 黎族 毛南族
仫佬族 仡佬族 水族 各族 壮 回
"""
_PEOPLE = "|".join(sorted(_PEOPLES.split(), key=len, reverse=True))
_AUTONOMOUS = re.compile(rf"(?P<stem>..+?)(?:(?:{_PEOPLE})族?)*自治[区州县旗]$")
_SUFFIX = re.compile(r"(?<=..)(特别行政区|省|市|地区|盟|林区|新区|区|县|旗)$")


def short_name(name: str) -> str:
    """The name as it is said: 北京市 → 北京, 湘西土家族苗族自治州 → 湘西.

    Two characters stay at least: 碑林区 → 碑林, and 道县 as it is.
    """
    autonomous = _AUTONOMOUS.fullmatch(name)
    if autonomous:
        return autonomous["stem"]
    return _SUFFIX.sub("", name)


def region_name(region_code: str) -> str:
    """What the beginning of a division's code (2, 4, 6 or more digits) is called.

    The nearest known name is used: of a county nobody loaded, its city or province.
    """
    for length in (6, 4, 2):
        prefix = region_code[:length]
        if prefix in BEYOND_THE_LIST:
            return BEYOND_THE_LIST[prefix]
        row = Division.objects.filter(pk=prefix.ljust(12, "0")).first()
        if row is not None and row.name not in UNSPOKEN:
            return short_name(row.name)
    return region_code


def delivers_to(code: str) -> bool:
    """Whether the code is exact enough for a parcel: a county or a township.

    A few cities (东莞市) have townships and no counties; they count as their county.
    """
    return (
        Division.objects.filter(pk=code)
        .filter(
            Q(level__in=[Division.Level.COUNTY, Division.Level.TOWNSHIP])
            | Q(level=Division.Level.CITY, children__level=Division.Level.TOWNSHIP)
        )
        .exists()
    )


def postal_name(code: str) -> str:
    """A division's place as it is written on a parcel: 湖南省长沙市岳麓区麓谷街道."""
    return "".join(_spoken_names(code))


def region_path(code: str) -> str:
    """Province, city and county the way carriers take them: 湖南省-长沙市-岳麓区."""
    return "-".join(_spoken_names(code[:6].ljust(12, "0")))


def _spoken_names(code: str) -> list[str]:
    wanted = [code[:length].ljust(12, "0") for length in (2, 4, 6, 9, 12)]
    names = Division.objects.in_bulk(set(wanted))
    found: list[str] = []
    for division_code in dict.fromkeys(wanted):
        row = names.get(division_code)
        # 东莞市 stands for both its city and its only county.
        if row is not None and row.name not in {*UNSPOKEN, *found}:
            found.append(row.name)
    return found


def provinces() -> list[tuple[str, str]]:
    """Code and name of every province that parcels can be addressed to."""
    rows = Division.objects.filter(
        level=Division.Level.PROVINCE, children__isnull=False
    ).distinct()
    return [(row.code, row.name) for row in rows.order_by("code")]


def places_in(code: str, level: str) -> list[tuple[str, str]]:
    """Code and name of what lies in a division, at one level, as a form offers it.

    `level` is "city" of a province, "county" of a city or "township" of a county.
    Levels that nobody says get words: 北京市's only city is 北京市, and 东莞市, which
    has no counties, is offered as its own. Unknown codes have nothing in them.
    """
    above = Division.objects.filter(pk=code).first()
    if above is None:
        return []
    rows = list(Division.objects.filter(parent_id=code, level=level).order_by("code"))
    if not rows and level == Division.Level.COUNTY and delivers_to(code):
        return [(above.code, above.name)]
    alone = len(rows) == 1
    return [(row.code, _offered_name(row, above, alone=alone)) for row in rows]


def _offered_name(row: Division, above: Division, *, alone: bool) -> str:
    if row.name not in UNSPOKEN:
        return row.name
    if row.name.endswith("县级行政区划"):
        return row.name.replace("县级行政区划", "县市")
    kinds = {"市辖区": "(区)", "县": "(县)"}
    return above.name if alone else above.name + kinds[row.name]


_PREFIX = {
    Division.Level.PROVINCE: 2,
    Division.Level.CITY: 4,
    Division.Level.COUNTY: 6,
}


def is_region(code: str) -> bool:
    """Whether the beginning of a code is some place's.

    Where nobody loaded any place beside it, it may be one.
    """
    if len(code) == 2:
        return code in PROVINCES
    level = next(level for level, length in _PREFIX.items() if length == len(code))
    beside = Division.objects.filter(level=level, code__startswith=code[:-2])
    here = beside.filter(pk=code.ljust(12, "0"))
    loaded = here.exists() or not beside.exists()
    return loaded and code[:2] not in BEYOND_THE_LIST and is_region(code[:-2])


def codes_called(word: str) -> list[str]:
    """Beginnings of the codes of what people may mean by a place's name.

    湖南, 湖南省, 长沙, 岳麓区, or the whole way, 江苏省南京市鼓楼区. What is written in
    full and what is larger comes first: 吉林 is the province, 吉林市 the city.
    """
    if word.isascii() and word.isdecimal() and len(word) in _PREFIX.values():
        return [word] if is_region(word) else []
    beyond = [
        code for code, name in BEYOND_THE_LIST.items() if name in {word, word[:2]}
    ]
    if beyond:
        return beyond
    tails = [word[start:] for start in range(len(word) - 1)]
    rows = Division.objects.filter(level__in=_PREFIX).exclude(name__in=UNSPOKEN)
    near = rows.filter(Q(name__startswith=word) | Q(name__in=tails)).order_by("code")
    ways: tuple[list[Division], ...] = ([], [], [])
    for row in near:
        if row.name == word:
            ways[0].append(row)
        elif short_name(row.name) == word:
            ways[1].append(row)
        elif row.name in tails and word in _ways_to(row):
            ways[2].append(row)
    exact, said, led_to = ways
    found = exact or said or led_to
    codes = [row.code[: _PREFIX[Division.Level(row.level)]] for row in found]
    largest = min(map(len, codes), default=0)
    return [code for code in codes if len(code) == largest]


def _ways_to(row: Division) -> set[str]:
    names = _spoken_names(row.code)
    return {"".join(names[start:]) for start in range(len(names))}


def region_written(region_code: str) -> str:
    """A name that `codes_called` reads back as just this place: 湖南, or the whole way.

    The code itself where the place was never loaded.
    """
    name = region_name(region_code)
    if codes_called(name) == [region_code]:
        return name
    return postal_name(region_code.ljust(12, "0")) or region_code
