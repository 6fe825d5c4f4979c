"""What the demo county's growers sell: one row an offer, as it would be said.

Columns: grower | crop | title | pack | price in yuan | packs | days since harvest.
A pack is grams ("2500g"), pieces ("30枚") or both ("1500g/1只"). A crop out of season
on the day the demo is made is offered for the first days of its next season.
"""

from typing import NamedTuple


class Offer(NamedTuple):
    """One offer of one grower. Grams, pieces, fen, packs."""

    called: str
    crop: str
    title: str
    pack_g: int | None
    pieces: int | None
    piece_unit: str
    price_fen: int
    packs: int
    harvested_days_ago: int


_TABLE = """
王婶|冰糖橙|冰糖橙 小果|1500g|15.8|240|3
王婶|冰糖橙|冰糖橙 大箱|5000g|52|120|3
李伯|脐橙|纽荷尔脐橙|2500g|36|160|4
周叔|莲藕|玉臂藕|2500g|34|200|2
吴姐|莲子|湘莲 去芯|500g|42|150|60
郑大爷|红薯|高山蜜薯|2500g|19.9|300|12
孙嫂|红薯干|红薯干 不加糖|500g|26|180|20
钱哥|土鸡蛋|散养土鸡蛋|30枚|36|160|1
冯姨|腊肉|柴火腊肉|1000g|78|90|30
陈婶|鳙鱼|洞庭湖鳙鱼|2000g|58|60|1
褚叔|鱼干|火焙刁子鱼|500g|45|120|15
卫伯|冬笋|现挖冬笋|1500g|48|80|1
蒋姐|笋干|烟笋干|500g|56|100|120
沈嫂|蜜橘|蜜橘|2500g|25|260|2
韩大爷|椪柑|椪柑|2500g|22|260|3
杨哥|草鱼|生态草鱼|2000g|42|70|1
朱姨|咸鸭蛋|洞庭咸鸭蛋|20枚|32|200|14
秦婶|大米|稻虾香米|5000g|75|180|40
尤叔|糯米|圆糯米|2500g|32|160|40
许伯|甲鱼|汉寿甲鱼|750g/1只|128|60|1
何姐|珍珠|淡水珍珠 单颗|1个|39|120|90
吕嫂|茶油|冷榨山茶油|500g|68|140|20
施大爷|板栗|油板栗|1500g|32|160|25
张哥|蜂蜜|百花蜂蜜|500g|58|150|50
孔姨|黄桃|黄桃果脯|500g|29.8|200|110
曹婶|红菜薹|红菜薹|1500g|21|150|1
严叔|白萝卜|霜后白萝卜|3000g|16.8|200|1
华伯|香菇|干香菇 厚菇|250g|42|180|30
金姐|木耳|黑木耳|250g|36|160|40
魏嫂|柚子|红心蜜柚|2500g/2个|29|140|6
陶大爷|猕猴桃|红心猕猴桃|2000g|39|120|8
姜哥|土鸡|散养土鸡|1750g/1只|98|80|1
戚姨|皮蛋|松花皮蛋|20枚|30|200|20
谢婶|花生|带壳花生|2500g|33|160|50
邹叔|菜籽油|压榨菜籽油|2500g|58|140|70
喻伯|桂花苗|金桂苗 60厘米|1株|12|300|2
柏姐|茶花苗|山茶花苗|1株|18|240|2
水嫂|干辣椒|剁辣椒|750g|22|200|45
窦大爷|牛肉|现宰黄牛肉|1000g|88|50|0
章哥|擂茶|擂茶粉|500g|35|150|20
云姨|糍粑|手打糍粑|1500g|28|150|3
李伯|砂糖橘|砂糖橘|2500g|32|180|3
周叔|香肠|土猪香肠|1000g|72|100|15
吴姐|百合|龙牙百合干|250g|46|120|60
郑大爷|山药|铁棍山药|2000g|36|120|5
孙嫂|萝卜干|酱香萝卜干|500g|18|220|20
钱哥|乌鸡|散养乌鸡|1250g/1只|86|60|1
冯姨|腊鱼|腊草鱼|1000g|66|80|20
卫伯|绿茶|高山绿茶|250g|88|90|200
蒋姐|葛根粉|葛根粉|500g|39|140|15
沈嫂|米粉|常德米粉|2500g|26|260|10
韩大爷|红薯粉|红薯粉条|1500g|30|160|15
秦婶|黑米|黑米|2500g|38|120|40
尤叔|豆腐乳|霉豆腐|500g|20|200|10
吕嫂|核桃|核桃|1500g|48|100|50
施大爷|梅干菜|梅干菜|500g|19|200|40
戚姨|黄桃|锦绣黄桃 树上熟|3000g|68|200|0
曹婶|大白菜|黄心大白菜|4000g|18|180|1
严叔|芋头|香芋|2500g|29|140|8
华伯|茶树菇|茶树菇干|250g|38|140|30
金姐|绿豆|绿豆|2500g|32|140|80
魏嫂|桂花|干桂花|100g|26|150|40
姜哥|土鸭|水鸭|1500g/1只|76|70|1
谢婶|黄豆|黄豆|2500g|27|160|50
云姨|米酒|糯米甜酒|1000g|24|160|5
章哥|菊花茶|杭白菊|100g|28|160|12
"""


def _offer(row: str) -> Offer:
    called, crop, title, pack, price, packs, days = row.split("|")
    weight, _, count = pack.partition("/")
    if not weight.endswith("g"):
        weight, count = "", weight
    digits = "".join(sign for sign in count if sign.isdigit())
    return Offer(
        called=called,
        crop=crop,
        title=title,
        pack_g=int(weight[:-1]) if weight else None,
        pieces=int(digits) if digits else None,
        piece_unit=count[len(digits) :],
        price_fen=round(float(price) * 100),
        packs=int(packs),
        harvested_days_ago=int(days),
    )


OFFERS: tuple[Offer, ...] = tuple(_offer(row) for row in _TABLE.strip().splitlines())
