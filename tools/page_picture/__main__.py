"""A picture of a page, such as one of experiments.report, by headless Chromium.

python -m tools.page_picture report.html report.png
python -m tools.page_picture report.html phone.png --part faces --width 390 --height 844 --density 2 --dark
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

from experiments.command_line import run
from seethrough.errors import SeethroughError

# Fonts, decoded pictures and the first frames of a viewer come after the page has loaded.
_SETTLE_SECONDS = 2.0
_PARTS = ("runs", "curves", "scores", "pictures", "faces")


def main(arguments: list[str]) -> None:
    """Open the page, take the picture, write it with as few colours as its size asks for."""
    parser = argparse.ArgumentParser(
        "python -m tools.page_picture", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path, metavar="PAGE.html", help="what to open")
    parser.add_argument("picture", type=Path, metavar="PICTURE.png", help="where the picture goes")
    parser.add_argument("--part", nargs="+", choices=_PARTS, help="parts of a report, below each other; default: first")
    parser.add_argument("--run", metavar="SCRIPT", help="JavaScript to run in the page first, such as a click")
    parser.add_argument("--width", type=int, default=1200, help="of the page, px (%(default)s)")
    parser.add_argument("--height", type=int, default=800, help="of each part, px (%(default)s)")
    parser.add_argument("--density", type=float, default=1.0, help="pixels of the screen for one of the page")
    parser.add_argument("--dark", action="store_true", help="as for a reader who prefers dark pages")
    parser.add_argument("--kilobytes", type=int, default=150, help="how large the file may be (%(default)s)")
    options = parser.parse_args(arguments)
    if not options.page.is_file():
        raise SeethroughError(f"{options.page}: there is no such page")

    from PIL import Image

    from experiments.studies.reporting.small_pictures import save_small
    from tools.page_picture.browser import Browser

    parts = []
    with Browser(options.width, options.height, dark=options.dark, density=options.density) as browser:
        browser.open(options.page)
        for part in options.part or [None]:
            if part is not None:
                browser.run("location.hash = arguments[0]", part)
            if options.run:
                browser.run(options.run)
            time.sleep(_SETTLE_SECONDS)
            parts.append(Image.open(io.BytesIO(browser.picture())).convert("RGB"))
    sheet = Image.new("RGB", (parts[0].width, sum(part.height for part in parts)))
    for place, part in enumerate(parts):
        sheet.paste(part, (0, sum(above.height for above in parts[:place])))
    path = save_small(sheet, options.picture, options.kilobytes * 1000)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    run(main)
