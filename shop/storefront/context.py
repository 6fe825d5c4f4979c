"""What every template may say about the site."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """DEMO: whether all people and sums on the page are invented."""
    del request
    return {"DEMO": settings.DEMO}
