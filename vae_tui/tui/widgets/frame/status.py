"""The top line: run, state, progress, time left, speed, device."""

import math
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual.reactive import var

from vae_tui.run.state import state_text
from vae_tui.text import count, cut, duration, printable, size
from vae_tui.tui.widgets.drawing import Drawing

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.state.run_view import RunView

PROGRAM = "vae-tui"
ROLES = {
    **dict.fromkeys(("reading", "starting", "stopped"), "strong"),
    **dict.fromkeys(("paused", "stalled", "stopping"), "warning"),
    **dict.fromkeys(("failed", "lost"), "alarm"),
    **dict.fromkeys(("running", "finished"), "good"),
}
"""The role of each state's colour."""


class Status(Drawing):
    """Shows the ``parts`` that fit, from the first on; the program's name if all do."""

    DEFAULT_CSS = "Status { height: 1; dock: top; background: $bar; }"

    parts: var[tuple[Text, ...]] = var(())
    """Most important first; none is shown in part."""

    watch_parts = Drawing.redraw

    def _draw(self) -> None:
        line = Text(no_wrap=True)
        parts = (Text(PROGRAM, "quiet"), *self.parts)
        if sum(2 + cell_len(part.plain) for part in parts) > self.size.width:
            parts = self.parts
        for part in parts:
            gap = 2 if line else 1
            if cell_len(line.plain) + gap + cell_len(part.plain) > self.size.width:
                break
            line.append(" " * gap)
            line.append_text(part)
        self.show_text([line])


def status_of(
    run: "RunView", now: float, mode: str, *, link: str, link_is_slow: bool, unicode: bool
) -> tuple[Text, ...]:
    """Return the top line's parts for a run at ``now`` (Unix seconds), ``mode`` after its state.

    The percentage is that of the run's epochs.
    """
    state, left = run.state(now), run.seconds_left()
    speed = run.measured.images_per_second if run.measured else 0.0
    memory = run.measured.memory_bytes if run.measured else 0
    share = min(1.0, max(0.0, run.epoch / run.epochs)) if run.epochs > 0 else 0.0
    dot = "●" if unicode else "*"
    read = f" {1 - run.unread:.0%}" if state == "reading" else ""
    parts = [
        Text(cut(printable(run.name), 24), "bold"),
        Text(f"{dot} {state_text(state, run.silent(now))}{read}", ROLES.get(state, "")),
        Text(f"epoch {_epoch(run.epoch)}/{run.epochs}"),
        _bar(share, 8, unicode),
    ]
    if state == "running" and math.isfinite(left) and run.epoch < run.epochs:
        parts.append(Text(f"{duration(left)} left"))
    if state == "running" and speed:
        parts.append(Text(f"{count(speed)} img/s"))
    if device := _device(run):
        is_live = state in ("running", "paused", "stalled", "stopping")
        parts.append(Text(f"{device} {size(memory)}" if is_live and memory else device))
    if link and link_is_slow:
        parts.insert(3, Text(link, "warning"))
    elif link and state == "running":  # else this label would be the only traffic
        parts.append(Text(link))
    if mode:
        parts.insert(2, Text(mode, "warning"))
    return tuple(parts)


def _device(run: "RunView") -> str:
    """Return where the run is trained: device, precision, processes, and a machine elsewhere."""
    if run.started is None:
        return ""
    processes = f"{run.started.world_size} x " if run.started.world_size > 1 else ""
    host = f" on {run.live_host}" if run.live_host else ""
    return printable(f"{processes}{run.started.device} {run.started.precision}{host}")


def _epoch(epoch: float) -> str:
    return f"{epoch:.0f}" if epoch == int(epoch) else f"{epoch:.1f}"


def _bar(share: float, cells: int, unicode: bool) -> Text:
    full, empty = ("━", "━") if unicode else ("#", "-")
    done = int(share * cells)
    bar = Text(full * done, "news")
    bar.append(empty * (cells - done), "rule")
    return bar.append(f" {int(share * 100)}%")
