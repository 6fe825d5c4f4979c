"""What crops are called in English, for readers and searchers who know no Chinese.

One row a crop of `crops.CROPS`: name | English. A crop without a row shows none.
"""

_TABLE = """
冰糖橙|rock-sugar orange
脐橙|navel orange
血橙|blood orange
蜜橘|tangerine
椪柑|ponkan mandarin
沃柑|orah mandarin
砂糖橘|sugar mandarin
柚子|pomelo
金桔|kumquat
柠檬|lemon
黄桃|yellow peach
水蜜桃|honey peach
油桃|nectarine
猕猴桃|kiwi fruit
葡萄|grape
刺葡萄|spine grape
杨梅|bayberry
樱桃|cherry
草莓|strawberry
蓝莓|blueberry
枇杷|loquat
李子|plum
梨|pear
柿子|persimmon
脆枣|crisp jujube
石榴|pomegranate
西瓜|watermelon
甜瓜|melon
火龙果|dragon fruit
甘蔗|sugar cane
桑葚|mulberry
辣椒|chilli pepper
茄子|aubergine, eggplant
西红柿|tomato
黄瓜|cucumber
丝瓜|loofah
苦瓜|bitter melon
冬瓜|winter melon
南瓜|pumpkin
红薯|sweet potato
土豆|potato
芋头|taro
山药|Chinese yam
莲藕|lotus root
藕尖|lotus root shoot
莲蓬|lotus pod
白萝卜|white radish
胡萝卜|carrot
大白菜|Chinese cabbage
小白菜|bok choy
红菜薹|purple choy sum
菠菜|spinach
空心菜|water spinach
芹菜|celery
藜蒿|wild artemisia
西兰花|broccoli
玉米|corn, maize
毛豆|green soybean, edamame
豆角|long bean
蚕豆|broad bean
大蒜|garlic
生姜|ginger
冬笋|winter bamboo shoot
春笋|spring bamboo shoot
藠头|Chinese onion
茭白|wild rice stem
菱角|water caltrop
鲜香菇|fresh shiitake mushroom
土鸡蛋|free-range egg
鸭蛋|duck egg
鹅蛋|goose egg
咸鸭蛋|salted duck egg
皮蛋|century egg
土鸡|free-range chicken
乌鸡|silkie chicken
土鸭|free-range duck
土鹅|free-range goose
甲鱼|softshell turtle
小龙虾|crayfish
大闸蟹|mitten crab
草鱼|grass carp
鳙鱼|bighead carp
鲫鱼|crucian carp
黄鳝|rice-field eel
泥鳅|loach
鳜鱼|mandarin fish
河虾|river shrimp
珍珠|freshwater pearl
鱼干|dried fish
大米|rice
糯米|glutinous rice
黑米|black rice
小米|millet
黄豆|soybean
绿豆|mung bean
黑豆|black bean
红豆|red bean
芝麻|sesame
花生|peanut
荞麦|buckwheat
菜籽油|rapeseed oil
米粉|rice noodle
红薯粉|sweet potato noodle
糍粑|rice cake
蜂蜜|honey
绿茶|green tea
红茶|black tea
黑茶|dark tea
擂茶|pounded tea
菊花茶|chrysanthemum tea
米酒|rice wine
葛根粉|kudzu powder
桂花|osmanthus blossom
板栗|chestnut
核桃|walnut
香菇|dried shiitake mushroom
木耳|wood-ear mushroom
茶树菇|tea-tree mushroom
笋干|dried bamboo shoot
莲子|lotus seed
百合|lily bulb
干辣椒|dried chilli
萝卜干|dried radish
梅干菜|preserved greens
红薯干|dried sweet potato
豆腐乳|fermented tofu
霉豆渣|fermented soybean
茶油|camellia oil
红枣|dried jujube
腊肉|cured pork, smoked bacon
香肠|sausage
腊鱼|cured fish
腊鸭|cured duck
腊鸡|cured chicken
土猪肉|free-range pork
牛肉|beef
牛肉干|beef jerky
羊肉|mutton, goat meat
猪油|lard
桂花苗|osmanthus sapling
红叶石楠|red-tip photinia
樟树苗|camphor sapling
茶花苗|camellia sapling
栀子花苗|gardenia sapling
罗汉松|yew plum pine
紫薇苗|crape myrtle sapling
杜鹃|azalea
兰花|orchid
橘苗|citrus sapling
黄桃苗|yellow peach sapling
辣椒苗|chilli seedling
荷花苗|lotus rhizome
"""
ENGLISH: dict[str, str] = dict(row.split("|") for row in _TABLE.strip().splitlines())
KINDS: dict[str, str] = {
    "shui-guo": "fruit",
    "shu-cai": "vegetable",
    "qin-dan": "poultry, egg",
    "shui-chan": "fish",
    "mi-mian-za-liang": "grain",
    "feng-mi-cha-yin": "",
    "gan-huo-shan-huo": "dried goods",
    "rou-lei-la-wei": "meat",
    "hua-mu-miao-mu": "tree, flower, plant",
}
"""What is looked for by a category's name; as in Chinese, nobody's honey is tea."""


def english(crop: str) -> str:
    """The crop's first English name; "" where none is known."""
    return ENGLISH.get(crop, "").split(", ")[0]
