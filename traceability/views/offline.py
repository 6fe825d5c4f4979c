"""The page that checks boxes without a network, and what keeps it on a phone."""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from traceability import offline_words, signing

_SCRIPTS = ("offline/codes.js", "offline/lists.js", "offline/app.js", "code-scanner.js")
_FILES = (
    *_SCRIPTS,
    "offline/noble-ed25519.js",
    "offline/icon-192.png",
    "market.css",
    "market.js",
    "icons.svg",
    "mark.svg",
)
_ICONS = (("192x192", "offline/icon-192.png"), ("512x512", "offline/icon-512.png"))


@require_safe
def app(request: HttpRequest) -> HttpResponse:
    """The page itself: the same for everybody, for phones keep it."""
    context: dict[str, Any] = {
        "root_key": signing.root_line(),
        "log": reverse("traceability:log"),
        "scripts": [staticfiles_storage.url(name) for name in _SCRIPTS],
        "words": offline_words.all_words(issuer=settings.LOG_ORIGIN),
    }
    return render(request, "traceability/offline/app.html", context)


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Another page or file, another text: browsers take it anew."""
    files = [staticfiles_storage.url(name) for name in _FILES]
    page = render_to_string("traceability/offline/app.html", {"words": {}})
    version = hashlib.sha256("\n".join([*files, page]).encode()).hexdigest()[:12]
    context = {
        "page": reverse("traceability:offline"),
        "version": version,
        "files": files,
    }
    response = render(
        request,
        "traceability/offline/worker.js",
        context,
        content_type="text/javascript; charset=utf-8",
    )
    response["Cache-Control"] = "no-cache"
    # It lies under /verify/ and serves codes' addresses too.
    response["Service-Worker-Allowed"] = "/"
    return response


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to put the page among its programs."""
    page = reverse("traceability:offline")
    return JsonResponse(
        {
            "name": _("Xiangji: check without a network"),
            "short_name": _("Xiangji check"),
            "lang": "en" if get_language() == "en" else "zh-Hans",
            "id": page,
            "start_url": page,
            "scope": page,
            "display": "standalone",
            "background_color": "#fffdf8",
            "theme_color": "#2c5f3a",
            "icons": [
                {
                    "src": staticfiles_storage.url(name),
                    "sizes": sizes,
                    "type": "image/png",
                    "purpose": "any maskable",
                }
                for sizes, name in _ICONS
            ],
        },
        content_type="application/manifest+json",
    )


@require_safe
def bare(request: HttpRequest) -> HttpResponse:
    """Somebody shortened a box's address."""
    return redirect("traceability:offline")
