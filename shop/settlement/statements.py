"""Tell each supermarket's statement what its margins on platform orders were."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from partners.models import Statement, Supermarket
from partners.operations import file_platform_statement
from partners.statements.lines import Line
from shop.settlement.models import SettledLine


def file_platform_statements(*, period: date, at: datetime) -> list[Statement]:
    """File every supermarket's statement of a month's margins on platform orders.

    `period` is the first day of the month; a supermarket without margins gets none.
    Errors: what `file_platform_statement` raises.
    """
    lines = (
        SettledLine.objects.filter(
            terms__supermarket__isnull=False,
            margin_fen__gt=0,
            settlement__settled_at__year=period.year,
            settlement__settled_at__month=period.month,
        )
        .select_related("terms__supermarket", "terms__line", "settlement__order")
        .order_by("pk")
    )
    earned: defaultdict[Supermarket, list[SettledLine]] = defaultdict(list)
    for line in lines:
        earned[line.terms.supermarket].append(line)
    return [
        file_platform_statement(
            supermarket=supermarket, period=period, lines=_as_lines(own), at=at
        )
        for supermarket, own in earned.items()
    ]


def _as_lines(settled: list[SettledLine]) -> list[Line]:
    """Settled lines as lines of a statement: sales less cost is the margin."""
    return [
        Line(
            position=position,
            day=timezone.localdate(line.settlement.settled_at),
            product=line.terms.line.title,
            quantity=Decimal(line.terms.quantity),
            sales_fen=line.goods_fen,
            cost_fen=line.goods_fen - line.margin_fen,
            receipt=f"{line.settlement.order.number}-{line.terms.line_id}",
        )
        for position, line in enumerate(settled, start=1)
    ]
