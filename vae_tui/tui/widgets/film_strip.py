"""Pictures in a row with a title above them, and norm and energy of each below it."""

from dataclasses import dataclass

import numpy as np
from rich.text import Text
from textual.reactive import var

from vae_tui.arrays import Bytes, Floats
from vae_tui.terminal.half_blocks import Palette
from vae_tui.terminal.tiles import fitting
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.panel import Panel, frame_of
from vae_tui.tui.widgets.pictures import Pictures


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """What a film strip shows."""

    title: str
    pictures: Bytes
    """uint8 (N, H, W)."""
    codes: Floats
    """(N, d)."""
    energies: Floats
    """Squared error after each picture was encoded and decoded, (N,)."""
    share: float | None = None
    """Where on the strip the frame shown is, 0 to 1; None draws no track."""
    palette: Palette = Palette.GREYS


class FilmStrip(Panel):
    """Draws ``film``; its owner asks `columns` how many pictures fit."""

    DEFAULT_CSS = """
    FilmStrip { height: 1fr; }
    FilmStrip > .title { height: 1; }
    FilmStrip #numbers { height: 1; color: $quiet; }
    """

    film: var[Film | None] = var(None)

    def __init__(self) -> None:
        """Title, pictures, numbers."""
        super().__init__("strip-caption", Pictures(id="strip"), Drawing(id="numbers"))

    @property
    def columns(self) -> int:
        """How many pictures fit."""
        return self.query_one("#strip", Pictures).columns

    def fit(self, width: int, pixels: int) -> None:
        """Make room for pictures of ``pixels`` cells in a strip of ``width`` cells."""
        strip = self.query_one("#strip", Pictures)
        strip.styles.height = pixels // 2
        strip.pixels, strip.columns = pixels, max(fitting(width - frame_of(self)[0], pixels), 1)

    def watch_film(self, film: Film | None) -> None:
        """Redraw."""
        if film is None:
            return
        strip = self.query_one("#strip", Pictures)
        strip.palette, strip.images = film.palette, film.pictures
        cells = strip.pixels + strip.gap
        width = strip.columns * cells - strip.gap - 8
        track = "" if film.share is None else f" {_track(film.share, width)}"
        self.query_one("#strip-caption", Caption).text = f"{film.title}{track}"
        line = Text(no_wrap=True)
        norms = np.linalg.norm(film.codes, axis=1)
        for norm, energy in zip(norms, film.energies, strict=True):
            line.append(f"|z|{norm:.1f} E{energy:.0f}".ljust(cells)[:cells])
        self.query_one("#numbers", Drawing).show_text([line])


def _track(share: float, width: int) -> str:
    at = round(share * (width - 1))
    return f"[rule]{'─' * at}[/][here]●[/][rule]{'─' * (width - 1 - at)}[/]"
