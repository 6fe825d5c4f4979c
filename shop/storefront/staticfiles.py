"""Static files as they are served: hashed, compressed, one style sheet."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLE_SHEET = "market.css"
_IMPORT = re.compile(r'^@import url\("([^"]+)"\) layer\((\w+)\);\n', re.MULTILINE)


class MarketStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Joins what market.css imports into it, so that a page asks for one file.

    Paths inside url() of an imported sheet are taken as relative to market.css.
    """

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str, bool]]:
        if STYLE_SHEET in paths and not dry_run:
            joined = _IMPORT.sub(self._layer, self._text(STYLE_SHEET))
            self.delete(STYLE_SHEET)
            self._save(STYLE_SHEET, ContentFile(joined.encode()))
            # The stored copy is the one to hash, not the file it was copied from.
            paths = paths | {STYLE_SHEET: (self, STYLE_SHEET)}
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _text(self, name: str) -> str:
        with self.open(name) as file:
            return str(file.read().decode())

    def _layer(self, found: re.Match[str]) -> str:
        name, layer = found.groups()
        return f"@layer {layer} {{\n{self._text(name)}}}\n"
