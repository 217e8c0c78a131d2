"""A data set of colour images: about 3,600 emoji, in a sub-folder for each of their groups.

apt install fonts-noto-color-emoji unicode-data
python tests/support/emoji.py FOLDER [--size 32] [--dark]
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
NAMES = Path("/usr/share/unicode/emoji/emoji-test.txt")
BITMAP, GLYPH_SIZE = 109, (136, 128)
"""The only size of the font, and width and height of its glyphs in pixels."""
GROUP = re.compile(r"# group: (.+)")
EMOJI = re.compile(r"([0-9A-F ]+?) *; fully-qualified")


def main() -> int:
    """Write the images; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=32, help="pixels a side")
    parser.add_argument("--dark", action="store_true", help="on black instead of white")
    options = parser.parse_args()
    if missing := [str(path) for path in (FONT, NAMES) if not path.exists()]:
        sys.stderr.write(f"missing: {', '.join(missing)}; see --help\n")
        return 1
    font = ImageFont.truetype(FONT, BITMAP)
    count = 0
    for group, code_points in emoji(NAMES.read_text()):
        text = "".join(chr(int(code, 16)) for code in code_points)
        if font.getlength(text) > GLYPH_SIZE[0] + 4:  # drawn as several glyphs
            continue
        picture = drawn(text, font, "black" if options.dark else "white", options.size)
        folder = options.folder / group
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{'-'.join(code_points).lower()}.png")
        count += 1
    sys.stdout.write(f"{count} images in {options.folder}\n")
    return 0


def emoji(names: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the group and the code points, in hexadecimal, of each emoji of Unicode's list."""
    group = ""
    for line in names.splitlines():
        if found := GROUP.match(line):
            group = found[1].replace(" & ", " and ")
        elif found := EMOJI.match(line):
            yield group, found[1].split()


def drawn(text: str, font: ImageFont.FreeTypeFont, ground: str, size: int) -> Image.Image:
    """Return an emoji in the middle of a square of ``size`` pixels."""
    width, height = GLYPH_SIZE
    picture = Image.new("RGB", (width, width), ground)
    place = 0, (width - height) // 2
    ImageDraw.Draw(picture).text(place, text, font=font, embedded_color=True)
    return picture.resize((size, size), Image.Resampling.BOX)


if __name__ == "__main__":
    sys.exit(main())
