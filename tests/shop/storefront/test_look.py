"""What a designer would otherwise find too late."""

import hashlib
import re
from pathlib import Path

import pytest

from shop.listings.crops import CATEGORIES, CROPS
from shop.storefront.pictures import PICTURES, STAND_IN, illustration

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "shop" / "storefront" / "static"
TEMPLATES = [
    path
    for folder in (
        ROOT / "templates",
        *ROOT.glob("*/templates"),
        *ROOT.glob("*/*/templates"),
    )
    for path in folder.rglob("*.html")
    if ".venv" not in path.parts
]
# Fluent Emoji's 1f344, a fly agaric.
FLY_AGARIC = "f4cc65be55ff0c5459e58a01e7"


class TestIcons:
    def test_every_icon_a_template_names_is_drawn(self) -> None:
        drawn = set(re.findall(r'<symbol id="([^"]+)"', read(STATIC / "icons.svg")))
        for path in TEMPLATES:
            named = set(re.findall(r'{% icon "([^"]+)"', read(path)))
            assert named <= drawn, path


class TestPictures:
    def test_every_crop_and_category_has_its_own(self) -> None:
        named = {crop.picture for crop in CROPS.values()}
        named |= {picture for _slug, _name, picture in CATEGORIES}
        assert named <= set(PICTURES)

    def test_every_picture_is_there_with_its_tint(self) -> None:
        files = {path.stem for path in (STATIC / "pictures").glob("*.webp")}
        assert files == set(PICTURES)
        tints = set(re.findall(r"\.tint-([a-z]+)", read(STATIC / "market.css")))
        assert set(PICTURES.values()) <= tints

    def test_an_unknown_name_is_a_basket_and_never_other_food(self) -> None:
        assert illustration("dragon").path == f"pictures/{STAND_IN}.webp"

    def test_mushrooms_are_our_own_drawings(self) -> None:
        for name in ("dried-mushroom", "thin-mushroom"):
            assert (STATIC.parent / "drawings" / f"{name}.svg").exists()
        assert not {name for name in PICTURES if name == "mushroom"}
        assert {
            hashlib.sha256(path.read_bytes()).hexdigest()[:26]
            for path in (STATIC / "pictures").glob("*.webp")
        }.isdisjoint({FLY_AGARIC})

    def test_every_drawing_has_its_picture(self) -> None:
        drawings = {path.stem for path in (STATIC.parent / "drawings").glob("*.svg")}
        assert drawings <= set(PICTURES)


class TestStyleSheet:
    def test_imports_only_files_that_are_there(self) -> None:
        for name in re.findall(
            r'@import url\("([^"]+)"\)', read(STATIC / "market.css")
        ):
            assert (STATIC / name).exists(), name

    def test_stays_small(self) -> None:
        assert (STATIC / "market.css").stat().st_size <= 32_000

    def test_asks_no_foreign_host(self) -> None:
        for path in STATIC.rglob("*.css"):
            assert not re.search(r"url\(\s*[\"']?(https?:)?//", read(path)), path


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_carries_no_inline_style_or_script(path: Path) -> None:
    markup = re.sub(r"{% comment %}.*?{% endcomment %}", "", read(path), flags=re.S)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|javascript:", markup)
    assert not re.search(r"<script(?![^>]*\bsrc=)", markup)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
