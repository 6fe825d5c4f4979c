"""Start the stand-in: `python -m logistics.carriers.standin --help`."""

import argparse
import os
import sys
from pathlib import Path

import django
from django.conf import settings

from logistics.carriers.standin.permission import NotAllowed, require_standin


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m logistics.carriers.standin")
    parser.add_argument("--port", type=int, default=8002)
    parser.add_argument(
        "--push",
        default="",
        metavar="URL",
        help="where pushes go; without it, to the address of each subscription",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=20.0,
        help="between two steps of a parcel; 0 moves nothing by itself",
    )
    parser.add_argument("--state", type=Path, help="where parcels are remembered")
    chosen = parser.parse_args(arguments)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config.settings.local")
    django.setup()
    try:
        require_standin()
    except NotAllowed as error:
        print(error, file=sys.stderr)  # noqa: T201  a program's own words
        return 2
    from logistics.carriers.standin.server import serve  # noqa: PLC0415

    serve(
        port=chosen.port,
        push=chosen.push,
        seconds=chosen.seconds,
        state=chosen.state or Path(settings.VAR) / "carrier-standin.sqlite3",
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
