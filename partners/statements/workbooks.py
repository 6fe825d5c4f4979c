"""Whether a workbook is safe to be read, found out before anything reads it.

A workbook is a zip of XML. Every part of it is unpacked once in small pieces, its
size and its elements are counted, and whatever could act or grow is refused: programs,
carried files, document types (and with them entities), parts that no honest month of
sales has. What a part is, its own first element says, never its name.
"""

import io
import zipfile
import zlib
from typing import IO
from xml.parsers import expat

# The XML of 20,000 honest lines is about 12 MB.
UNPACKED_LIMIT = 48 * 1024 * 1024
MEMBER_LIMIT = 400
# 20,000 lines of sixteen columns, and shared texts for all of them.
ELEMENT_LIMIT = 1_000_000
# Excel itself has 16,384 columns; a cell has a value in it.
ROW_ELEMENT_LIMIT = 100_000
# Styles, merged cells, names, themes: outside of rows and texts.
OTHER_ELEMENT_LIMIT = 50_000
DEPTH_LIMIT = 40
_AT_ONCE = 1 << 16
# A search for ASCII would not see through these.
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")


class Unsafe(Exception):
    """The workbook must not be read; `code` is the finding that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def require_safe(data: bytes) -> None:
    """Errors: Unsafe."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
        _require_known_parts([member.filename.lower() for member in members])
        count = _Count()
        for member in members:
            with archive.open(member) as part:
                _Part(count).read(part)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError) as error:
        # RuntimeError: a password, or a compression nobody has.
        raise Unsafe("broken_workbook") from error


def _require_known_parts(names: list[str]) -> None:
    if any("vbaproject" in name or "activex" in name for name in names):
        raise Unsafe("has_macros")
    if any("/embeddings/" in name for name in names):
        raise Unsafe("unsafe_workbook")
    if "xl/workbook.xml" not in names:
        raise Unsafe("not_a_table")
    if len(names) > MEMBER_LIMIT or len(set(names)) < len(names):
        raise Unsafe("unpacks_too_large")


class _Count:
    """What all parts together came to so far."""

    def __init__(self) -> None:
        self.bytes = 0
        self.elements = 0


class _Part:
    """Counts one part as it is unpacked."""

    def __init__(self, count: _Count) -> None:
        self.count = count
        self.depth = 0
        self.row_depth = 0
        self.in_row = 0
        self.others = 0
        self.texts = False

    def read(self, part: IO[bytes]) -> None:
        """To the end, or to the first thing that is wrong. Errors: Unsafe."""
        chunk = part.read(_AT_ONCE)
        parser = self._parser_for(chunk)
        while chunk:
            self.count.bytes += len(chunk)
            if self.count.bytes > UNPACKED_LIMIT:
                raise Unsafe("unpacks_too_large")
            if parser is not None:
                self._feed(parser, chunk)
            chunk = part.read(_AT_ONCE)

    def _parser_for(self, opening: bytes) -> expat.XMLParserType | None:
        if opening.startswith(_UTF_16):
            raise Unsafe("unsafe_workbook")
        if not opening.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
            # A picture or a printer's settings: only its size matters.
            return None
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        return parser

    def _feed(self, parser: expat.XMLParserType, chunk: bytes) -> None:
        try:
            parser.Parse(chunk, False)
        except expat.ExpatError as error:
            raise Unsafe("broken_workbook") from error

    def _doctype(self, *told: object) -> None:
        raise Unsafe("unsafe_workbook")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self.depth += 1
        self.count.elements += 1
        if self.depth == 1:
            self.texts = name == "sst"
        if self.row_depth:
            self.in_row += 1
        elif name == "row":
            self.row_depth, self.in_row = self.depth, 0
        elif not self.texts:
            self.others += 1
        if (
            self.depth > DEPTH_LIMIT
            or self.in_row > ROW_ELEMENT_LIMIT
            or self.others > OTHER_ELEMENT_LIMIT
            or self.count.elements > ELEMENT_LIMIT
        ):
            raise Unsafe("unpacks_too_large")

    def _end(self, name: str) -> None:
        if self.depth == self.row_depth:
            self.row_depth = 0
        self.depth -= 1
