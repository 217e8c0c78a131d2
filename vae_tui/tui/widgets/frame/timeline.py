"""The steps whose weights are kept, on a line that ends now; which of them the views draw with."""

from dataclasses import dataclass

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.reactive import var

from vae_tui.tui.widgets.drawing import Drawing

LEAST_WIDTH = 20
"""Cells; nothing is shown in fewer."""
_LABEL = " time "
_NOW = " now "
_UNICODE, _ASCII = tuple("●○◆◇─━"), tuple("o.*+-=")
"""A kept step that is drawn with or all of them, one that is not, the same of now, and the line:
between steps and where they touch."""


@dataclass(frozen=True, slots=True)
class Times:
    """What the timeline shows."""

    kept: tuple[int, ...] = ()
    """Steps before the newest one, ascending."""
    shown: int | None = None
    """The one of ``kept`` that the views draw with; None for the newest."""
    unicode: bool = True


class Timeline(Drawing):
    """Draws ``times``, evenly spaced, in one bar where they touch; a click reports the nearest."""

    DEFAULT_CSS = "Timeline { height: 1; width: 1fr; background: $bar; }"

    times: var[Times] = var(Times())
    watch_times = Drawing.redraw

    @dataclass
    class Pressed(Message):
        """A place of the line was clicked."""

        step: int | None
        """The kept step nearest to it; None for now."""

    def on_click(self, event: Click) -> None:
        """Report the step nearest to the click."""
        places = self._places()
        if places:
            nearest = min(range(len(places)), key=lambda index: abs(places[index] - event.x))
            steps = (*self.times.kept, None)
            self.post_message(self.Pressed(steps[nearest]))

    def _places(self) -> list[int]:
        """Return the column of each kept step and of now; empty where there is no room."""
        kept, shown = self.times.kept, self.times.shown
        right = len(_NOW) if shown is None else len(f" {shown:,} ")
        cells = self.size.width - len(_LABEL) - right
        if not kept or self.size.width < LEAST_WIDTH or cells < 2:
            return []
        return [len(_LABEL) + round(at * (cells - 1) / len(kept)) for at in range(len(kept) + 1)]

    def _draw(self) -> None:
        times, places = self.times, self._places()
        if not places:
            self.show_text([])
            return
        full, hollow, now, other_now, rule, dense = _UNICODE if times.unicode else _ASCII
        others, end = (full, now) if times.shown is None else (hollow, other_now)
        line = Text(_LABEL, "quiet", no_wrap=True)
        line.append(rule * (places[-1] + 1 - places[0]), "rule")
        line.append(_NOW if times.shown is None else f" {times.shown:,} ", "quiet")
        cells = list(line.plain)
        here = places[times.kept.index(times.shown)] if times.shown in times.kept else places[-1]
        touch = 2 * len(places) > places[-1] + 1 - places[0]
        marked = range(places[0], places[-1]) if touch else places[:-1]
        for place in marked:
            cells[place] = full if place == here else dense if touch else others
        cells[places[-1]] = end
        line.plain = "".join(cells)
        for place in (*marked, places[-1]):
            line.stylize("quiet", place, place + 1)
        line.stylize("here", here, here + 1)
        self.show_text([line])
