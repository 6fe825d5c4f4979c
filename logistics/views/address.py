"""Two small helpers for address forms with scripts; without them the form works too."""

from django.http import HttpRequest, JsonResponse
from django.utils import translation
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_POST

from logistics import address, regions
from logistics.address.text import LIMIT
from partners.spelling import place_told

_BELOW = ("city", "county", "township")


@require_GET
@cache_control(public=True, max_age=86_400)
def places(request: HttpRequest, code: str) -> JsonResponse:
    """What lies in a division: {"places": [{"code", "name"}]}.

    `?level=` is city, county or township; `lang=en` has the names spelled too. The
    language is in the address, because browsers keep the answer for a day.
    """
    level = request.GET.get("level", "")
    if level not in _BELOW:
        return JsonResponse({"error": "level: city, county or township"}, status=400)
    language = "en" if request.GET.get("lang") == "en" else "zh-hans"
    with translation.override(language):
        found = [
            {"code": place, "name": place_told(name)}
            for place, name in regions.places_in(code, level)
        ]
    return JsonResponse({"places": found})


@require_POST
@never_cache
def read(request: HttpRequest) -> JsonResponse:
    """Read a pasted `text`; answers the fields of `address.PastedAddress`."""
    text = request.POST.get("text", "")
    if not text.strip() or len(text) > LIMIT:
        return JsonResponse({"error": f"text: 1 to {LIMIT} characters"}, status=400)
    found = address.parse(text)
    return JsonResponse(
        {
            "name": found.name,
            "phone": found.phone,
            "unread_phone": found.unread_phone,
            "province": found.province_code,
            "city": found.city_code,
            "county": found.county_code,
            "township": found.township_code,
            "detail": found.detail,
            "missing": found.missing,
            "unsure": found.unsure,
            "choices": [choice._asdict() for choice in found.choices],
            "beyond": found.beyond,
        }
    )
