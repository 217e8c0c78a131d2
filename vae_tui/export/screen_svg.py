"""A screen of a terminal as an SVG that looks like it everywhere.

Unlike Rich's and Textual's own export: half-blocks, bars, lines and braille are drawn as
shapes, so no font leaves gaps in a picture; pixels of a colour are one path, so a screen full of
digits takes tens of kilobytes instead of hundreds; it loads no font from the network.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vae_tui.export.glyph_shapes import HEIGHT, WIDTH, line_of, pixels_of, rectangles_of

_FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_FONT_SIZE = 13.2
"""A character of these fonts is then about as wide as a cell."""
_BASELINE = 12
_PHRASE = re.compile(r"[^ ]+(?: [^ ]+)*")
"""Two spaces end it: SVG shows them as one."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one style; each character takes one cell."""

    text: str
    colour: str
    """``#rrggbb``, as the ground."""
    ground: str
    is_bold: bool = False
    is_italic: bool = False
    is_underlined: bool = False


def screen_svg(rows: Sequence[Iterable[Run]], title: str) -> str:
    """Return the SVG of the rows of a screen; ``title`` is read out by screen readers."""
    drawing = _Drawing()
    columns = max((drawing.add(y, row) for y, row in enumerate(rows)), default=0)
    width, height = columns * WIDTH, len(rows) * HEIGHT
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        f"<title>{_escaped(title)}</title>",
        *drawing.elements(columns, len(rows)),
        "</svg>\n",
    ])  # fmt: skip


class _Drawing:
    """Shapes by their colour, and texts."""

    def __init__(self) -> None:
        self._pixels: list[list[str]] = []
        """Colours of half cells, row by row."""
        self._rectangles: dict[str, list[str]] = defaultdict(list)
        self._lines: dict[str, list[str]] = defaultdict(list)
        self._texts: dict[Run, list[str]] = defaultdict(list)
        """Text elements by their style: a run without text and ground."""

    def add(self, y: int, row: Iterable[Run]) -> int:
        """Add a row of the screen; return its number of cells."""
        upper: list[str] = []
        lower: list[str] = []
        for run in row:
            words = ""
            for character in run.text:
                x = len(upper)
                top, bottom = pixels_of(character, run.colour, run.ground)
                upper.append(top)
                lower.append(bottom)
                shapes, line = rectangles_of(character, x, y), line_of(character, x, y)
                if shapes:
                    self._rectangles[run.colour] += shapes
                if line:
                    self._lines[run.colour].append(line)
                is_shape = shapes or line or (top, bottom) != (run.ground, run.ground)
                words += " " if is_shape else character
            self._add_text(words, len(upper) - len(run.text), y, run)
        self._pixels += [upper, lower]
        return len(upper)

    def _add_text(self, words: str, x: int, y: int, run: Run) -> None:
        style = Run("", run.colour, "", run.is_bold, run.is_italic, run.is_underlined)
        for phrase in _PHRASE.finditer(words):
            text, left = phrase[0], x + phrase.start()
            self._texts[style].append(
                f'<text x="{left * WIDTH}" y="{y * HEIGHT + _BASELINE}" '
                f'textLength="{len(text) * WIDTH}">{_escaped(text)}</text>'
            )

    def elements(self, columns: int, rows: int) -> Iterable[str]:
        """Yield the SVG's elements: grounds and pixels, shapes, lines, texts."""
        counts = Counter(colour for row in self._pixels for colour in row)
        common = counts.most_common(1)[0][0] if counts else "#000000"
        yield f'<rect width="100%" height="100%" fill="{common}"/>'
        yield f'<g transform="scale({WIDTH} {HEIGHT // 2})" shape-rendering="crispEdges">'
        for colour, areas in _areas(self._pixels).items():
            if colour != common:
                yield f'<path fill="{colour}" d="{"".join(areas)}"/>'
        yield "</g>"
        # Without anti-aliasing: it would leave hairlines between bars that touch.
        yield '<g shape-rendering="crispEdges">'
        for colour, shapes in self._rectangles.items():
            yield f'<path fill="{colour}" d="{"".join(shapes)}"/>'
        yield "</g>"
        for colour, lines in self._lines.items():
            yield f'<path fill="none" stroke="{colour}" d="{"".join(lines)}"/>'
        yield f'<g font-family="{_FONT}" font-size="{_FONT_SIZE}">'
        for style, texts in self._texts.items():
            more = ' font-weight="bold"' if style.is_bold else ""
            more += ' font-style="italic"' if style.is_italic else ""
            more += ' text-decoration="underline"' if style.is_underlined else ""
            yield f'<g fill="{style.colour}"{more}>'
            yield from texts
            yield "</g>"
        yield "</g>"


def _escaped(text: str) -> str:
    # The html module would cost the first paint 2 ms.
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _areas(pixels: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Return paths that cover the pixels of each colour: equal runs of adjacent rows are one."""
    areas: dict[str, list[str]] = defaultdict(list)
    open_runs: dict[tuple[int, int, str], int] = {}
    for y, row in enumerate([*pixels, []]):
        runs = set(_runs(row))
        for run in [run for run in open_runs if run not in runs]:
            x, length, colour = run
            top = open_runs.pop(run)
            areas[colour].append(f"M{x} {top}h{length}v{y - top}h-{length}z")
        for run in runs:
            open_runs.setdefault(run, y)
    return {colour: sorted(paths) for colour, paths in sorted(areas.items())}


def _runs(row: Sequence[str]) -> Iterable[tuple[int, int, str]]:
    """Yield start, length and colour of the runs of equal pixels."""
    begin = 0
    for x in range(1, len(row) + 1):
        if x == len(row) or row[x] != row[begin]:
            yield begin, x - begin, row[begin]
            begin = x
