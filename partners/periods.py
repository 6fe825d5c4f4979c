"""A period is a calendar month, kept as the date of its first day."""

import re
from calendar import monthrange
from datetime import date, timedelta


def first_day(day: date) -> date:
    """The period that `day` falls in."""
    return date(day.year, day.month, 1)


def last_day(period: date) -> date:
    """The last day of the period."""
    return period.replace(day=monthrange(period.year, period.month)[1])


def following(period: date) -> date:
    """The period after this one."""
    return last_day(period) + timedelta(days=1)


def preceding(period: date) -> date:
    """The period before this one."""
    return first_day(period - timedelta(days=1))


def parse(text: str) -> date:
    """The period of "2026-10".

    Errors: ValueError where it names no month.
    """
    match = re.fullmatch(r"(\d{4})-(\d{1,2})", text)
    if not match:
        raise ValueError(f"not a month: {text!r}")
    return date(int(match[1]), int(match[2]), 1)
