"""Chinese names of places as readers of English can say them."""

import re
from functools import lru_cache

from django.utils import translation
from django.utils.translation import get_language

from partners.provinces import PROVINCES

_KINDS = {
    "爱心超市": "supermarket",
    "超市": "supermarket",
    "特别行政区": "special administrative region",
    "自治区": "autonomous region",
    "自治州": "autonomous prefecture",
    "自治县": "autonomous county",
    "自治旗": "autonomous banner",
    "民族乡": "township",
    "地区": "prefecture",
    "高新技术产业开发区": "high-tech zone",
    "经济技术开发区": "economic and technological development zone",
    "经济开发区": "economic development zone",
    "开发区": "development zone",
    "工业园区": "industrial park",
    "工业园": "industrial park",
    "管理区": "administration zone",
    "新区": "new district",
    "农场": "farm",
    "林场": "forest farm",
    "渔场": "fishery",
    "苏木": "sumu",
    "街道办事处": "subdistrict",
    "社区": "community",
    "街道": "subdistrict",
    "村": "village",
    "镇": "town",
    "乡": "township",
    "县": "county",
    "区": "district",
    "市": "city",
    "盟": "league",
    "旗": "banner",
    "省": "province",
}
# The recognised peoples (GB/T 3304), as townships and counties are named after them.
_PEOPLES = {
    "蒙古": "Mongol",
    "回": "Hui",
    "藏": "Tibetan",
    "维吾尔": "Uyghur",
    "苗": "Miao",
    "彝": "Yi",
    "壮": "Zhuang",
    "布依": "Bouyei",
    "朝鲜": "Korean",
    "满": "Manchu",
    "侗": "Dong",
    "瑶": "Yao",
    "白": "Bai",
    "土家": "Tujia",
    "哈尼": "Hani",
    "哈萨克": "Kazakh",
    "傣": "Dai",
    "黎": "Li",
    "傈僳": "Lisu",
    "佤": "Wa",
    "畲": "She",
    "拉祜": "Lahu",
    "水": "Sui",
    "东乡": "Dongxiang",
    "纳西": "Naxi",
    "景颇": "Jingpo",
    "柯尔克孜": "Kyrgyz",
    "土": "Tu",
    "达斡尔": "Daur",
    "仫佬": "Mulao",
    "羌": "Qiang",
    "布朗": "Blang",
    "撒拉": "Salar",
    "毛南": "Maonan",
    "仡佬": "Gelao",
    "锡伯": "Xibe",
    "阿昌": "Achang",
    "普米": "Pumi",
    "塔吉克": "Tajik",
    "怒": "Nu",
    "乌孜别克": "Uzbek",
    "俄罗斯": "Russian",
    "鄂温克": "Evenki",
    "德昂": "De'ang",
    "保安": "Bonan",
    "裕固": "Yugur",
    "塔塔尔": "Tatar",
    "独龙": "Derung",
    "鄂伦春": "Oroqen",
    "赫哲": "Hezhen",
    "门巴": "Monba",
    "珞巴": "Lhoba",
    "各": "multi-ethnic",
}
# 毛家滩回族维吾尔族乡; after the name a note may stand, as in 永固爱心超市(示例).
_PLACE = re.compile(
    r"(?P<name>[\u4e00-\u9fff]+?)"
    # 伊犁哈萨克自治州 and 杜拉尔鄂温克民族乡 say their people without 族.
    rf"(?P<peoples>(?:(?:{'|'.join(_PEOPLES)})(?:族|(?=自治|民族)))*)"
    rf"(?P<kind>{'|'.join(_KINDS)})(?:[(（][^()（）]*[)）])?"
)
_PEOPLE = re.compile(rf"({'|'.join(_PEOPLES)})(?:族|$)")
# What a province's whole name says after the name that people use: 湖南 and 湖南省.
_PROVINCES_END = (
    "省",
    "自治区",
    "壮族自治区",
    "回族自治区",
    "维吾尔自治区",
    "特别行政区",
)
_MUNICIPALITIES = ("11", "12", "31", "50")
_UNDER_THE_PROVINCE = "Counties and cities directly under it"
_WHOLE = {
    "省直辖县市": _UNDER_THE_PROVINCE,
    "自治区直辖县市": _UNDER_THE_PROVINCE,
    "神农架林区": "Shennongjia forestry district",
}


@lru_cache(maxsize=4096)
def spelled_place(name: str) -> str:
    """柳林村 becomes Liulin village, 湖南省 Hunan; "" where it is no place's name."""
    if known := _provinces().get(name) or _WHOLE.get(name):
        return known
    place = _PLACE.fullmatch(name)
    if place is None:
        return ""
    peoples = " and ".join(_PEOPLES[one] for one in _PEOPLE.findall(place["peoples"]))
    parts = (pinyin(place["name"]), peoples, _KINDS[place["kind"]])
    return " ".join(filter(None, parts))


def reads_english() -> bool:
    """Whether this reader's pages are English."""
    return (get_language() or "").startswith("en")


def place_told(name: str) -> str:
    """柳林村; on English pages Liulin village 柳林村, for who cannot read it."""
    if not name or not reads_english():
        return name
    return f"{spelled_place(name)} {name}".strip()


def region_told(name: str) -> str:
    """A place as it is said in short, as this reader says it: 西藏, Tibet."""
    if not name or not reads_english():
        return name
    return spelled_place(name) or pinyin(name)


def syllables(text: str) -> list[str]:
    """Han characters as pinyin, one each; runs of other signs as they are."""
    # A dictionary that takes half a second: loaded by whoever first spells something.
    from pypinyin import lazy_pinyin  # noqa: PLC0415

    spelled: list[str] = lazy_pinyin(text)
    return spelled


@lru_cache(maxsize=4096)
def pinyin(name: str) -> str:
    """A name in one word: Xi'an, Maojiatan."""
    first, *more = syllables(name)
    # Xi'an is two syllables, xian one.
    rest = "".join(f"'{one}" if one[0] in "aoe" else one for one in more)
    return f"{first}{rest}".capitalize()


@lru_cache(maxsize=1)
def _provinces() -> dict[str, str]:
    """西藏 and 西藏自治区 to Tibet: the catalogue's Chinese is how people say it."""
    with translation.override("zh-hans"):
        spoken = {code: str(name) for code, name in PROVINCES.items()}
    with translation.override("en"):
        english = {code: str(name) for code, name in PROVINCES.items()}
    told = {spoken[code]: name for code, name in english.items()}
    for code, name in english.items():
        # 吉林市 is a city in 吉林省, but 北京市 is the province.
        ends = ("市",) if code in _MUNICIPALITIES else _PROVINCES_END
        told |= {spoken[code] + end: name for end in ends}
    return told
