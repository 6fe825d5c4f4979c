"""Answers that are files."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from django.core.files.storage import Storage
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from partners.exports import csv_bytes

CSV = "text/csv; charset=utf-8"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(
    head: Sequence[str], rows: Iterable[Sequence[object]], *, name: str
) -> HttpResponse:
    """A table to save as CSV; `name` is the file's, without its ending."""
    return attachment(csv_bytes(head, rows), name=f"{name}.csv", content_type=CSV)


def attachment(data: bytes, *, name: str, content_type: str) -> HttpResponse:
    """Bytes to save under a name, Chinese or not."""
    return HttpResponse(
        data,
        content_type=content_type,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


def stored(storage: Storage, name: str, *, content_type: str) -> HttpResponseBase:
    """A kept file as it is. Nothing in it can act: its type is fixed, its frame shut.

    Where the store is away, an answer that says so. Errors: Http404 where the file is
    gone.
    """
    try:
        file = storage.open(name, "rb")
    except FileNotFoundError as error:
        raise Http404 from error
    except OSError:
        return HttpResponse(
            _("This file cannot be reached now. Try again in a minute."),
            content_type="text/plain; charset=utf-8",
            status=503,
            headers={"Retry-After": "60"},
        )
    answer = FileResponse(file, content_type=content_type)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
