"""Scan pages without the words that differ from label to label.

A page is rendered with marks where those words go, so that the labels of a batch share
it for as long as the batch's facts hold.
"""

import re
from collections.abc import Hashable
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from django.utils import timezone, translation
from django.utils.html import conditional_escape

from partners.templatetags.market import spoken
from traceability import codes, words
from traceability.queries import State, Verdict

# Of Unicode's private use: no keyboard makes them.
_HOLE = "\ue000{}\ue001"
_HOLES = re.compile("\ue000(code|typed|line|more|packed)\ue001")


class Words(NamedTuple):
    """What a page tells of one label alone, in the reader's language, as UTF-8."""

    code: bytes
    typed: bytes
    line: bytes
    more: bytes
    packed: bytes


class Skeleton(NamedTuple):
    """A page in pieces: bytes of its own, and between them fields of `Words`."""

    own: tuple[bytes, ...]
    words: tuple[int, ...]

    @classmethod
    def of(cls, page: str, verdict: Verdict) -> "Skeleton":
        """From a page that was rendered for this verdict with `holes`."""
        page = page.replace(verdict.code, _HOLE.format("code"))
        page = page.replace(codes.grouped(verdict.code), _HOLE.format("typed"))
        pieces = _HOLES.split(page)
        own = tuple(piece.encode() for piece in pieces[::2])
        return cls(own, tuple(map(Words._fields.index, pieces[1::2])))

    def filled(self, verdict: Verdict, *, language: str, today: date) -> bytes:
        """The page for a label of which the same things are told."""
        words = words_of(verdict, language=language, today=today)
        page = [self.own[0]]
        for word, own in zip(self.words, self.own[1:], strict=True):
            page += words[word], own
        return b"".join(page)


def holes(verdict: Verdict) -> dict[str, object]:
    """The template's words of one label, each as the mark that is filled later.

    The code stands in addresses, which a mark would not survive: `of` finds it.
    """
    strip = words.strip(verdict)
    return {
        "strip": words.Strip(
            strip.tone,
            strip.icon,
            strip.word,
            _HOLE.format("line") if strip.line else "",
            _HOLE.format("more") if strip.more else "",
        ),
        "packed": _HOLE.format("packed"),
    }


def key_of(verdict: Verdict) -> Hashable:
    """What the pages of a batch differ by, but for their words and their reader."""
    return (
        verdict.state,
        verdict.ordinal is None,
        bool(verdict.reason),
        verdict.opened_at is None,
        # The way here ends with it.
        _day_of(_packed_at(verdict)),
    )


def _packed_at(verdict: Verdict) -> datetime | None:
    return verdict.seen.activated_at if verdict.seen else None


@lru_cache(maxsize=1024)
def _day_of(moment: datetime | None) -> date | None:
    return timezone.localdate(moment) if moment else None


def words_of(verdict: Verdict, *, language: str, today: date) -> Words:
    return Words(
        verdict.code.encode(),
        codes.grouped(verdict.code).encode(),
        *_told(
            verdict.state,
            verdict.ordinal,
            verdict.count,
            verdict.first_at,
            verdict.reason,
            verdict.opened_at,
            verdict.suspicion,
            _packed_at(verdict),
            language,
            today,
        ),
    )


@lru_cache(maxsize=4096)
def _told(
    state: str,
    ordinal: int | None,
    count: int,
    first_at: datetime | None,
    reason: str,
    opened_at: datetime | None,
    suspicion: str,
    packed_at: datetime | None,
    language: str,
    _today: date,
) -> tuple[bytes, bytes, bytes]:
    """Dates in words cost more than all the rest; a hot label's stay the same."""
    verdict = Verdict(
        State(state),
        ordinal=ordinal,
        count=count,
        first_at=first_at,
        opened_at=opened_at,
        suspicion=suspicion,
        reason=reason,
    )
    with translation.override(language):
        strip = words.strip(verdict)
        told = (strip.line, strip.more, spoken(packed_at))
        line, more, packed = (str(conditional_escape(word)).encode() for word in told)
    return line, more, packed
