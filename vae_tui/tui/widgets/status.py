"""The top line: run, state, progress, time left, speed, device."""

import math
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual.events import Resize
from textual.reactive import var

from vae_tui.text import count, duration, printable, size
from vae_tui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.state.run_view import RunView

COLOURS = {
    "reading": "color(250)",
    "starting": "color(250)",
    "running": "color(78)",
    "paused": "color(214)",
    "finished": "color(39)",
    "stopped": "color(250)",
    "failed": "color(203)",
    "lost": "color(203)",
    "stalled": "color(214)",
}


class Status(Drawing):
    """Shows the parts it was given, as many as fit, the most important first."""

    DEFAULT_CSS = "Status { height: 1; dock: top; background: $panel; }"

    parts: var[tuple[Text, ...]] = var(())
    """In order of importance; each stands whole or not at all."""

    def watch_parts(self) -> None:
        """Redraw."""
        self._draw()

    def on_resize(self, _: Resize) -> None:
        """Redraw in the new width."""
        self._draw()

    def _draw(self) -> None:
        line = Text(no_wrap=True)
        for part in self.parts:
            gap = 2 if line else 1
            if cell_len(line.plain) + gap + cell_len(part.plain) > self.size.width:
                break
            line.append(" " * gap)
            line.append_text(part)
        self.show_text([line])


def status_of(
    run: "RunView",
    now: float,
    notice: str,
    *,
    link: str = "",
    link_is_slow: bool = False,
    unicode: bool,
) -> tuple[Text, ...]:
    """Return the top line's parts for a run; ``now`` in Unix seconds."""
    measured, started = run.measured, run.started
    return status_parts(
        run.name,
        run.state(now),
        run.epoch,
        run.epochs,
        seconds_left=run.seconds_left(),
        images_per_second=measured.images_per_second if measured else 0.0,
        device=f"{started.device} {started.precision}" if started else "",
        memory_bytes=measured.memory_bytes if measured else 0,
        silent_seconds=run.silent(now),
        notice=notice,
        link=link,
        link_is_slow=link_is_slow,
        unicode=unicode,
    )


def status_parts(
    name: str,
    state: str,
    epoch: float,
    epochs: int,
    *,
    seconds_left: float = math.nan,
    images_per_second: float = 0.0,
    device: str = "",
    memory_bytes: int = 0,
    silent_seconds: float = 0.0,
    notice: str = "",
    link: str = "",
    link_is_slow: bool = False,
    unicode: bool = True,
) -> tuple[Text, ...]:
    """Return the top line's parts; a percentage is of all epochs of the run."""
    share = min(1.0, max(0.0, epoch / epochs)) if epochs > 0 else 0.0
    name, device = printable(name), printable(device)
    live = state in ("running", "paused", "stalled")
    told = f"{state} {duration(silent_seconds)}" if state == "stalled" else state
    parts = [
        Text(name if len(name) <= 24 else name[:23] + "~", "bold"),
        Text(told, f"bold {COLOURS.get(state, '')}"),
        Text(f"epoch {_epoch(epoch)}/{epochs}"),
        _bar(share, 10, unicode),
    ]
    if state == "running" and math.isfinite(seconds_left):
        parts.append(Text(f"{duration(seconds_left)} left"))
    if state == "running" and images_per_second:
        parts.append(Text(f"{count(images_per_second)} img/s"))
    if device:
        parts.append(Text(f"{device} {size(memory_bytes)}" if live and memory_bytes else device))
    if link and link_is_slow:
        parts.insert(3, Text(link, "color(214)"))
    elif link and state == "running":  # else telling it would be all the traffic there is
        parts.append(Text(link))
    if notice:
        parts.insert(2, Text(notice, "color(214)"))
    return tuple(parts)


def _epoch(epoch: float) -> str:
    return f"{epoch:.0f}" if epoch == int(epoch) else f"{epoch:.1f}"


def _bar(share: float, cells: int, unicode: bool) -> Text:
    full, empty = ("━", "━") if unicode else ("#", "-")
    done = int(share * cells)
    bar = Text(full * done, "color(39)")
    bar.append(empty * (cells - done), "color(238)")
    return bar.append(f" {int(share * 100)}%")
