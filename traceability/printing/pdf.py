"""Just enough PDF to print many small pages fast: streams out, holds no page back.

Source: ISO 32000-1. Lengths are millimetres, the origin is the lower left corner. Text
is set in embedded fonts, of which only the signs that were used go into the file.
"""

import io
import logging
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

# It reports every table it looks at.
logging.getLogger("fontTools").setLevel(logging.WARNING)

Value = TypeVar("Value")
POINTS_PER_MM = 72 / 25.4
_FONTS = Path(__file__).resolve().parents[1] / "fonts"
SANS = _FONTS / "NotoSansSC-subset.ttf"
MONO = _FONTS / "NotoSansMono-subset.ttf"
_UNKNOWN_SIGN = "\u3013"  # 〓, what Chinese printers set for a sign they lack
# Shorter streams, those of one label, repeat little beyond single signs: to look for
# more takes zlib twice the time and saves three bytes of a hundred.
_SHORT = 1 << 10
_TABLES = ("glyf", "loca", "head", "hhea", "hmtx", "maxp")


class _Metrics(NamedTuple):
    glyphs: Mapping[int, int]  # code point -> glyph
    widths: tuple[float, ...]  # of glyphs, in ems
    ascent: float
    descent: float
    box: tuple[int, int, int, int]
    name: str


def _opened(path: Path) -> "TTFont":
    # A third of a second that only who prints has to wait.
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    return TTFont(path, lazy=True, recalcTimestamp=False)


@lru_cache(maxsize=8)
def _metrics(path: Path) -> _Metrics:
    font = _opened(path)
    unit = font["head"].unitsPerEm
    order = {name: index for index, name in enumerate(font.getGlyphOrder())}
    head, hhea, advances = font["head"], font["hhea"], font["hmtx"]
    return _Metrics(
        glyphs={code: order[name] for code, name in font.getBestCmap().items()},
        widths=tuple(advances[name][0] / unit for name in font.getGlyphOrder()),
        ascent=hhea.ascent / unit,
        descent=hhea.descent / unit,
        box=(head.xMin, head.yMin, head.xMax, head.yMax),
        name=path.stem,
    )


@lru_cache(maxsize=16)
def _subset(path: Path, glyphs: tuple[int, ...]) -> bytes:
    """The font with these glyphs alone, under the numbers that they have in it."""
    from fontTools import subset  # noqa: PLC0415  as in _opened

    font = _opened(path)
    options = subset.Options()
    options.retain_gids = True
    options.hinting = False
    options.notdef_outline = True
    options.drop_tables += [t for t in font.reader.tables if t not in _TABLES]
    maker = subset.Subsetter(options)
    maker.populate(gids=glyphs)
    maker.subset(font)
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


class _BySign(dict[str, Value]):
    """What is worked out for a sign when it comes for the first time."""

    def __init__(self, work_out: Callable[[str], Value]) -> None:
        self._work_out = work_out

    def __missing__(self, sign: str) -> Value:
        found = self[sign] = self._work_out(sign)
        return found


class Font:
    """A font of one document; remembers which signs it was asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._metrics = _metrics(path)
        self._used: dict[int, int] = {}  # glyph -> code point
        self._widths = _BySign(self._width)
        self._shown = _BySign(self._show)

    def width(self, text: str, size: float) -> float:
        """How wide the text is at a size, both in the same unit."""
        return size * sum(map(self._widths.__getitem__, text))

    def show(self, text: str) -> str:
        """The operand that shows the text: hexadecimal glyph numbers."""
        return f"<{''.join(map(self._shown.__getitem__, text))}>"

    def _width(self, sign: str) -> float:
        return self._metrics.widths[self._glyph(sign)]

    def _show(self, sign: str) -> str:
        glyph = self._glyph(sign)
        self._used.setdefault(glyph, ord(sign))
        return f"{glyph:04x}"

    def fitted(self, text: str, size: float, width: float) -> float:
        """The size at which the text is at most `width` wide, never above `size`."""
        wide = self.width(text, size)
        return size if wide <= width else size * width / wide

    def wrapped(self, text: str, size: float, width: float) -> list[str]:
        """Lines of at most `width`. Chinese breaks anywhere, but no closing sign
        begins a line; Latin words stay whole where they fit."""
        lines, line = [], ""
        for piece in _pieces(text):
            if line and self.width(line + piece, size) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece.lstrip() if not line else piece
        return [*lines, line.rstrip()] if line else lines

    def _glyph(self, sign: str) -> int:
        glyphs = self._metrics.glyphs
        return glyphs.get(ord(sign), glyphs.get(ord(_UNKNOWN_SIGN), 0))

    def write(self, pdf: "Pdf", number: int) -> None:
        """Put the font, with the signs used, under the object `number`."""
        metrics = self._metrics
        # With all of ASCII, files of one print share a subset whatever their codes are.
        ascii_signs = {metrics.glyphs.get(code, 0) for code in range(0x20, 0x7F)}
        glyphs = tuple(sorted(ascii_signs | set(self._used)))
        file = pdf.add_stream(_subset(self._path, glyphs), "")
        box = " ".join(str(round(edge)) for edge in metrics.box)
        descriptor = pdf.add(
            f"<</Type/FontDescriptor/FontName/{metrics.name}/Flags 4/FontBBox[{box}]"
            f"/ItalicAngle 0/Ascent {metrics.ascent * 1000:.0f}"
            f"/Descent {metrics.descent * 1000:.0f}/CapHeight 733/StemV 80"
            f"/FontFile2 {file} 0 R>>"
        )
        widths = "".join(
            f"{glyph}[{metrics.widths[glyph] * 1000:.0f}]"
            for glyph in sorted(self._used)
        )
        descendant = pdf.add(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{metrics.name}"
            "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            f"/FontDescriptor {descriptor} 0 R/CIDToGIDMap/Identity/DW 1000"
            f"/W[{widths}]>>"
        )
        to_unicode = pdf.add_stream(self._to_unicode().encode(), "")
        pdf.put(
            number,
            f"<</Type/Font/Subtype/Type0/BaseFont/{metrics.name}/Encoding/Identity-H"
            f"/DescendantFonts[{descendant} 0 R]/ToUnicode {to_unicode} 0 R>>",
        )

    def _to_unicode(self) -> str:
        """So that text can be searched, copied and read aloud."""
        pairs = [
            f"<{glyph:04x}> <{chr(code).encode('utf-16-be').hex()}>"
            for glyph, code in sorted(self._used.items())
        ]
        blocks = [
            f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar"
            for block in (pairs[i : i + 100] for i in range(0, len(pairs), 100))
        ]
        return (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
            "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
            + "\n".join(blocks)
            + "\nendcmap CMapName currentdict /CMap defineresource pop end end"
        )


class Pdf:
    """A PDF that is written from the front to the back."""

    def __init__(self, out: BinaryIO, *, title: str) -> None:
        self._out = out
        self._offsets: list[int] = []
        self._position = 0
        self._pages: list[int] = []
        self._title = title
        self._fonts: dict[str, tuple[Font, int]] = {}
        self._write(b"%PDF-1.7\n%\xe4\xb9\xa1\xe9\x9b\x86\n")
        self._tree = self.reserve()

    def font(self, name: str, path: Path) -> Font:
        """A font that pages and forms may use under `name`."""
        found = Font(path)
        self._fonts[name] = (found, self.reserve())
        return found

    def reserve(self) -> int:
        """The number of an object that is put later."""
        self._offsets.append(0)
        return len(self._offsets)

    def put(self, number: int, body: str | bytes) -> None:
        """Write an object."""
        data = body if isinstance(body, bytes) else body.encode("latin-1")
        self._offsets[number - 1] = self._position
        self._write(f"{number} 0 obj\n".encode() + data + b"\nendobj\n")

    def add(self, body: str | bytes) -> int:
        """Write an object with a new number."""
        number = self.reserve()
        self.put(number, body)
        return number

    def add_stream(self, data: bytes, entries: str) -> int:
        """Write a compressed stream; `entries` go into its dictionary."""
        packed = _packed(data)
        head = f"<</Length {len(packed)}/Filter/FlateDecode{entries}>>\nstream\n"
        return self.add(head.encode() + packed + b"\nendstream")

    def add_form(self, content: str, width: float, height: float) -> int:
        """A drawing that many pages repeat, in millimetres."""
        return self.add_stream(
            content.encode("latin-1"),
            f"/Type/XObject/Subtype/Form/BBox[0 0 {width:g} {height:g}]"
            f"/Resources<</Font<<{self._font_names()}>>>>",
        )

    def add_page(
        self,
        content: str,
        *,
        width: float,
        height: float,
        forms: Mapping[str, int] | None = None,
    ) -> None:
        """A page of `width` by `height` millimetres, drawn in millimetres."""
        scaled = f"{POINTS_PER_MM:.6f} 0 0 {POINTS_PER_MM:.6f} 0 0 cm\n{content}"
        stream = self.add_stream(scaled.encode("latin-1"), "")
        names = "".join(f"/{name} {ref} 0 R" for name, ref in (forms or {}).items())
        box = f"0 0 {width * POINTS_PER_MM:.3f} {height * POINTS_PER_MM:.3f}"
        self._pages.append(
            self.add(
                f"<</Type/Page/Parent {self._tree} 0 R/MediaBox[{box}]"
                f"/Contents {stream} 0 R/Resources<</Font<<{self._font_names()}>>"
                f"/XObject<<{names}>>>>>>"
            )
        )

    def finish(self) -> None:
        """Write what holds the pages together."""
        for font, number in self._fonts.values():
            font.write(self, number)
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self.put(self._tree, f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]>>")
        title = self._title.encode("utf-16-be").hex()
        info = self.add(f"<</Title<feff{title}>/Producer(Xiangji)>>")
        catalog = self.add(
            f"<</Type/Catalog/Pages {self._tree} 0 R/Lang(zh-Hans)"
            "/ViewerPreferences<</DisplayDocTitle true/PrintScaling/None>>>>"
        )
        start = self._position
        lines = [f"{offset:010d} 00000 n \n" for offset in self._offsets]
        self._write(
            f"xref\n0 {len(lines) + 1}\n0000000000 65535 f \n{''.join(lines)}"
            f"trailer\n<</Size {len(lines) + 1}/Root {catalog} 0 R/Info {info} 0 R>>\n"
            f"startxref\n{start}\n%%EOF\n".encode()
        )

    def _font_names(self) -> str:
        return "".join(f"/{name} {ref} 0 R" for name, (_f, ref) in self._fonts.items())

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._position += len(data)


def text_at(name: str, font: Font, text: str, x: float, y: float, size: float) -> str:
    """Set one line of text with its baseline's beginning at x, y."""
    return f"BT /{name} {size:.3f} Tf {x:.3f} {y:.3f} Td {font.show(text)} Tj ET\n"


def bitmap_at(bits: bytes, side: int, x: float, y: float, size: float) -> str:
    """Paint the 1-bits of a square of `side` bits black, `size` millimetres wide. Each
    row begins with a new byte."""
    return (
        f"q {size:.4f} 0 0 {size:.4f} {x:.4f} {y:.4f} cm\n"
        f"BI /W {side} /H {side} /BPC 1 /IM true /D [1 0] /F /AHx ID\n"
        f"{bits.hex()}>\nEI Q\n"
    )


def _packed(data: bytes) -> bytes:
    """A stream by FlateDecode, ISO 32000-1, 7.4.4."""
    signs_alone = len(data) < _SHORT
    packer = zlib.compressobj(
        level=6,
        # No larger than needed: it is made anew for each stream.
        wbits=10 if signs_alone else zlib.MAX_WBITS,
        strategy=zlib.Z_HUFFMAN_ONLY if signs_alone else zlib.Z_DEFAULT_STRATEGY,
    )
    return packer.compress(data) + packer.flush()


def _pieces(text: str) -> list[str]:
    """What a line may end behind: a Chinese sign, or a Latin word with its space."""
    closing = "，。、；：？！）》”’,.;:?!)%℃"
    pieces: list[str] = []
    for sign in text:
        before = pieces[-1][-1] if pieces else ""
        in_word = sign.isascii() and before.isascii() and " " not in (sign, before)
        if before and (sign in closing or sign == " " or in_word):
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces
