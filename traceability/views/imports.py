"""Existing records from a spreadsheet: choose, see what was found, take over."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from partners.measures import jin
from partners.views.downloads import WORKBOOK, attachment, table
from traceability import imports, operations
from traceability.imports.columns import template_heads
from traceability.models import Event, RecordImport
from traceability.views.common import get_or_post, now_by

_MAY_RECORD = permission_required("traceability.record_lots", raise_exception=True)
_FINDINGS = 100
_LINES = 10
_TITLES = {
    "plots": gettext_lazy("Plots"),
    "lots": gettext_lazy("Lots"),
    "events": gettext_lazy("Events"),
}
_HEADS = {
    "ref": gettext_lazy("Lot's number in the file"),
    "village": gettext_lazy("Village"),
    "farmer": gettext_lazy("Farmer"),
    "plot": gettext_lazy("Plot"),
    "crop": gettext_lazy("Crop"),
    "area": gettext_lazy("Area in mu"),
    "product": gettext_lazy("Product"),
    "day": gettext_lazy("Date"),
    "weight": gettext_lazy("Weight in jin"),
    "kind": gettext_lazy("Event"),
    "substance": gettext_lazy("Substance"),
    "interval": gettext_lazy("Safety interval in days"),
    "note": gettext_lazy("Note"),
}


class ImportForm(forms.Form):
    """A file of existing records."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(".xlsx or .csv, at most 5 MB and 2,000 lines."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )


@never_cache
@login_required
@_MAY_RECORD
@get_or_post
def new_import(request: HttpRequest) -> HttpResponse:
    """Choose a file; what is wrong with it is told line by line."""
    form = ImportForm(request.POST or None, request.FILES or None)
    findings: list[imports.Finding] = []
    if form.is_bound and form.is_valid():
        try:
            checked = operations.check_import(
                file=form.cleaned_data["file"], **now_by(request)
            )
            return redirect("traceability:import", pk=checked.pk)
        except operations.UnableToImport as error:
            form.add_error(None, str(error))
            findings = error.findings
    return _page(request, form=form, findings=findings)


@never_cache
@login_required
@_MAY_RECORD
@require_http_methods(["GET", "HEAD", "POST"])
def one_import(request: HttpRequest, pk: int) -> HttpResponse:
    """What a checked file will bring, and the second yes. Its checker's alone."""
    checked = get_object_or_404(RecordImport, pk=pk, checked_by=request.user.pk)
    if request.method == "POST":
        try:
            operations.carry_out_import(checked=checked, **now_by(request))
        except operations.UnableToImport as error:
            return _page(
                request,
                form=ImportForm(),
                findings=[imports.Finding(str(error)), *error.findings],
                status=422,
            )
        messages.success(request, _("Imported. The lots have numbers of their own."))
        return redirect("traceability:lots")
    context = {"checked": checked, "tables": _shown(checked)}
    return render(request, "traceability/import.html", context)


@never_cache
@login_required
@_MAY_RECORD
@require_safe
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """The tables to fill in: all as a workbook, or one as CSV."""
    if kind == "xlsx":
        # Named outside of an f-string, in which no string is found to translate.
        name = _("Records to import")
        return attachment(
            imports.workbook(), name=f"{name}.xlsx", content_type=WORKBOOK
        )
    wanted = next(one for one in imports.KINDS if one.name == kind)
    return table(template_heads(wanted), [], name=wanted.sheet)


class Shown(NamedTuple):
    """The first lines of one table as they were read, each cell under its heading, and
    how many more lines there are."""

    title: str
    heads: list[str]
    rows: list[list[tuple[str, str]]]
    more: int


def _shown(checked: RecordImport) -> list[Shown]:
    """What a file says, so that a column in the wrong place is seen before the yes.
    Nothing where it is imported already, or cannot be read just now."""
    if checked.imported_at is not None:
        return []
    try:
        reading = operations.read_checked(checked=checked, at=timezone.now())
    except operations.UnableToImport:
        return []
    return [
        _table_of(kind, lines)
        for kind in imports.KINDS
        if (lines := reading.of(kind.name))
    ]


def _table_of(kind: imports.Kind, lines: list[imports.Line]) -> Shown:
    """Without columns that no line fills."""
    columns = [
        c for c in kind.columns if any(it.facts[c] not in (None, "") for it in lines)
    ]
    rows = [
        [(str(_HEADS[c]), _told(line.facts[c], c)) for c in columns]
        for line in lines[:_LINES]
    ]
    heads = [str(_HEADS[column]) for column in columns]
    return Shown(str(_TITLES[kind.name]), heads, rows, max(0, len(lines) - _LINES))


def _told(value: Any, column: str) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if column == "weight":
        return jin(value)
    if column == "kind":
        return str(Event.Kind(value).label) if value in Event.Kind.values else value
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _page(
    request: HttpRequest,
    *,
    form: forms.Form,
    findings: list[imports.Finding],
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "findings": findings[:_FINDINGS],
        "count": len(findings),
        "kinds": imports.KINDS,
    }
    status = 422 if form.errors else status
    return render(request, "traceability/import_new.html", context, status=status)
