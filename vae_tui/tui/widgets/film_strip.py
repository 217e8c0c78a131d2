"""Pictures in a row with a title above them, and the norm and the error of each below it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.markup import escape
from rich.text import Text
from textual.message import Message
from textual.reactive import var

from vae_tui.arrays import Bytes, Floats
from vae_tui.terminal.half_blocks import Palette
from vae_tui.terminal.tiles import GAP, fitting
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.panel import Panel, frame_of, title_width
from vae_tui.tui.widgets.pictures import Pictures

MARGIN = 1
"""Cells at each side for the frame of the chosen picture."""
WIDEST_GAP = 4
LEAST_TRACK = 8


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """What a film strip shows."""

    name: str
    title: str
    """What it shows, in parts joined by " · "."""
    pictures: Bytes
    """uint8 (N, H, W)."""
    codes: Floats
    """(N, d)."""
    positions: Sequence[float]
    """Where each picture is on the film: a value of the moved dimension, or a frame of a path."""
    errors: Floats
    """Squared error after each picture was encoded and decoded, (N,)."""
    chosen: int = -1
    """The picture that is framed; -1 for none."""
    dimension: int = -1
    """The only dimension in which the codes differ; -1 for a path."""
    share: float | None = None
    """Where on the strip the frame shown is, 0 to 1; None draws no track."""
    palette: Palette = Palette.COLOURS_256
    unicode: bool = True


class FilmStrip(Panel):
    """Draws ``film``; its owner asks `columns` how many pictures fit."""

    DEFAULT_CSS = """
    FilmStrip { height: 1fr; }
    FilmStrip > .title { height: 1; }
    FilmStrip .numbers { height: 1; color: $quiet; }
    """

    film: var[Film | None] = var(None)

    @dataclass
    class Pressed(Message):
        """A picture was clicked."""

        strip: "FilmStrip"
        position: float
        """As in `Film.positions`."""

    def __init__(self, name: str) -> None:
        """Title ``<name>-caption``, pictures ``<name>``, numbers ``<name>-numbers``."""
        self._pictures, self._numbers = Pictures(id=name), Drawing(id=f"{name}-numbers")
        self._pictures.margins = (MARGIN, 0)
        self._numbers.add_class("numbers")
        self._title = f"#{name}-caption"
        super().__init__(f"{name}-caption", self._pictures, self._numbers, id=f"{name}-panel")

    @property
    def columns(self) -> int:
        """How many pictures fit."""
        return self._pictures.columns

    def fit(self, width: int, pixels: int) -> None:
        """Make room for pictures of ``pixels`` cells in a strip of ``width`` cells."""
        strip, room = self._pictures, width - frame_of(self)[0] - 2 * MARGIN
        columns = max(fitting(room, pixels), 1)
        spare = (room - columns * pixels) // max(columns - 1, 1)
        strip.gap = min(max(spare, GAP), WIDEST_GAP)
        strip.styles.height = pixels // 2
        strip.pixels, strip.columns = pixels, columns

    def on_pictures_pressed(self, message: Pictures.Pressed) -> None:
        """Report which picture was clicked."""
        message.stop()
        if self.film is not None and message.index < len(self.film.positions):
            self.post_message(self.Pressed(self, self.film.positions[message.index]))

    def watch_film(self, film: Film | None) -> None:
        """Redraw."""
        if film is None:
            return
        strip = self._pictures
        strip.palette, strip.chosen, strip.images = film.palette, film.chosen, film.pictures
        cells = strip.pixels + strip.gap
        width = min(strip.columns * cells - strip.gap, title_width(self, self.size.width))
        room = width - len(film.name) - len(film.title) - 2
        has_track = film.share is not None and room >= LEAST_TRACK
        track = f" {_track(film.share or 0.0, room, unicode=film.unicode)}" if has_track else ""
        title = f"[b]{film.name}[/b] {escape(film.title)}{track}"
        self.query_one(self._title, Caption).text = title
        line = Text(" " * MARGIN, no_wrap=True)
        for number, words in enumerate(_numbers(film, cells - 1)):
            line.append(words.ljust(cells)[:cells], "here" if number == film.chosen else "")
        line.rstrip()
        self._numbers.show_text([line])


def _numbers(film: Film, cells: int) -> list[str]:
    """Return what differs between the pictures, in the longest form that fits in ``cells``.

    That is the value of the moved dimension, or on a path the norm of the code; and the error.
    """
    if film.dimension >= 0:
        name, values = f"z{film.dimension + 1}", [_short(value) for value in film.positions]
    else:
        name = "‖z‖" if film.unicode else "|z|"
        values = [f"{norm:.1f}" for norm in np.linalg.norm(film.codes, axis=1)]
    pairs = list(zip(values, film.errors, strict=True))
    forms = f"{name} {{}}  err {{:.0f}}", f"{name} {{}} err {{:.0f}}"
    for form in (*forms, f"{name} {{}}" if film.dimension >= 0 else "{} err {:.0f}"):
        words = [form.format(*pair) for pair in pairs]
        if max(map(len, words)) <= cells:
            break
    return words


def _short(value: float) -> str:
    """Return at most two decimals: ``-1.5``, ``0``, ``1.83``."""
    return f"{round(value, 2) + 0:g}"  # + 0: not -0


def _track(share: float, width: int, *, unicode: bool) -> str:
    at, (line, point) = round(share * (width - 1)), "─●" if unicode else "-o"
    return f"[rule]{line * at}[/][here]{point}[/][rule]{line * (width - 1 - at)}[/]"
