"""The public board: how far each month's money has come, each figure with its proof.

Everybody may read it, so nothing here writes, sets a cookie or names a person.
"""

from datetime import date

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners import measures, queries
from partners.files import private_storage
from partners.keys import key_in
from partners.models import AccrualLine, Disbursement, DisbursementPhoto, Supermarket
from partners.organisations.models import Division
from partners.spelling import place_told
from partners.views.downloads import stored, table
from partners.views.stages import stages_of

_ROWS = 60
_SIZES = {"small", "medium", "large"}


def _period(year: int, month: int) -> date:
    try:
        period = date(year, month, 1)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    if period not in queries.periods_on_board():
        raise Http404
    return period


@require_safe
def board(
    request: HttpRequest, year: int | None = None, month: int | None = None
) -> HttpResponse:
    """A month's flow; without a month, the last one of which anything accrued."""
    months = queries.periods_on_board()
    if not months:
        return render(request, "partners/board/empty.html")
    if year is not None and month is not None:
        period = _period(year, month)
    else:
        period = queries.latest_period_with_shares() or months[0]
    shown = queries.month(period)
    lines = queries.lines_of(period)
    anchors = ["#supermarkets"] * 3 + ["#households"] * 2
    return render(
        request,
        "partners/board/month.html",
        {
            "month": shown,
            "months": queries.month_sums(months[:12]),
            "stages": stages_of(shown.flow, anchors),
            **_households(request, lines),
        },
    )


@require_safe
def township(request: HttpRequest, year: int, month: int, code: str) -> HttpResponse:
    """A township's households in a month: the proof of its figures."""
    period = _period(year, month)
    town = get_object_or_404(Division, pk=code, level=Division.Level.TOWNSHIP)
    lines = queries.lines_of(period).filter(household__village__parent=town)
    return render(
        request,
        "partners/board/township.html",
        {"period": period, "place": town, **_households(request, lines)},
    )


@require_safe
def supermarket(request: HttpRequest, year: int, month: int, pk: int) -> HttpResponse:
    """A supermarket's month: statements, entries, payments, households."""
    period = _period(year, month)
    shop = get_object_or_404(Supermarket, pk=pk)
    flow = queries.supermarket_flow(supermarket=shop, period=period)
    lines = queries.lines_of(period).filter(accrual__supermarket=shop)
    return render(
        request,
        "partners/board/supermarket.html",
        {
            "period": period,
            "supermarket": shop,
            "stages": stages_of(flow),
            "statements": [
                (statement, queries.lessening(statement))
                for statement in queries.statements_of(supermarket=shop).filter(
                    period=period
                )
            ],
            "pay_ins": queries.pay_ins_for(supermarket=shop, period=period),
            **_households(request, lines),
        },
    )


@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """One disbursement: how much of which month, its entry, what was said."""
    found = get_object_or_404(
        Disbursement.objects.select_related("household__village"), number=number
    )
    return render(
        request,
        "partners/board/receipt.html",
        {
            "disbursement": found,
            "draws": found.draws.select_related("line__accrual__supermarket"),
            "answers": found.confirmations.all(),
            "photos": found.photos.filter(published_at__isnull=False),
        },
    )


@require_safe
def photo(request: HttpRequest, pk: int, size: str) -> HttpResponseBase:
    """A photo that staff made public; every other photo is not here."""
    published = DisbursementPhoto.objects.filter(published_at__isnull=False)
    shown = get_object_or_404(published, pk=pk)
    if size not in _SIZES:
        raise Http404
    variant = getattr(shown.stored, size)
    return stored(private_storage(), variant.name, content_type="image/webp")


@require_safe
def export(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The month's households as CSV, masked as on the page."""
    period = _period(year, month)
    head = [
        _("Month"),
        _("Name"),
        _("Village"),
        _("Township"),
        _("Supermarket"),
        _("Accrued, yuan"),
        _("Paid in, yuan"),
        _("Handed out, yuan"),
        _("Confirmed, yuan"),
        _("Ledger entry"),
    ]
    rows = (
        (
            f"{row.period:%Y-%m}",
            row.name,
            place_told(row.village),
            place_told(row.township),
            place_told(row.supermarket),
            *(measures.decimal_yuan(fen) for fen in row.flow.stages[1:]),
            row.entry or "",
        )
        for row in queries.household_rows(queries.lines_of(period))
    )
    name = _("Help for households %(month)s") % {"month": f"{period:%Y-%m}"}
    return table(head, rows, name=name)


def _households(
    request: HttpRequest, lines: QuerySet[AccrualLine]
) -> dict[str, object]:
    """A page of households, and where the next one is."""
    after = key_in(request.GET.get("after")) or 0
    found = queries.household_shares(lines, after=after, limit=_ROWS + 1)
    shown = found[:_ROWS]
    more = ""
    if len(found) > _ROWS:
        more = f"?after={shown[-1].parts[0].line}#households"
    return {
        "households": shown,
        "next_url": more,
        "previous_url": f"{request.path}#households" if after else "",
    }
