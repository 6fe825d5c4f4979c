"""Walk through the running demo; ends with an error where something is not so."""

import argparse
import os
import sys
from collections.abc import Callable

import django

from shop.demo.browser import Browser, Unexpected
from shop.demo.tongue import terminal


def main(*, window: Callable[[str], Browser] = Browser, lang: str = "") -> int:
    """Everybody's day, with whatever browsers they hold. Returns the exit code.

    `lang` is zh or en: what the terminal is told in. Where it is not given, the
    terminal's locale decides. The pages are walked in Chinese either way.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config.settings.local")
    django.setup()
    from django.utils.translation import activate  # noqa: PLC0415
    from django.utils.translation import gettext as _  # noqa: PLC0415

    activate(terminal(lang=lang))
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
        title = _("A market day at %(url)s") % {"url": day.base_url}
        print(f"\n  {title}\n")
        selling.sell(day)
        buying.buy(day)
        sharing.share(day)
        proving.prove(day)
    except Unexpected as error:
        words = _("NOT AS IT MUST BE:")
        print(f"\n  {words} {error}\n", file=sys.stderr)
        return 1
    words = _("Everything as it must be. Papers: %(folder)s") % {"folder": day.papers}
    print(f"\n  {words}\n")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lang", choices=["zh", "en"], default="")
    sys.exit(main(lang=parser.parse_args().lang))
