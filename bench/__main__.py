"""The one door: `python -m bench [AREA ...] [--products N] [--json FILE]`."""

import argparse
import importlib
import json
import logging
import os
import pkgutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench import areas as found_here
from bench.bench import Bench
from bench.measure import Clock, Figure


@contextmanager
def database() -> Iterator[str]:
    """A new database of its own, emptied afterwards; gives the vendor's name."""
    with tempfile.TemporaryDirectory(
        prefix="xiangji-bench-", ignore_cleanup_errors=True
    ) as folder:
        os.environ["XIANGJI_VAR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
        import django

        django.setup()
        logging.disable()  # what is measured in this process; the server writes its own
        from django.conf import settings
        from django.db import connection

        from tools import schema

        test_name = settings.DATABASES["default"]["TEST"].get("NAME")
        if connection.vendor == "sqlite":
            schema.load(Path(test_name))
        name = connection.settings_dict["NAME"]
        connection.creation.create_test_db(
            verbosity=0, autoclobber=True, keepdb=connection.vendor == "sqlite"
        )
        try:
            yield connection.vendor
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


def areas() -> list[str]:
    """Every module of the folder."""
    return [module.name for module in pkgutil.iter_modules(found_here.__path__)]


def show(figures: list[Figure]) -> None:
    """A table: the figure, its baseline, and the one as a share of the other."""
    print(
        f"{'area':<10}{'what':<48}{'a second':>10}{'p99 ms':>9}  "
        f"{'baseline':<34}{'':>10}{'p99 ms':>9}  ratio"
    )
    for figure in figures:
        print(
            f"{figure.area:<10}{figure.name:<48}{figure.per_second:>10,.0f}"
            f"{_ms(figure.p99_ms):>9}  {figure.baseline:<34}"
            f"{figure.baseline_per_second:>10,.0f}{_ms(figure.baseline_p99_ms):>9}  "
            f"{figure.ratio:.3f}"
        )


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=", ".join(areas()))
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--rounds", type=int, default=Clock.rounds)
    parser.add_argument("--seconds", type=float, default=Clock.seconds)
    parser.add_argument("--products", type=int, default=Bench.products)
    parser.add_argument("--workers", type=int, default=Bench.workers)
    chosen = parser.parse_args()
    unknown = set(chosen.areas) - set(areas())
    if unknown:
        parser.error(f"no such area: {', '.join(sorted(unknown))}")
    bench = Bench(
        clock=Clock(rounds=chosen.rounds, seconds=chosen.seconds),
        products=chosen.products,
        load_seconds=max(1.0, 4 * chosen.seconds),
        workers=chosen.workers,
    )
    figures: list[Figure] = []
    with database() as vendor:
        for area in chosen.areas or areas():
            module = importlib.import_module(f"bench.areas.{area}")
            figures += module.figures(bench)
    print(f"on {vendor}, {os.cpu_count()} cores")
    show(figures)
    if chosen.json:
        rows = [asdict(figure) | {"ratio": figure.ratio} for figure in figures]
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(
            json.dumps({"database": vendor, "figures": rows}, indent=2) + "\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
