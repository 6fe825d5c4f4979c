"""Walk through the running demo; ends with an error where something is not so."""

import os
import sys
from collections.abc import Callable

import django

from shop.demo.browser import Browser, Unexpected


def main(*, window: Callable[[str], Browser] = Browser) -> int:
    """Everybody's day, with whatever browsers they hold. Returns the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config.settings.local")
    django.setup()
    from shop.demo.market_day import (  # noqa: PLC0415  they need Django
        buying,
        proving,
        selling,
        sharing,
    )
    from shop.demo.market_day.journey import running, wait_for_history  # noqa: PLC0415

    try:
        day = running(window=window)
        wait_for_history(day)
        print(f"\n  A market day at {day.base_url}\n")
        selling.sell(day)
        buying.buy(day)
        sharing.share(day)
        proving.prove(day)
    except Unexpected as error:
        print(f"\n  NOT AS IT MUST BE: {error}\n", file=sys.stderr)
        return 1
    print(f"\n  Everything as it must be. Papers: {day.papers}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
