"""Addresses that can be read aloud: 冰糖橙 becomes bing-tang-cheng."""

from django.utils.text import slugify

from partners.spelling import syllables


def pinyin_slug(text: str, allow_unicode: bool = False) -> str:
    """A lower-case ASCII slug; Han characters as pinyin. Never empty."""
    del allow_unicode  # Oscar passes it; our slugs are always ASCII.
    return slugify(" ".join(syllables(text))) or "item"
