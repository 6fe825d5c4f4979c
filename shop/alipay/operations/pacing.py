"""How long to wait before Alipay is asked again.

While an outcome is unknown the pause never exceeds a minute, so that everything is
known within two minutes of Alipay's (or our) coming back.
"""

from datetime import timedelta

LONGEST_UNKNOWN_SECONDS = 60
LONGEST_REFUSED_SECONDS = 3600
# The first attempt runs in the caller's hands; nobody else should repeat it meanwhile.
FIRST_SECONDS = 30


def after_unknown(attempts: int) -> timedelta:
    """30, 60, 60 … seconds."""
    return timedelta(
        seconds=min(
            LONGEST_UNKNOWN_SECONDS, FIRST_SECONDS * 2 ** min(max(attempts - 1, 0), 8)
        )
    )


def after_refusal(attempts: int) -> timedelta:
    """30 seconds, doubling up to an hour: for what must be tried for ever."""
    return timedelta(
        seconds=min(
            LONGEST_REFUSED_SECONDS, FIRST_SECONDS * 2 ** min(max(attempts - 1, 0), 8)
        )
    )
