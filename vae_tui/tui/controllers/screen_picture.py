"""What a screen shows, as an SVG."""

from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.screen import Screen
from textual.strip import Strip

from vae_tui.export.screen_svg import Run, screen_svg
from vae_tui.tui.link.driver import rows_of


def screen_picture(screen: Screen[Any], title: str) -> str:
    """Return the SVG of what a screen shows now."""
    variables = screen.app.theme_variables
    default = Style(color=variables["foreground"], bgcolor=variables["background"])
    return screen_svg([list(_runs(row, default)) for row in rows_of(screen)], title)


def _runs(row: Strip, default: Style) -> Iterator[Run]:
    for segment in row:
        style = default + segment.style if segment.style else default
        colour, ground = _hex(style.color), _hex(style.bgcolor)
        if style.reverse:
            colour, ground = ground, colour
        yield Run(
            _one_a_cell(segment.text),
            colour,
            ground,
            is_bold=bool(style.bold),
            is_italic=bool(style.italic),
            is_underlined=bool(style.underline),
        )


def _one_a_cell(text: str) -> str:
    """Return the text with a space after each character that is two cells wide."""
    if text.isascii():
        return text
    return "".join(f"{each:<{width}}" for each in text if (width := cell_len(each)))


def _hex(colour: Color | None) -> str:
    assert colour is not None
    return colour.get_truecolor().hex
