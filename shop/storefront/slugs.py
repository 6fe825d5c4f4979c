"""Addresses that can be read aloud: 冰糖橙 becomes bing-tang-cheng."""

from django.utils.text import slugify


def pinyin_slug(text: str, allow_unicode: bool = False) -> str:
    """A lower-case ASCII slug; Han characters as pinyin. Never empty."""
    # A dictionary that takes half a second: loaded by whoever first names something.
    from pypinyin import lazy_pinyin  # noqa: PLC0415

    del allow_unicode  # Oscar passes it; our slugs are always ASCII.
    return slugify(" ".join(lazy_pinyin(text))) or "item"
