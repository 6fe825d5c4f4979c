"""Text that people type, made harmless before it is kept.

Oscar's pages and feeds print descriptions unescaped, so nothing but these few tags
may ever reach the database.
"""

import html
import re

import nh3

from partners.cleaning import one_line, paragraphs

_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li"}
_BRACKETS = re.compile("[<>]")


def clean_line(text: str, *, limit: int) -> str:
    """One line of plain text without tags, at most `limit` characters."""
    bare = html.unescape(nh3.clean(text, tags=set()))
    return one_line(_BRACKETS.sub(" ", bare))[:limit].strip()


def clean_story(text: str, *, limit: int = 2000) -> str:
    """Paragraphs and lists; no attributes, links, styles or scripts.

    Plain text keeps its line breaks as paragraphs.
    """
    cut = paragraphs(text)[:limit]
    if cut and "<" not in cut:
        lines = [line.strip() for line in cut.splitlines() if line.strip()]
        cut = "".join(f"<p>{line}</p>" for line in lines)
    return nh3.clean(cut, tags=_TAGS, attributes={})
