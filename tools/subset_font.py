"""Make the small fonts that labels and certificates carry.

    python -m tools.subset_font NotoSansSC_400Regular.ttf NotoSansMono_600SemiBold.ttf

The sources are Noto Sans SC and Noto Sans Mono (SIL Open Font License 1.1, npm packages
`@expo-google-fonts/noto-sans-sc` and `@expo-google-fonts/noto-sans-mono`). Of the first
we keep Latin letters, punctuation, every character of GB 2312 and every character in
the names of China's divisions; of the second ASCII. The same sources give the same
bytes. Writes into traceability/fonts/.
"""

import gzip
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1]
NAMES = ROOT / "partners" / "organisations" / "data"
FONTS = ROOT / "traceability" / "fonts"
ASCII = set(range(0x20, 0x7F))


def chinese() -> set[int]:
    """The code points that the Chinese font keeps."""
    found = ASCII | set(range(0xA0, 0x100))
    found |= set(range(0x2010, 0x2028)) | set(range(0x3000, 0x3020))
    found |= set(range(0xFF00, 0xFFEF)) | {0x2030, 0x2103, 0x2116, 0x2713}
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            text = bytes((high, low)).decode("gb2312", errors="ignore")
            found |= {ord(sign) for sign in text}
    for path in NAMES.glob("*.tsv.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found |= {ord(sign) for line in lines for sign in line if sign > "\x7f"}
    return found


def shrink(source: str, wanted: set[int], target: Path) -> None:
    """Keep only these code points of a font."""
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options()
    # Text is set sign by sign, so nothing that shapes or hints is needed.
    options.layout_features = []
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GSUB", "GPOS", "GDEF"]
    options.glyph_names = False
    maker = subset.Subsetter(options)
    maker.populate(unicodes=wanted)
    maker.subset(font)
    font.save(target)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")


def main(sans: str, mono: str) -> None:
    shrink(sans, chinese(), FONTS / "NotoSansSC-subset.ttf")
    shrink(mono, ASCII, FONTS / "NotoSansMono-subset.ttf")


if __name__ == "__main__":
    main(*sys.argv[1:])
