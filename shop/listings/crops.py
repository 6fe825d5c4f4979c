"""What grows, swims and is made in a Hunan county, and how it is sold.

One row a crop. Seasons are the usual months of picking in northern Hunan (1 to 12;
empty: all year). `fresh` produce has no seven-day return, where the buyer agreed
(网络购买商品七日无理由退货暂行办法 §6, perishable goods); `perishable` must
leave within days of picking.
"""

from functools import lru_cache
from typing import NamedTuple

CATEGORIES: tuple[tuple[str, str, str], ...] = (
    ("shui-guo", "水果", "tangerine"),
    ("shu-cai", "蔬菜", "leafy-green"),
    ("qin-dan", "禽蛋", "egg"),
    ("shui-chan", "水产", "fish"),
    ("mi-mian-za-liang", "米面杂粮", "rice-ears"),
    ("feng-mi-cha-yin", "蜂蜜茶饮", "honey-pot"),
    ("gan-huo-shan-huo", "干货山货", "chestnut"),
    ("rou-lei-la-wei", "肉类腊味", "cured-meat"),
    ("hua-mu-miao-mu", "花木苗木", "seedling"),
)
"""Slug, name, picture of the category, in the order of the shop's menu."""


# What one weighs in a parcel, roughly, packing included; freight is quoted by it.
_PIECE_G = {"枚": 65, "只": 1800, "个": 800, "株": 600, "瓶": 700}
_PIECE_G_OF = {
    "甲鱼": 1200,
    "大闸蟹": 200,
    "珍珠": 10,
    "鹅蛋": 220,
    "土鹅": 4000,
    "腊鸭": 1000,
    "腊鸡": 1200,
    "柚子": 1300,
    "莲蓬": 80,
    "桂花苗": 150,
    "橘苗": 300,
    "黄桃苗": 300,
    "辣椒苗": 20,
    "红叶石楠": 150,
}


def piece_g(crop: str, unit: str) -> int:
    """About how many grams one piece of a crop adds to a parcel."""
    return _PIECE_G_OF.get(crop) or _PIECE_G.get(unit, 500)


class Crop(NamedTuple):
    """One crop: its name, what else people call it, and how it is usually sold."""

    name: str
    aliases: tuple[str, ...]
    category: str
    unit: str
    season: tuple[int, ...]
    picture: str
    fresh: bool
    perishable: bool

    @property
    def counted(self) -> bool:
        """Whether it is usually sold by the piece."""
        return self.unit != "斤"


# name | aliases | unit | season | picture | flags: f fresh, p perishable
_TABLE = {
    "shui-guo": """
冰糖橙|麻阳冰糖橙 冰糖柑|斤|10-12|tangerine|f
脐橙|橙子 甜橙|斤|11-1|tangerine|f
血橙||斤|12-2|tangerine|f
蜜橘|柑橘 橘子 桔子 蜜桔 南橘|斤|9-12|tangerine|f
椪柑|芦柑|斤|11-1|tangerine|f
沃柑||斤|1-4|tangerine|f
砂糖橘|沙糖桔 砂糖桔 沙糖橘|斤|11-1|tangerine|f
柚子|沙田柚 蜜柚 红心柚|个|10-12|pomelo|f
金桔|金橘|斤|11-1|tangerine|f
柠檬||斤|8-11|lemon|f
黄桃|炎陵黄桃 锦绣黄桃|斤|7-8|peach|fp
水蜜桃|桃子 蜜桃 脆桃|斤|6-8|peach|fp
油桃||斤|5-7|peach|fp
猕猴桃|奇异果 红心猕猴桃|斤|9-11|kiwi|f
葡萄|巨峰葡萄 阳光玫瑰 夏黑|斤|7-9|grapes|fp
刺葡萄||斤|8-9|grapes|fp
杨梅||斤|6-6|bayberry|fp
樱桃||斤|4-5|cherries|fp
草莓||斤|12-4|strawberry|fp
蓝莓||斤|5-7|blueberries|fp
枇杷||斤|5-6|loquat|fp
李子|奈李 脆红李|斤|6-8|plum|fp
梨|黄花梨 翠冠梨 梨子 酥梨|斤|7-9|pear-brown|f
柿子||斤|9-11|persimmon|f
脆枣|冬枣 鲜枣|斤|8-9|winter-jujube|f
石榴||斤|9-10|pomegranate|f
西瓜|麒麟瓜|斤|6-9|watermelon|f
甜瓜|香瓜 羊角蜜|斤|6-8|melon|fp
火龙果||斤|7-11|dragon-fruit|f
甘蔗|果蔗 黑皮甘蔗|斤|10-2|sugar-cane|f
桑葚||斤|4-5|mulberry|fp
""",
    "shu-cai": """
辣椒|青椒 红椒 樟树港辣椒 螺丝椒|斤|5-10|hot-pepper|fp
茄子||斤|6-10|eggplant|fp
西红柿|番茄|斤|5-9|tomato|fp
黄瓜||斤|5-9|cucumber|fp
丝瓜||斤|6-9|loofah|fp
苦瓜||斤|6-9|bitter-melon|fp
冬瓜||斤|7-10|winter-melon|f
南瓜|老南瓜|斤|7-11|pumpkin|f
红薯|蜜薯 地瓜 番薯 高山红薯|斤|9-12|sweet-potato|f
土豆|马铃薯 洋芋|斤|4-6|potato|f
芋头|香芋 芋艿|斤|9-12|taro|f
山药|铁棍山药|斤|10-12|yam|f
莲藕|藕 湖藕 汉寿玉臂藕 玉臂藕|斤|8-3|lotus-root|f
藕尖|藕带 藕肠|斤|5-9|lotus-root|fp
莲蓬||个|6-9|lotus-seeds|fp
白萝卜|萝卜|斤|10-3|radish|f
胡萝卜|红萝卜|斤|11-3|carrot|f
大白菜|白菜 黄心白|斤|10-2|leafy-green|fp
小白菜|上海青 青菜|斤||leafy-green|fp
红菜薹|菜薹 红菜苔 菜苔 白菜薹|斤|11-3|red-greens|fp
菠菜||斤|10-4|leafy-green|fp
空心菜|蕹菜|斤|5-10|leafy-green|fp
芹菜|香芹|斤|10-4|leafy-green|fp
藜蒿|芦蒿|斤|1-4|leafy-green|fp
西兰花||斤|11-3|broccoli|fp
玉米|甜玉米 糯玉米 苞谷|斤|6-9|corn|fp
毛豆||斤|6-9|pea-pod|fp
豆角|豇豆 四季豆|斤|5-9|cowpea|fp
蚕豆||斤|4-5|pea-pod|fp
大蒜|蒜头 独蒜|斤|4-6|garlic|f
生姜|姜 小黄姜|斤|9-12|ginger|f
冬笋||斤|11-2|bamboo-shoot|fp
春笋|竹笋 鲜笋|斤|3-5|bamboo-shoot|fp
藠头|荞头|斤|6-8|onion|f
茭白|高笋|斤|9-11|wild-rice-stem|fp
菱角||斤|8-10|water-caltrop|fp
鲜香菇|平菇 蘑菇|斤|10-4|dried-mushroom|fp
""",
    "qin-dan": """
土鸡蛋|鸡蛋 散养土鸡蛋 柴鸡蛋 草鸡蛋|枚||egg|f
鸭蛋|土鸭蛋|枚||egg|f
鹅蛋||枚|2-6|egg|f
咸鸭蛋|盐蛋 咸蛋|枚||salted-egg|
皮蛋|松花蛋 松花皮蛋|枚||century-egg|
土鸡|老母鸡 散养土鸡 走地鸡 三黄鸡|只||chicken|fp
乌鸡||只||chicken|fp
土鸭|水鸭 老鸭 麻鸭|只||duck|fp
土鹅|鹅 大白鹅|只|9-1|goose|fp
""",
    "shui-chan": """
甲鱼|汉寿甲鱼 中华鳖 生态甲鱼|只||softshell-turtle|fp
小龙虾|龙虾|斤|4-8|crayfish|fp
大闸蟹|河蟹 螃蟹|只|9-11|crab|fp
草鱼||斤||carp|fp
鳙鱼|雄鱼 胖头鱼|斤||carp|fp
鲫鱼||斤||carp|fp
黄鳝|鳝鱼|斤|5-9|eel|fp
泥鳅||斤|5-10|eel|fp
鳜鱼|桂鱼|斤||carp|fp
河虾|青虾|斤|4-10|shrimp|fp
珍珠|淡水珍珠|个||pearl-oyster|
鱼干|小鱼干 火焙鱼 刁子鱼|斤||cured-fish|
""",
    "mi-mian-za-liang": """
大米|生态香米 香米 新米 稻虾米 晚稻米|斤|9-11|rice|
糯米||斤|9-11|rice|
黑米||斤|9-11|black-rice|
小米||斤|9-10|millet|
黄豆|大豆|斤|9-10|soybean|
绿豆||斤|7-9|mung-bean|
黑豆||斤|9-10|black-beans|
红豆|赤小豆|斤|9-10|red-beans|
芝麻|黑芝麻|斤|8-9|sesame|
花生|落花生 带壳花生|斤|8-10|peanuts|
荞麦||斤|10-11|buckwheat|
菜籽油|菜油 压榨菜籽油|斤|5-12|rapeseed-oil|
米粉|干米粉 常德米粉|斤||noodles|
红薯粉|红薯粉条 苕粉|斤|11-3|sweet-potato-noodles|
糍粑|年糕|斤|11-2|rice-cake|
""",
    "feng-mi-cha-yin": """
蜂蜜|土蜂蜜 百花蜜 百花蜂蜜 油菜蜜 野蜂蜜|斤|4-10|honey-pot|
绿茶|茶叶 毛尖 明前茶 雨前茶|斤|3-5|tea|
红茶||斤|4-6|tea-tin|
黑茶||斤||tea-tin|
擂茶|擂茶粉|斤||tea-tin|
菊花茶|菊花 胎菊|斤|10-11|chrysanthemum|
米酒|甜酒 谷酒|斤||rice-wine|
葛根粉|葛粉|斤|11-2|pouch|
桂花|干桂花|斤|9-10|osmanthus|
""",
    "gan-huo-shan-huo": """
板栗|栗子 油栗 油板栗|斤|9-11|chestnut|f
核桃||斤|9-10|walnut|
香菇|干香菇 花菇|斤|10-4|dried-mushroom|
木耳|黑木耳 干木耳|斤|10-4|wood-ear|
茶树菇|干茶树菇|斤||thin-mushroom|
笋干|干笋 烟笋|斤|4-6|bamboo-shoot|
莲子|湘莲 白莲 干莲子|斤|7-10|lotus-seeds|
百合|龙牙百合 干百合|斤|8-10|lily-bulb|
干辣椒|剁辣椒 剁椒 白辣椒 辣椒粉|斤|8-11|chopped-chilli|
萝卜干|干萝卜|斤|11-3|dried-radish|
梅干菜|梅菜 干豆角|斤|4-10|preserved-greens|
红薯干|地瓜干 薯干|斤|11-2|sweet-potato|
豆腐乳|霉豆腐 腐乳|瓶|11-2|clay-jar|
霉豆渣|酱豆 豆豉|斤||clay-jar|
茶油|山茶油 茶籽油|斤|11-2|camellia-oil|
红枣|干枣|斤|9-11|jujube|
""",
    "rou-lei-la-wei": """
腊肉|烟熏腊肉 土猪腊肉 柴火腊肉|斤|11-3|cured-meat|
香肠|腊肠 土猪香肠|斤|11-2|sausage|
腊鱼||斤|11-2|cured-fish|
腊鸭|板鸭 酱板鸭|只|11-2|cured-duck|
腊鸡|风干鸡|只|11-2|cured-duck|
土猪肉|猪肉 黑猪肉|斤||meat|fp
牛肉|黄牛肉|斤||meat|fp
牛肉干|牛肉条|斤||meat|
羊肉|黑山羊|斤|10-2|meat|fp
猪油||斤||clay-jar|
""",
    "hua-mu-miao-mu": """
桂花苗|桂花树苗 桂花树 金桂苗 丹桂苗|株|11-3|osmanthus-seedling|
红叶石楠|石楠苗|株|11-3|seedling|
樟树苗|香樟苗 香樟|株|11-3|deciduous-tree|
茶花苗|茶花 山茶花|株|10-3|hibiscus|
栀子花苗|栀子花 栀子苗|株|3-6|blossom|
罗汉松|罗汉松苗|株|11-3|evergreen-tree|
紫薇苗|紫薇|株|11-3|seedling|
杜鹃|映山红 杜鹃花苗|株|3-5|hibiscus|
兰花|春兰 建兰|株|2-5|potted-plant|
橘苗|橙子苗 柑橘苗 冰糖橙苗|株|11-3|seedling|
黄桃苗|桃树苗 桃苗|株|11-3|seedling|
辣椒苗|菜苗 茄子苗|株|3-5|seedling|
荷花苗|藕种 种藕|株|3-4|lotus|
""",
}


def _months(text: str) -> tuple[int, ...]:
    """ "11-2" -> (11, 12, 1, 2); empty text: all year."""
    if not text:
        return tuple(range(1, 13))
    first, last = (int(part) for part in text.split("-"))
    span = (last - first) % 12 + 1
    return tuple((first - 1 + step) % 12 + 1 for step in range(span))


def _read(category: str, row: str) -> Crop:
    name, aliases, unit, season, picture, flags = row.split("|")
    return Crop(
        name=name,
        aliases=tuple(aliases.split()),
        category=category,
        unit=unit,
        season=_months(season),
        picture=picture,
        fresh="f" in flags,
        perishable="p" in flags,
    )


CROPS: dict[str, Crop] = {
    crop.name: crop
    for category, rows in _TABLE.items()
    for crop in (_read(category, row) for row in rows.strip().splitlines())
}
"""Every crop by its name, in the order of the table."""


@lru_cache(maxsize=1)
def names() -> dict[str, Crop]:
    """Every name and alias with its crop, the longest first.

    A crop's own name wins over another crop's alias of the same letters.
    """
    found = {alias: crop for crop in CROPS.values() for alias in crop.aliases}
    found |= {crop.name: crop for crop in CROPS.values()}
    return dict(sorted(found.items(), key=lambda item: (-len(item[0]), item[0])))


def find(text: str) -> Crop | None:
    """The crop of exactly this name or alias."""
    return names().get(text.strip())


def ripe_in(month: int) -> list[Crop]:
    """Crops with a season that are picked in `month`, 1 to 12."""
    return [
        crop
        for crop in CROPS.values()
        if month in crop.season and len(crop.season) < 12
    ]
