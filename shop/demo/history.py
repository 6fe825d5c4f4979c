"""Three months of the demo county: orders, boxes, statements, shares. Operations only.

Runs behind the first page. Everything happens in the order of its time, as it did for
real people: an order is placed, paid by a signed message, packed label by label, taken
by a carrier, delivered, completed; each month's statements are filed, approved by a
second person, paid in, handed out and confirmed. What would happen after now does not.

    python -m shop.demo.history
"""

import heapq
import os
import random
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import django

MARK = "history.done"
ORDERS_A_DAY = 2
SEED = 20261122
# Counties where the invented buyers live.
PLACES = (
    "430104000000",
    "430103000000",
    "430702000000",
    "110105000000",
    "310115000000",
    "440305000000",
    "420106000000",
    "330106000000",
)

Happening = Callable[[datetime], None]


class Calendar:
    """What is going to happen, in the order of its time."""

    def __init__(self, *, until: datetime) -> None:
        self.until = until
        self._queue: list[tuple[datetime, int, Happening]] = []
        self._ties = count()

    def at(self, moment: datetime, happening: Happening) -> None:
        """Let something happen, unless its time has not come yet."""
        if moment <= self.until:
            heapq.heappush(self._queue, (moment, next(self._ties), happening))

    def run(self) -> Iterator[datetime]:
        """Make everything happen; yields how far that is."""
        while self._queue:
            moment, _tie, happening = heapq.heappop(self._queue)
            happening(moment)
            yield moment


# Between these hours a village station is open.
OPENS, CLOSES = 8, 18


def by_day(moment: datetime) -> datetime:
    """The moment itself while a station is open, else in its next morning."""
    from django.utils import timezone  # noqa: PLC0415  need Django

    local = timezone.localtime(moment)
    if local.hour >= CLOSES:
        local += timedelta(days=1)
    if not OPENS <= local.hour < CLOSES:
        local = local.replace(hour=OPENS + local.minute % 3)
    return local


def finished(var: Path) -> bool:
    """Whether the county in this folder has its history."""
    return (var / MARK).exists()


def run() -> None:
    """Make the history, or the part of it that is still missing."""
    from django.conf import settings  # noqa: PLC0415  need Django
    from django.utils import timezone  # noqa: PLC0415
    from tqdm import tqdm  # noqa: PLC0415

    from partners.ledger import tasks  # noqa: PLC0415
    from shop.demo.copies import copy_labels  # noqa: PLC0415
    from shop.demo.orders import Orders  # noqa: PLC0415
    from shop.demo.seed import MONTHS  # noqa: PLC0415
    from shop.demo.shares import plan_month  # noqa: PLC0415
    from shop.demo.tongue import say  # noqa: PLC0415

    now = timezone.now()
    calendar = Calendar(until=now - timedelta(minutes=5))
    chance = random.Random(SEED)  # noqa: S311  an invented county, not a secret
    orders = Orders(calendar=calendar, chance=chance)
    for index in range(MONTHS * 30 * ORDERS_A_DAY):
        day = now - timedelta(days=MONTHS * 30 - index // ORDERS_A_DAY)
        moment = day.replace(hour=chance.randrange(1, 14), minute=chance.randrange(60))
        calendar.at(moment, orders.placing(index))
    for month in past_months(today=timezone.localdate(now), months=MONTHS):
        plan_month(month, calendar=calendar, chance=chance)
    # Days, not steps: what happens lets more happen, but the days are all known.
    began = now - timedelta(days=MONTHS * 30 + 1)
    days = (calendar.until - began).days
    with tqdm(
        desc=say("  本县往事", "  County's history"),
        unit=say(" 天", " days"),
        total=days,
        file=sys.stdout,
    ) as bar:
        for moment in calendar.run():
            bar.update(max(0, min(days, (moment - began).days) - bar.n))
        bar.update(days - bar.n)
    copy_labels(at=now)
    tasks.seal_entries()
    tasks.check_ledger()
    (Path(settings.VAR) / MARK).write_text(now.isoformat(), encoding="ascii")


def past_months(*, today: date, months: int) -> list[date]:
    """The first days of the last whole months, the earliest first."""
    found: list[date] = []
    first = today.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found[::-1]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config.settings.local")
    django.setup()
    from django.conf import settings

    if not finished(Path(settings.VAR)):
        run()
