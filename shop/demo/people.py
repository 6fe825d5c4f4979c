"""The demo county's people. All invented, all marked 示例, none with a real phone.

Phone numbers begin with 100, which no mobile number in China does. The villages are
real places of Hanshou county; nobody in them is.
"""

from typing import NamedTuple

PASSWORD = "xiangji-demo"  # noqa: S105  printed on the screen, demo only


class Person(NamedTuple):
    """Somebody with a login: what they are, their name and their demo phone."""

    title: str
    name: str
    phone: str


class Grower(NamedTuple):
    """A farmer: what neighbours say, the name, since when they grow, and a story."""

    village: str
    called: str
    name: str
    since: int
    story: str


OPERATOR = Person("县级运营 operator", "周明示例", "10000000001")
SECOND_OPERATOR = Person("复核运营 second operator", "彭华示例", "10000000002")
AUDITOR = Person("监督员 auditor", "田静示例", "10000000003")

# 12-digit codes of real villages, six to the name of the township they lie in.
VILLAGES: dict[str, str] = {
    "永固村": "430722111229",
    "荷花村": "430722111226",
    "毛家冲村": "430722111223",
    "鹿角山村": "430722101203",
    "龙口村": "430722102217",
    "竹山村": "430722103227",
    "柳林村": "430722104204",
    "小港村": "430722105230",
    "盘古村": "430722106210",
    "菱湖村": "430722107217",
    "木兰村": "430722108208",
    "龙津村": "430722109222",
    "王家堤村": "430722112202",
    "杏花村": "430722112216",
    "青峰村": "430722112215",
    "梧桐村": "430722113209",
    "龙潭村": "430722117235",
    "铁甲村": "430722117228",
    "月亮塘村": "430722118251",
    "田庄村": "430722206205",
}

# Assistant and the villages they serve.
ASSISTANTS: tuple[tuple[Person, tuple[str, ...]], ...] = (
    (
        Person("村级联络员 village assistant", "赵敏示例", "10000000011"),
        ("永固村", "荷花村", "毛家冲村"),
    ),
    (
        Person("村级联络员", "陈晓示例", "10000000012"),
        ("鹿角山村", "龙口村", "竹山村", "柳林村"),
    ),
    (
        Person("村级联络员", "胡亮示例", "10000000013"),
        ("小港村", "盘古村", "菱湖村"),
    ),
    (
        Person("村级联络员", "唐丽示例", "10000000014"),
        ("木兰村", "龙津村", "王家堤村"),
    ),
    (
        Person("村级联络员", "曾强示例", "10000000015"),
        ("杏花村", "青峰村", "梧桐村"),
    ),
    (
        Person("村级联络员", "谢芳示例", "10000000016"),
        ("龙潭村", "铁甲村", "月亮塘村", "田庄村"),
    ),
)

# Two growers a village, forty in all.
_CALLED = [
    "王婶",
    "李伯",
    "周叔",
    "吴姐",
    "郑大爷",
    "孙嫂",
    "钱哥",
    "冯姨",
    "陈婶",
    "褚叔",
    "卫伯",
    "蒋姐",
    "沈嫂",
    "韩大爷",
    "杨哥",
    "朱姨",
    "秦婶",
    "尤叔",
    "许伯",
    "何姐",
    "吕嫂",
    "施大爷",
    "张哥",
    "孔姨",
    "曹婶",
    "严叔",
    "华伯",
    "金姐",
    "魏嫂",
    "陶大爷",
    "姜哥",
    "戚姨",
    "谢婶",
    "邹叔",
    "喻伯",
    "柏姐",
    "水嫂",
    "窦大爷",
    "章哥",
    "云姨",
]
_GIVEN = ["秀兰", "建国", "德明", "桂英", "长寿", "玉梅", "志强", "凤仙"]

_STORIES = (
    "田在湖边，早上有雾。果子熟透了才摘，当天送到服务站。（示例）",
    "从父亲手里接过这块地，不用除草剂，草自己锄。（示例）",
    "种得不多，自己吃什么就卖什么。（示例）",
)

GROWERS: tuple[Grower, ...] = tuple(
    Grower(
        village=list(VILLAGES)[index // 2],
        called=called,
        name=f"{called[0]}{_GIVEN[index % len(_GIVEN)]}示例",
        since=2005 + index * 7 % 17,
        story=_STORIES[index % len(_STORIES)],
    )
    for index, called in enumerate(_CALLED)
)


class Shop(NamedTuple):
    """A partner supermarket with its manager and what its agreement says."""

    name: str
    uscc: str
    village: str
    manager: Person
    rate_bp: int
    cap_fen: int
    margin_bp: int


SUPERMARKETS: tuple[Shop, ...] = (
    Shop(
        "永固爱心超市(示例)",
        "91430722MADEM00018",
        "永固村",
        Person("爱心超市 supermarket manager", "刘洋示例", "10000000021"),
        3000,
        1_500_000,
        1000,
    ),
    Shop(
        "龙口爱心超市(示例)",
        "91430722MADEM0002B",
        "龙口村",
        Person("爱心超市", "黄勇示例", "10000000022"),
        2500,
        1_200_000,
        1000,
    ),
    Shop(
        "军山铺爱心超市(示例)",
        "91430722MADEM0003E",
        "杏花村",
        Person("爱心超市", "罗娟示例", "10000000023"),
        2000,
        1_000_000,
        800,
    ),
    Shop(
        "月亮塘爱心超市(示例)",
        "91430722MADEM0004H",
        "月亮塘村",
        Person("爱心超市", "宋涛示例", "10000000024"),
        3000,
        1_000_000,
        1200,
    ),
)

# Households paired with each supermarket, with their weights; 25 in all.
_FAMILY = "张黄彭田肖邓曾龚舒向覃瞿庹郭廖石戴丁贺葛谭颜文阳易"
HOUSEHOLDS: tuple[tuple[int, str, str, int], ...] = tuple(
    (
        index % len(SUPERMARKETS),
        f"{family}家示例",
        list(VILLAGES)[(index * 3) % len(VILLAGES)],
        1 + index % 3,
    )
    for index, family in enumerate(_FAMILY)
)


def grower_phone(index: int) -> str:
    """The demo phone of the grower with this place in GROWERS."""
    return f"100001{index:05d}"


def household_phone(index: int) -> str:
    """The demo phone of the contact of a household."""
    return f"100002{index:05d}"


def buyer_phone(index: int) -> str:
    """The demo phone of an invented buyer."""
    return f"100003{index:05d}"


# The first grower has an account; the others say yes by the link in their texts.
FARMER = Person("农户 farmer", GROWERS[0].name, grower_phone(0))


def logins() -> list[tuple[str, str, str]]:
    """Title, phone and first page of the people worth logging in as."""
    return [
        (ASSISTANTS[0][0].title, ASSISTANTS[0][0].phone, "/assistant/"),
        (FARMER.title, FARMER.phone, "/farmer/"),
        (SUPERMARKETS[0].manager.title, SUPERMARKETS[0].manager.phone, "/supermarket/"),
        (OPERATOR.title, OPERATOR.phone, "/backoffice/"),
        (SECOND_OPERATOR.title, SECOND_OPERATOR.phone, "/backoffice/"),
        (AUDITOR.title, AUDITOR.phone, "/backoffice/"),
    ]
