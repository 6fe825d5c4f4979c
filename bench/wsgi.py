"""The site as production serves it, and `/ok` through Django without any middleware.

That is the bare view that pages are compared with: what the middleware costs is part
of what our pages cost.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from shop.config.wsgi import application as market

with override_settings(MIDDLEWARE=[]):
    bare = WSGIHandler()


def application(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    serve = bare if environ.get("PATH_INFO") == "/ok" else market
    return serve(environ, start_response)
