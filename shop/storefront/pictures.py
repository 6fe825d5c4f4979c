"""The market's illustrations, and the soft tint that each of them stands on.

A picture is known by its file's name without ending: "lotus-root" is
`static/pictures/lotus-root.webp`. Where they come from: README.md beside them.
"""

from typing import NamedTuple

_BY_TINT = {
    "apricot": """
        carrot cured-duck fallen-leaves persimmon pumpkin tangerine
    """,
    "chestnut": """
        chestnut clay-jar dried-mushroom onion ox package potato rice-wine taro
        thin-mushroom wood
    """,
    "cream": """
        bamboo-basket basket chicken cooked-rice cookie cured-fish dried-radish
        dried-tofu dumpling egg ginger noodles peanuts pear-brown rooster walnut
        water-chestnut yam
    """,
    "honey": """
        camellia-oil chick corn handshake honey-pot honeybee lemon loquat millet
        moon-cake osmanthus rapeseed-oil sun sunflower
    """,
    "mist": """
        buckwheat calendar carp cloud delivery-truck dew fish goose magnifier
        milk mountain pearl-oyster rain-cloud salt salted-egg snowflake soap
        softshell-turtle toothbrush
    """,
    "moss": """
        bamboo bamboo-shoot bell-pepper bitter-melon broccoli cowpea cucumber
        deciduous-tree house-with-garden juice-box kiwi leafy-green loofah
        lotus-seeds melon mung-bean pea-pod pear seedling tractor winter-jujube
        woman-farmer
    """,
    "peach": """
        crab crayfish lotus-root peach shrimp sweet-potato
    """,
    "plum": """
        black-rice blueberries daisy eggplant grapes hyacinth mulberry plum
        red-greens socks sugar-cane
    """,
    "rose": """
        apple bayberry beans blossom cherries chopped-chilli cured-meat
        dragon-fruit gift hibiscus hot-pepper jujube lantern lotion lotus
        maple-leaf meat noodle-bowl pig pomegranate red-beans sausage strawberry
        teapot tomato water-caltrop watermelon yarn
    """,
    "sage": """
        duck evergreen-tree herb houses leaves lily-bulb potted-plant pouch
        radish rice-cake tea tea-tin teacup tofu wild-rice-stem winter-melon
    """,
    "stone": """
        black-beans century-egg chopsticks garlic goat preserved-greens receipt
        sesame sweet-potato-noodles tissue-roll water-buffalo wood-ear
    """,
    "straw": """
        broom chrysanthemum eel man-farmer osmanthus-seedling pickles pomelo
        rice rice-ears sheaf-of-rice soybean
    """,
}

PICTURES: dict[str, str] = {
    name: tint for tint, names in _BY_TINT.items() for name in names.split()
}
"""Name of the picture to the name of its tint (`tint-…` in market.css)."""

STAND_IN = "bamboo-basket"


class Illustration(NamedTuple):
    """Where a picture's file is under static/, and its tint."""

    path: str
    tint: str


def illustration(name: str) -> Illustration:
    """The picture of this name; a basket where there is none. Never wrong food."""
    known = name if name in PICTURES else STAND_IN
    return Illustration(path=f"pictures/{known}.webp", tint=PICTURES[known])
