"""Turn our own drawings (SVG) into the pictures that pages show (WebP).

    python -m tools.drawings [NAME ...]

Needs the `browser` dependencies and a Chromium; only whoever draws runs this.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

STOREFRONT = Path(__file__).resolve().parents[1] / "shop" / "storefront"
SIDE = 384
STYLE = "<style>*{margin:0}body{background:transparent}svg{display:block}</style>"


def main(names: list[str]) -> int:
    """Draw these, or all of them."""
    drawings = sorted((STOREFRONT / "drawings").glob("*.svg"))
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": SIDE, "height": SIDE})
        for drawing in drawings:
            if names and drawing.stem not in names:
                continue
            page.set_content(STYLE + drawing.read_text(encoding="utf-8"))
            image = Image.open(io.BytesIO(page.screenshot(omit_background=True)))
            image.save(
                STOREFRONT / "static" / "pictures" / f"{drawing.stem}.webp",
                quality=86,
                method=6,
            )
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
