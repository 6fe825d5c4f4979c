"""The transparency log: its files as they are, and a page that explains them."""

import re
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from traceability import queries, signing
from traceability.models import LogLeaf

_RECENT = 20
_TILE = r"tile/(?:entries|[0-9]{1,2})/(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[0-9]{1,3})?"
_FILES = (
    (re.compile(r"checkpoint"), "text/plain; charset=utf-8", "no-cache"),
    (re.compile(r"keys\.json"), "application/json", "no-cache"),
    (re.compile(r"key-list\.json"), "application/json", "no-cache"),
    (re.compile(r"key-lists/[0-9]{6}\.json"), "application/json", ""),
    (re.compile(r"certificates/[A-Z]+-[0-9]+-[0-9]+\.json"), "application/json", ""),
    (re.compile(r"revocations\.json"), "application/json", "no-cache"),
    (re.compile(r"revocations/[0-9a-f]{64}\.bin"), "application/octet-stream", ""),
    (re.compile(_TILE), "application/octet-stream", ""),
)
# What is published under one of these names never changes again.
_FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def overview(request: HttpRequest) -> HttpResponseBase:
    """What the log is, what it says now, and how to check it."""
    checkpoint = queries.published_checkpoint()
    size = checkpoint.size if checkpoint is not None else 0
    recent = LogLeaf.objects.filter(index__lt=size).select_related(
        "certificate", "batch", "key", "status_event"
    )
    context = {
        "checkpoint": checkpoint,
        "root": checkpoint.root.hex() if checkpoint is not None else "",
        "leaves": recent.order_by("-index")[:_RECENT],
        "address": f"{settings.BASE_URL}/log",
        "root_key": signing.root_line(),
    }
    return render(request, "traceability/log.html", context)


@require_safe
def verifier(request: HttpRequest) -> HttpResponseBase:
    """The program that checks the log and shares no code with us."""
    path = Path(settings.ROOT) / "docs" / "verify" / "verify.py"
    return FileResponse(
        path.open("rb"), as_attachment=True, content_type="text/x-python"
    )


@require_safe
def log_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """A published file. A county's web server may serve the folder itself."""
    kinds = [kind for kind in _FILES if kind[0].fullmatch(name)]
    if not kinds:
        raise Http404
    _pattern, content_type, caching = kinds[0]
    try:
        file = (Path(settings.LOG_FOLDER) / name).open("rb")
    except OSError as error:
        raise Http404 from error
    response = FileResponse(file, content_type=content_type)
    response["Cache-Control"] = caching or _FOR_EVER
    response["Access-Control-Allow-Origin"] = "*"
    return response
