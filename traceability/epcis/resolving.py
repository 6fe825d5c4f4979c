"""The addresses of GS1 Digital Link: /01/…, /01/…/10/…, /01/…/10/…/21/…"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from traceability.epcis import linksets
from traceability.epcis.linksets import LINKSET, NoSuchLink, WrongLink

_ALL = ("linkset", "all")


class _Onward(HttpResponse):
    """On to where the link leads, for now: tomorrow it may be another page."""

    status_code = 307


@require_safe
def resolve(
    request: HttpRequest, gtin: str, lot: str = "", code: str = ""
) -> HttpResponseBase:
    """On to the page of what the link names, or the set of all links about it."""
    asked = request.GET.get("linkType", "")
    kind = asked.removeprefix(linksets.VOC).removeprefix("gs1:") or "defaultLink"
    try:
        found = linksets.target(gtin=gtin, lot_number=lot, code=code)
        if asked in _ALL or LINKSET in request.headers.get("Accept", ""):
            response: HttpResponse = JsonResponse(
                linksets.linkset(found),
                content_type=LINKSET,
                json_dumps_params={"ensure_ascii": False},
            )
            response["Link"] = linksets.CONTEXT
        else:
            response = _Onward(headers={"Location": linksets.address_of(found, kind)})
            response["Link"] = _told(found)
    except NoSuchLink as error:
        status = 400 if isinstance(error, WrongLink) else 404
        context = {"told": str(error), "code": code}
        page = "traceability/digital_link.html"
        response = render(request, page, context, status=status)
    response["X-Robots-Tag"] = "noindex"
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "Link, Location"
    patch_vary_headers(response, ["Accept", "Accept-Language"])
    return response


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """What this resolver can do."""
    response = JsonResponse(
        linksets.description(), json_dumps_params={"ensure_ascii": False}
    )
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _told(found: linksets.Target) -> str:
    """Where the whole set is found; GS1's links are named there."""
    return f'<{found.anchor}?linkType=linkset>; rel="linkset"; type="{LINKSET}"'
