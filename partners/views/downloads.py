"""Answers that are files."""

from urllib.parse import quote

from django.core.files.storage import Storage
from django.http import FileResponse, Http404, HttpResponse


def attachment(data: bytes, *, name: str, content_type: str) -> HttpResponse:
    """Bytes to save under a name, Chinese or not."""
    return HttpResponse(
        data,
        content_type=content_type,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


def stored(storage: Storage, name: str, *, content_type: str) -> FileResponse:
    """A kept file as it is. Nothing in it can act: its type is fixed, its frame shut.

    Errors: Http404 where the file is gone.
    """
    try:
        file = storage.open(name, "rb")
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(file, content_type=content_type)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
