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
            # From the sources: the copy here may be one that was joined before.
            joined = _IMPORT.sub(
                lambda found: self._layer(found, paths), self._text(STYLE_SHEET, paths)
            )
            self.delete(STYLE_SHEET)
            self._save(STYLE_SHEET, ContentFile(joined.encode()))
            # The stored copy is the one to hash, not the file it was copied from.
            paths = paths | {STYLE_SHEET: (self, STYLE_SHEET)}
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _text(self, name: str, paths: dict[str, Any]) -> str:
        storage, path = paths[name]
        with storage.open(path) as file:
            return str(file.read().decode())

    def _layer(self, found: re.Match[str], paths: dict[str, Any]) -> str:
        name, layer = found.groups()
        return f"@layer {layer} {{\n{self._text(name, paths)}}}\n"
