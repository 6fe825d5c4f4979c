"""Whole public pages, kept for everybody who reads the same language.

A page is kept with the versions that held before anything of it was read, and is
served only while they still hold: a change that commits is on the very next page.
Kept in each process: a copy costs no network, and the versions are the shared truth.
"""

import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import NamedTuple

from django.http import HttpResponse
from django.urls import ResolverMatch
from django.utils.http import parse_etags

from shop.storefront import queries
from shop.storefront.answers import Answer, Headers
from shop.storefront.models import ProductCard
from shop.storefront.readers import Environ

# What no version counts (a month's total of the funds board) is at most this old.
KEEP_SECONDS = 300
MOST_PAGES = 4000
MOST_BYTES = 24 * 1024 * 1024
# Browsers ask each time and mostly hear 304: a sold-out product never looks buyable.
CACHE_CONTROL = "no-cache"
VARY = "Accept-Encoding, Accept-Language, Cookie"
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")
_NOT_KEPT = {"content-length", "content-encoding", "etag", "vary", "cache-control"}


class Versions(NamedTuple):
    """Under which numbers a page was made. product_id 0: a page of many products."""

    market: int
    product_id: int = 0
    product: int = 0

    def hold(self) -> bool:
        """Whether nothing that the page shows has changed. One query."""
        if self.product_id:
            now = queries.versions(self.product_id)
            return now == (self.market, self.product)
        return queries.market_version() == self.market


def keep(
    response: HttpResponse, *, market: int, card: ProductCard | None = None
) -> HttpResponse:
    """Mark a page as everybody's. `market` was read before the page's own reads."""
    response.kept_under = Versions(  # type: ignore[attr-defined]
        market, card.product_id if card else 0, card.version if card else 0
    )
    return response


def is_everybodys(response: HttpResponse) -> bool:
    """Whether a page holds nothing of whoever asked for it.

    A cookie, or having looked at the session, makes a page somebody's own.
    """
    if response.status_code != 200 or response.cookies:
        return False
    return "cookie" not in response.get("Vary", "").lower()


@dataclass(frozen=True)
class KeptPage:
    """A finished page: its bytes, the same compressed, and its headers.

    `match` says whose address it is, for whoever names requests.
    """

    versions: Versions
    kept_at: float
    headers: dict[str, str]
    etag: str
    plain: bytes
    packed: bytes
    match: ResolverMatch | None = None

    @classmethod
    def of(
        cls, response: HttpResponse, match: ResolverMatch | None = None
    ) -> "KeptPage | None":
        """The page in this response, or None where it is not everybody's."""
        versions = getattr(response, "kept_under", None)
        if versions is None or not is_everybodys(response):
            return None
        plain = bytes(response.content)
        return cls(
            versions=versions,
            kept_at=monotonic(),
            headers={
                name: value
                for name, value in response.items()
                if name.lower() not in _NOT_KEPT
            },
            etag=f'W/"{hashlib.sha256(plain).hexdigest()[:32]}"',
            plain=plain,
            packed=gzip.compress(plain, compresslevel=6, mtime=0),
            match=match,
        )

    def is_current(self) -> bool:
        return monotonic() - self.kept_at < KEEP_SECONDS and self.versions.hold()

    def answer(self, environ: Environ) -> Answer:
        """The page as this browser can take it, or that it has it already."""
        asked = environ.get("HTTP_IF_NONE_MATCH", "")
        if asked and self.etag in parse_etags(asked):
            status, body, headers = 304, b"", self._common
        elif _GZIP.search(environ.get("HTTP_ACCEPT_ENCODING", "")):
            status, body, headers = 200, self.packed, self._as_packed
        else:
            status, body, headers = 200, self.plain, self._as_plain
        if environ["REQUEST_METHOD"] == "HEAD":
            body = b""
        return Answer(status, headers, body, self.match)

    @cached_property
    def _common(self) -> Headers:
        own = {"ETag": self.etag, "Vary": VARY, "Cache-Control": CACHE_CONTROL}
        return list((self.headers | own).items())

    @cached_property
    def _as_plain(self) -> Headers:
        return [*self._common, ("Content-Length", str(len(self.plain)))]

    @cached_property
    def _as_packed(self) -> Headers:
        packed = ("Content-Encoding", "gzip")
        return [*self._common, packed, ("Content-Length", str(len(self.packed)))]


class Pages:
    """The pages of one process, least recently asked for thrown out first."""

    def __init__(self, most_pages: int = MOST_PAGES, most_bytes: int = MOST_BYTES):
        self._pages: OrderedDict[Hashable, KeptPage] = OrderedDict()
        self._lock = Lock()
        self._bytes = 0
        self._most_pages, self._most_bytes = most_pages, most_bytes

    def get(self, key: Hashable) -> KeptPage | None:
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: Hashable, page: KeptPage) -> None:
        with self._lock:
            self._drop(key)
            self._pages[key] = page
            self._bytes += len(page.plain) + len(page.packed)
            while len(self._pages) > self._most_pages or (
                self._bytes > self._most_bytes and len(self._pages) > 1
            ):
                self._drop(next(iter(self._pages)))

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()
            self._bytes = 0

    def __len__(self) -> int:
        return len(self._pages)

    def _drop(self, key: Hashable) -> None:
        old = self._pages.pop(key, None)
        if old is not None:
            self._bytes -= len(old.plain) + len(old.packed)
