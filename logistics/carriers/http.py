"""Post a form to a carrier: what comes back is understood, or the outcome is open."""

import json
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from logistics.carriers.base import CarrierUnknown

ANSWER_LIMIT = 2 * 1024 * 1024  # bytes


class _NoRedirect(HTTPRedirectHandler):
    # A redirected POST becomes a GET that says nothing: better to see the 302.
    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


_opener = build_opener(_NoRedirect)


def post_form(
    url: str, form: Mapping[str, str], *, timeout_seconds: float
) -> dict[str, Any]:
    """The JSON object that the carrier answers with status 200.

    Errors: CarrierUnknown for everything else, a refused connection too: whoever
    cannot tell whether the carrier heard must be able to ask again.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"not a web address: {url}")
    request = Request(url, data=urlencode(form).encode(), method="POST")  # noqa: S310
    try:
        with _opener.open(request, timeout=timeout_seconds) as response:
            body = response.read(ANSWER_LIMIT)
        answer = json.loads(body)
    except (URLError, HTTPException, OSError, ValueError, RecursionError) as error:
        raise CarrierUnknown(f"no answer: {type(error).__name__}") from error
    if not isinstance(answer, dict):
        raise CarrierUnknown("the answer is no JSON object")
    return answer
