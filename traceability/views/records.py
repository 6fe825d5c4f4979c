"""The records of a person's villages: what waits, what runs out, and the register of
certificates. For assistants, cooperatives, inspectors and the county."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from partners.exports import workbook_bytes
from partners.keys import key_in
from partners.views.downloads import WORKBOOK, attachment, table
from traceability import queries, regulation, retention
from traceability.forms import DayField
from traceability.queries import records as read

_MAY_VIEW = permission_required("traceability.view_records", raise_exception=True)
_SHOWN = 20
_ROWS = 50
# Facts that are days, as programs read them.
_DAYS = ("harvested_on", "valid_to", "expires_on")

# The part, its words, its drawing, and what is said where there is nothing.
_PARTS = (
    (
        "today",
        gettext_lazy("Today's lots"),
        "sprout",
        gettext_lazy("Nothing was recorded or picked today"),
    ),
    (
        "tests",
        gettext_lazy("Tests promised and not shown"),
        "flask-conical",
        gettext_lazy("Every promised test has its report"),
    ),
    (
        "uncertified",
        gettext_lazy("Picked and not certified"),
        "badge-check",
        gettext_lazy("Every lot of late is certified"),
    ),
    (
        "certificates",
        gettext_lazy("Certificates nearly used up"),
        "file-text",
        gettext_lazy("Every certificate has room for labels"),
    ),
    (
        "licences",
        gettext_lazy("Licences that run out"),
        "award",
        gettext_lazy("No licence runs out soon"),
    ),
    (
        "labels",
        gettext_lazy("Label stock"),
        "qr-code",
        gettext_lazy("No labels were made yet"),
    ),
)


@never_cache
@login_required
@_MAY_VIEW
@require_safe
def records(request: HttpRequest) -> HttpResponse:
    """One part of the records, with the counts of all."""
    lots, now = queries.lots_for(request.user), timezone.now()
    part = request.GET.get("part", "")
    if part not in read.PARTS:
        part = "today"
    before = key_in(request.GET.get("before"))
    page = read.page(part, lots, now=now, before=before, size=_SHOWN)
    counts = read.counts(lots, now=now)
    context = {
        "part": part,
        "parts": [
            {"key": key, "label": label, "icon": icon, "count": counts.get(key)}
            for key, label, icon, _empty in _PARTS
        ],
        "empty": next(
            {"title": empty, "icon": icon}
            for key, _label, icon, empty in _PARTS
            if key == part
        ),
        "items": [_with_days(facts) for facts in page.items],
        "next_url": f"?part={part}&before={page.next_key}" if page.next_key else "",
        "previous_url": f"?part={part}" if before is not None else "",
        "may_view_quotas": request.user.has_perm("traceability.view_quotas"),
        "may_import": request.user.has_perm("traceability.record_lots"),
    }
    return render(request, "traceability/records.html", context)


def _with_days(facts: dict[str, Any]) -> dict[str, Any]:
    days = {name: facts[name] for name in _DAYS if facts.get(name)}
    return facts | {name: date.fromisoformat(text) for name, text in days.items()}


class PeriodForm(forms.Form):
    """From one day to another."""

    first = DayField(label=gettext_lazy("First day"))
    last = DayField(label=gettext_lazy("Last day"))

    def clean(self) -> dict[str, date]:
        data = super().clean() or {}
        if {"first", "last"} <= data.keys() and data["first"] > data["last"]:
            raise forms.ValidationError(_("The first day comes before the last."))
        return data


@never_cache
@login_required
@_MAY_VIEW
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """The certificates of a period, that none is missing, and until when to keep."""
    form, first, last = _period(request)
    lots = queries.lots_for(request.user)
    issued, collected = (
        retention.issued(lots, first, last),
        retention.collected(lots, first, last),
    )
    after = key_in(request.GET.get("after")) or 0
    shown = list(issued.filter(pk__gt=after)[: _ROWS + 1])
    span = f"first={first:%Y-%m-%d}&last={last:%Y-%m-%d}"
    context = {
        "form": form,
        "span": span,
        "series": retention.series(),
        "months": regulation.RETENTION_MONTHS,
        "keep_from": retention.kept_since(timezone.localdate()),
        "issued_count": issued.count(),
        "collected_count": collected.count(),
        "issued": [
            (one, retention.keep_until(timezone.localtime(one.issued_at).date()))
            for one in shown[:_ROWS]
        ],
        "collected": [] if after else list(collected[:_ROWS]),
        "next_url": f"?{span}&after={shown[_ROWS - 1].pk}"
        if len(shown) > _ROWS
        else "",
        "previous_url": f"?{span}" if after else "",
        "most": retention.MOST_ROWS,
    }
    status = 422 if form.errors else 200
    return render(request, "traceability/register.html", context, status=status)


@never_cache
@login_required
@_MAY_VIEW
@require_safe
def register_file(request: HttpRequest, kind: str) -> HttpResponse:
    """The same as a file for spreadsheets: csv or xlsx."""
    form, first, last = _period(request)
    if form.errors:
        return render(request, "400.html", status=400)
    rows = retention.rows(queries.lots_for(request.user), first, last)
    name = f"{_('Register of certificates')} {first:%Y%m%d}-{last:%Y%m%d}"
    if kind == "xlsx":
        data = workbook_bytes(retention.head(), rows)
        return attachment(data, name=f"{name}.xlsx", content_type=WORKBOOK)
    return table(retention.head(), rows, name=name)


def _period(request: HttpRequest) -> tuple[PeriodForm, date, date]:
    """The days that were asked for; the last six months where none were."""
    today = timezone.localdate()
    start = {"first": today - timedelta(days=183), "last": today}
    typed = request.GET if {"first", "last"} & set(request.GET) else None
    form = PeriodForm(typed, initial=start)
    if typed is not None and form.is_valid():
        return form, form.cleaned_data["first"], form.cleaned_data["last"]
    return form, start["first"], start["last"]
