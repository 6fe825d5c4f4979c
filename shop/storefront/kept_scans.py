"""Scan pages from what is kept of their batch.

The verdict is made anew for everybody, by one query; only the page around it is kept.
"""

import re
from collections.abc import Hashable
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from shop.storefront.answers import Answer, Headers
from shop.storefront.kept import is_everybodys
from shop.storefront.readers import Environ, Reader, reader_of
from traceability.queries import Verdict
from traceability.views import scans, skeletons

# As labels have it. However else it is typed, it goes the long way.
_LABEL = re.compile(r"/T/([0-9A-HJKMNP-TV-Z]{20})")


class KeptScan(NamedTuple):
    """A page of a batch: its pieces, and what all middlewares put around it."""

    skeleton: skeletons.Skeleton
    headers: Headers
    match: ResolverMatch | None

    def answer(self, verdict: Verdict, reader: Reader) -> Answer:
        body = self.skeleton.filled(
            verdict, language=reader.language, today=reader.today
        )
        length = ("Content-Length", str(len(body)))
        return Answer(200, [*self.headers, length], body, self.match)


def code_in(environ: Environ) -> str | None:
    """The code whose page is asked for, typed as labels have it; or None."""
    label = _LABEL.fullmatch(environ["PATH_INFO"])
    if label is None or environ["REQUEST_METHOD"] != "GET" or environ["QUERY_STRING"]:
        return None
    return label[1]


def answer(environ: dict[str, Any], code: str) -> Answer | None:
    """The page of a label whose batch was scanned a moment ago; None where it must be
    made. Whoever makes it is spared the verdict: it stands in the environment."""
    verdict = scans.judged(environ, code)
    if verdict.facts is None:
        return None
    reader = reader_of(environ)
    kept = verdict.facts.pages.get(_key(verdict, reader))
    if not isinstance(kept, KeptScan):
        return None
    if not verdict.is_genuine:
        scans.tell_judged(verdict)
    return kept.answer(verdict, reader)


def keep(request: HttpRequest, response: HttpResponse) -> None:
    """Keep the page in this answer, unless it is somebody's own."""
    skeleton = getattr(response, "skeleton", None)
    if skeleton is None or not is_everybodys(response):
        return
    code = code_in(request.META)
    if code is None:
        return
    verdict = scans.judged(request.META, code)
    if verdict.facts is None:
        return
    headers = [
        (name, value)
        for name, value in response.items()
        if name.lower() != "content-length"
    ]
    page = KeptScan(skeleton, headers, request.resolver_match)
    verdict.facts.keep_page(_key(verdict, reader_of(request.META)), page)


def _key(verdict: Verdict, reader: Reader) -> Hashable:
    return reader, skeletons.key_of(verdict)
