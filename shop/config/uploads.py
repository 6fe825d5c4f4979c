"""Uploads, where no web server stands before us that would hand them out."""

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.static import serve


def upload(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file under MEDIA_ROOT; whatever else the path may mean is not here."""
    try:
        return serve(request, path, document_root=settings.MEDIA_ROOT)
    except (OSError, ValueError, SuspiciousFileOperation) as error:
        raise Http404 from error
