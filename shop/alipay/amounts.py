"""Sums and moments in Alipay's notation, read strictly and written exactly."""

import re
from datetime import datetime, timedelta, timezone

# All of China, without summer time, whatever zone this process runs in.
BEIJING = timezone(timedelta(hours=8))
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,2}))?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?"
)


def fen_from_amount(text: str) -> int:
    """Whole fen of "12.34", "12.3" or "12"; never negative.

    Errors: ValueError for anything else: a third decimal, an exponent, a sign, a
    leading zero or space, digits of another script. Source: Alipay's total_amount.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a sum in Alipay's notation: {text[:40]!r}")
    whole, part = match.groups(default="")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def amount_from_fen(amount_fen: int) -> str:
    """1234 → "12.34"."""
    whole, part = divmod(amount_fen, 100)
    return f"{whole}.{part:02d}"


def moment_from_text(text: str) -> datetime | None:
    """An aware moment of "2026-11-23 09:30:00" in Beijing; None where it is not one.

    Alipay gives a refund's moment with thousandths, "2026-11-23 09:30:00.123".
    """
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=BEIJING)
    except ValueError:
        return None


def text_from_moment(moment: datetime) -> str:
    """An aware moment as "2026-11-23 09:30:00" in Beijing."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
