"""Tell each supermarket's statement what its margins on platform orders were."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partners.models import Statement, Supermarket
from partners.operations import UnableToFile, file_platform_statement
from partners.queries import loss_before
from partners.statements.lines import Line
from shop.settlement.models import SettledLine, TakenBack

logger = logging.getLogger(__name__)


def file_platform_statements(*, period: date, at: datetime) -> list[Statement]:
    """File every supermarket's statement of a month's margins on platform orders.

    `period` is the first day of the month; a supermarket without margins gets none.
    What a refund took back in the month stands there as a negative line, and so does
    what an earlier month was below zero for it. One that cannot be filed is logged
    and keeps nobody else's from being filed.
    """
    earned: defaultdict[int, list[Line]] = defaultdict(list)
    # Statements are compared by their words, so these never follow a reader's language.
    with translation.override(settings.LANGUAGE_CODE):
        for pk, line in [*_margins(period), *_taken_back(period)]:
            earned[pk].append(replace(line, position=len(earned[pk]) + 1))
    filed = []
    for supermarket in Supermarket.objects.filter(pk__in=list(earned)):
        earned[supermarket.pk] += _carried(supermarket, period, earned[supermarket.pk])
        try:
            statement = file_platform_statement(
                supermarket=supermarket,
                period=period,
                lines=earned[supermarket.pk],
                at=at,
            )
        except UnableToFile as error:
            logger.error("no statement for supermarket %s: %s", supermarket.pk, error)
        else:
            filed.append(statement)
    return filed


def _carried(supermarket: Supermarket, period: date, own: list[Line]) -> list[Line]:
    """What an earlier month lacked, as this month's last line; nothing mostly."""
    loss = loss_before(supermarket=supermarket, period=period)
    if loss is None:
        return []
    with translation.override(settings.LANGUAGE_CODE):
        month = date_format(loss.period, "YEAR_MONTH_FORMAT")
        product = _("Carried over from %(month)s") % {"month": month}
    return [
        Line(
            position=len(own) + 1,
            day=period,
            product=product,
            quantity=None,
            sales_fen=loss.profit_fen,
            cost_fen=0,
            receipt=f"{loss.period:%Y%m}-carried",
        )
    ]


def _margins(period: date) -> Iterator[tuple[int, Line]]:
    """Each settled line with a margin: sales less cost is the margin."""
    settled = (
        SettledLine.objects.filter(
            terms__supermarket__isnull=False,
            margin_fen__gt=0,
            settlement__settled_at__year=period.year,
            settlement__settled_at__month=period.month,
        )
        .select_related("terms__line", "settlement__order")
        .order_by("pk")
    )
    for line in settled:
        yield (
            line.terms.supermarket_id,
            Line(
                position=0,
                day=timezone.localdate(line.settlement.settled_at),
                product=line.terms.line.title,
                quantity=Decimal(line.terms.quantity),
                sales_fen=line.goods_fen,
                cost_fen=line.goods_fen - line.margin_fen,
                receipt=f"{line.settlement.order.number}-{line.terms.line_id}",
            ),
        )


def _taken_back(period: date) -> Iterator[tuple[int, Line]]:
    """What supermarkets gave back of their margins when an order was refunded."""
    returned = (
        TakenBack.objects.filter(
            entry__at__year=period.year, entry__at__month=period.month
        )
        .select_related("entry", "settlement__order")
        .order_by("pk")
    )
    for back in returned:
        number = back.settlement.order.number
        legs = back.entry.lines.filter(account__code__startswith="supermarket:")
        for leg in legs.select_related("account"):
            yield (
                int(leg.account.code.split(":")[1]),
                Line(
                    position=0,
                    day=timezone.localdate(back.entry.at),
                    product=_("Refund of order %(number)s") % {"number": number},
                    quantity=None,
                    sales_fen=-leg.amount_fen,
                    cost_fen=0,
                    receipt=f"{number}-R{back.pk}",
                ),
            )
