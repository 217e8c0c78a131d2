"""What is cut off or overlaps on the screen."""

import time

from rich.cells import cell_len
from support.processes import PATIENCE_SECONDS
from support.screen import Screen
from textual.pilot import Pilot
from textual.widget import Widget

from vae_tui.tui.widgets.drawing import Drawing


async def until_whole(pilot: Pilot[None], screen: Screen, where: object = "") -> None:
    """Wait until nothing is cut or overlaps: the layout follows a new size after a moment."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while found := faults(screen):
        assert time.monotonic() < deadline, f"{where} {found}"
        await pilot.pause(0.02)


def faults(screen: Screen) -> list[str]:
    """Return what is cut or overlaps in what is on the screen now."""
    base = screen.app.screen_stack[0]
    shown = [widget for widget in base.walk_children(Widget) if _is_shown(widget)]
    found = []
    for widget in shown:
        parent = widget.parent
        assert isinstance(parent, Widget)
        if not parent.region.contains_region(widget.region):
            found.append(f"{_name(widget)} {widget.region} leaves {_name(parent)} {parent.region}")
        if isinstance(widget, Drawing):
            rows = [strip.text.rstrip() for strip in widget.rows]
            widest = max(map(cell_len, rows), default=0)
            if widest > widget.size.width:
                found.append(f"{_name(widget)} has {widest} cells for {widget.size.width}: {rows}")
            if len(rows) > widget.size.height:
                found.append(f"{_name(widget)} has {len(rows)} rows for {widget.size.height}")
        for other in parent.children:
            if other is not widget and other in shown and widget.region.overlaps(other.region):
                found.append(f"{_name(widget)} overlaps {_name(other)}")
    return found


def _is_shown(widget: Widget) -> bool:
    return all(one.display for one in (widget, *widget.ancestors) if isinstance(one, Widget)) and (
        not widget.has_class("-textual-system")
    )


def _name(widget: Widget) -> str:
    return f"{type(widget).__name__}#{widget.id}"
