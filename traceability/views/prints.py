"""Printing labels: which, on what, how far it is, the files; and who printed what."""

import zipfile
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.core.files.storage import Storage
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from partners.files import private_storage
from partners.form_acts import carried_out
from partners.paging import newest_first
from partners.views.downloads import CSV, stored
from traceability import operations, queries
from traceability.models import LabelPrint, Lot, PrintPart
from traceability.print_forms import PrintForm
from traceability.printing import ALL_PAPERS, table_head
from traceability.views.common import address, get_or_post, lot_for, now_by

_AT_ONCE = 64 * 1024
_TYPES = {"pdf": "application/pdf", "csv": CSV}


@never_cache
@login_required
@get_or_post
def print_labels(request: HttpRequest, number: str, batch: str) -> HttpResponse:
    """Which labels of a batch, on which paper; and when they were printed before."""
    found = lot_for(request, number)
    printed = get_object_or_404(
        found.batches.select_related("certificate", "lot__village__parent"),
        number=batch,
    )
    earlier = list(printed.prints.select_related("printed_by", "job", "batch"))
    form = PrintForm(
        request.POST or None,
        batch=printed,
        last_print=queries.last_print_by(request.user),
        paper=request.GET.get("paper", ""),
        printed_before=bool(earlier),
    )

    def have_printed(data: dict[str, Any]) -> LabelPrint:
        return operations.print_labels(batch=printed, **data, **now_by(request))

    if made := carried_out(form, have_printed, operations.UnableToPrint):
        return redirect("traceability:label_print", found.number, made.pk)
    context = {
        "lot": found,
        "batch": printed,
        "form": form,
        "earlier": earlier,
        "refusal": queries.unprintable_because(printed, day=timezone.localdate()),
        "all_printed": queries.next_to_print(printed) > printed.last_number,
    }
    return render(
        request,
        "traceability/prints/new.html",
        context,
        status=422 if form.errors else 200,
    )


@never_cache
@login_required
@require_safe
def label_print(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """How far a print is; its files."""
    found = lot_for(request, number)
    printed = _print_of(found, pk)
    job = printed.job
    context = {
        "lot": found,
        "printed": printed,
        "job": job,
        "paper": ALL_PAPERS.get(printed.paper),
        "parts": list(job.parts.all()),
        "left_out": printed.label_count - job.written,
        "away": _away(printed),
    }
    return render(request, "traceability/prints/print.html", context)


@login_required
@require_safe
def part(
    request: HttpRequest, number: str, pk: int, ordinal: int, suffix: str
) -> HttpResponseBase:
    """One file of a print."""
    found = lot_for(request, number)
    printed = _print_of(found, pk)
    if refused := _refused(printed):
        return refused
    if suffix != printed.suffix:
        raise Http404
    kept = get_object_or_404(printed.job.parts, ordinal=ordinal)
    answer = stored(private_storage(), kept.name, content_type=_TYPES[suffix])
    kind = "attachment" if printed.is_table else "inline"
    name = f"{_name(printed)}-{ordinal}.{suffix}"
    return _private(answer, f'{kind}; filename="{name}"')


@login_required
@require_safe
def whole(request: HttpRequest, number: str, pk: int, suffix: str) -> HttpResponseBase:
    """All files of a print: one table, or the sheets packed together. Nothing is held
    in memory: it goes out as it is read."""
    found = lot_for(request, number)
    printed = _print_of(found, pk)
    if refused := _refused(printed):
        return refused
    parts = list(printed.job.parts.all())
    if printed.job.state != "done" or suffix != ("csv" if printed.is_table else "zip"):
        raise Http404
    storage = private_storage()
    if printed.is_table:
        head = len(table_head(printed.batch))
        pieces = _one_table(storage, parts, head=head)
        content_type = _TYPES["csv"]
    else:
        pieces, content_type = _packed(storage, parts, printed), "application/zip"
    answer = StreamingHttpResponse(pieces, content_type=content_type)
    return _private(answer, f'attachment; filename="{_name(printed)}.{suffix}"')


@never_cache
@login_required
@permission_required("traceability.view_prints", raise_exception=True)
@require_safe
def prints(request: HttpRequest) -> HttpResponse:
    """Who printed which labels, again or at all, newest first."""
    kind = request.GET.get("part", "")
    found = LabelPrint.objects.select_related("batch__lot", "printed_by", "job")
    if kind == "table":
        found = found.filter(paper=LabelPrint.TABLE)
    elif kind != "all":
        kind, found = "again", found.again()
    shown, urls = newest_first(request, found)
    on_papers = [(printed, ALL_PAPERS.get(printed.paper)) for printed in shown]
    context = {"prints": on_papers, "part": kind, **urls}
    return render(request, "traceability/prints/list.html", context)


def _print_of(lot: Lot, pk: int) -> LabelPrint:
    asked = LabelPrint.objects.select_related(
        "job", "printed_by", "batch__certificate", "batch__lot"
    )
    return get_object_or_404(asked, pk=pk, batch__lot=lot)


def _away(printed: LabelPrint) -> str:
    """Why a print's files may not leave, in words; "" where they may."""
    if said := queries.unprintable_because(printed.batch, day=timezone.localdate()):
        return said
    if printed.job.is_open or _kept(printed):
        return ""
    return _("The files are gone. Print these labels again.")


def _refused(printed: LabelPrint) -> HttpResponse | None:
    """Back to the print's page, which says why, where its files may not leave."""
    if not _away(printed):
        return None
    return redirect(address("label_print", printed.batch.lot.number, str(printed.pk)))


def _kept(printed: LabelPrint) -> bool:
    """Whether every file is where it was put: no backup holds them."""
    storage = private_storage()
    return printed.job.forgotten_at is None and all(
        storage.exists(name)
        for name in printed.job.parts.values_list("name", flat=True)
    )


def _name(printed: LabelPrint) -> str:
    first, last = printed.first_place_in_batch, printed.last_place_in_batch
    return f"{printed.batch.number}-{first}-{last}-{printed.paper}"


def _private(answer: HttpResponseBase, disposition: str) -> HttpResponseBase:
    answer.headers["Content-Disposition"] = disposition
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _one_table(
    storage: Storage, parts: list[PrintPart], *, head: int
) -> Iterator[bytes]:
    """The parts' rows under one head, which is so many bytes long."""
    for ordinal, one in enumerate(parts):
        with storage.open(one.name, "rb") as file:
            # Django's own `chunks` begins at the beginning again.
            file.seek(head if ordinal else 0)
            while some := file.read(_AT_ONCE):
                yield some


class _Outgoing:
    """What a zip writes into, and what has come of it since it was asked last."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        """Nothing is held open either."""

    def taken(self) -> bytes:
        data, self._written = b"".join(self._written), []
        return data


def _packed(
    storage: Storage, parts: list[PrintPart], printed: LabelPrint
) -> Iterator[bytes]:
    """The parts as one zip; PDFs are small already, so they are stored as they are."""
    out = _Outgoing()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for one in parts:
            inside = f"{_name(printed)}-{one.ordinal:03d}.pdf"
            with storage.open(one.name, "rb") as file, packed.open(inside, "w") as to:
                for chunk in file.chunks():
                    to.write(chunk)
                    yield out.taken()
    yield out.taken()
