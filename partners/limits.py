"""How often something may be done, counted in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import ngettext

from partners.models import Allowance
from partners.privacy import blind_index


@dataclass(frozen=True)
class Limit:
    """`most` times in each window of `within`, for each subject."""

    name: str
    most: int
    within: timedelta


class TooOften(Exception):
    """A limit is used up; says how many minutes to wait, in the reader's words."""

    def __init__(self, again_in: timedelta) -> None:
        minutes = max(1, -(-int(again_in.total_seconds()) // 60))
        super().__init__(
            ngettext(
                "That was too often. Please wait %(minutes)d minute.",
                "That was too often. Please wait %(minutes)d minutes.",
                minutes,
            )
            % {"minutes": minutes}
        )


def spend(*, limit: Limit, subject: str, at: datetime) -> None:
    """Use one of `limit` for `subject` (a phone, an address), which is kept hashed.

    Errors: TooOften. What was spent stays spent, whatever the caller does then.
    """
    key, ends_in = _window(limit, subject, at)
    with transaction.atomic():
        Allowance.objects.bulk_create(
            [Allowance(key=key, ends_at=at + ends_in)], ignore_conflicts=True
        )
        spent = Allowance.objects.filter(key=key, used__lt=limit.most).update(
            used=F("used") + 1
        )
    if not spent:
        raise TooOften(ends_in)


def give_back(*, limit: Limit, subject: str, at: datetime) -> None:
    """Undo one `spend` of this window: it turned out not to count."""
    key, __ = _window(limit, subject, at)
    Allowance.objects.filter(key=key, used__gt=0).update(used=F("used") - 1)


def forget_allowances(*, now: datetime) -> int:
    """Remove the windows that are over; how many."""
    forgotten, __ = Allowance.objects.filter(ends_at__lt=now).delete()
    return forgotten


def _window(limit: Limit, subject: str, at: datetime) -> tuple[str, timedelta]:
    seconds = int(limit.within.total_seconds())
    window, passed = divmod(int(at.timestamp()), seconds)
    key = f"{limit.name}:{blind_index('limit', subject)}:{window}"
    return key, timedelta(seconds=seconds - passed)
