"""Scan pages from what is kept of their batch, before sessions and forms are looked at.

The verdict is made anew for everybody, by one query; only the page around it is kept.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from shop.storefront.kept import is_everybodys
from shop.storefront.middleware import Reader, reader_of
from traceability.views import scans, skeletons

# As labels have it. However else it is typed, it goes the long way.
_LABEL = re.compile(r"/T/([0-9A-HJKMNP-TV-Z]{20})")


class KeptScan(NamedTuple):
    """A page of a batch: its pieces, and what all middlewares put around it."""

    skeleton: skeletons.Skeleton
    headers: dict[str, str]
    match: ResolverMatch | None

    @classmethod
    def of(
        cls, response: HttpResponse, match: ResolverMatch | None
    ) -> "KeptScan | None":
        """The page in this answer; None where it is somebody's own."""
        skeleton = getattr(response, "skeleton", None)
        if skeleton is None or not is_everybodys(response):
            return None
        headers = {
            name: value
            for name, value in response.items()
            if name.lower() != "content-length"
        }
        return cls(skeleton, headers, match)

    def answer(self, verdict: scans.Verdict, reader: Reader) -> HttpResponse:
        body = self.skeleton.filled(
            verdict, language=reader.language, today=reader.today
        )
        response = HttpResponse(body, headers=self.headers)
        response.headers["Content-Length"] = str(len(body))
        return response


class KeptScanMiddleware:
    """Answers a scan of a label whose batch was scanned a moment ago.

    Must stand before what adds headers, so that what it keeps is complete.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        label = _LABEL.fullmatch(request.path_info)
        if label is None or request.method != "GET" or request.META["QUERY_STRING"]:
            return self.get_response(request)
        verdict = scans.judged(request, label[1])
        if verdict.facts is None:
            return self.get_response(request)
        reader = reader_of(request)
        key = (reader, skeletons.key_of(verdict))
        kept = verdict.facts.pages.get(key)
        if isinstance(kept, KeptScan):
            request.resolver_match = kept.match
            scans.tell_judged(request, verdict)
            return kept.answer(verdict, reader)
        response = self.get_response(request)
        made = KeptScan.of(response, request.resolver_match)
        if made is not None:
            verdict.facts.keep_page(key, made)
        return response
