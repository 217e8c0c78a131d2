"""What the palette offers, in words."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from vae_tui.text import printable
from vae_tui.tui.controllers.other_runs import OtherRuns
from vae_tui.tui.keys.bindings import VIEWS

if TYPE_CHECKING:
    from vae_tui.tui.app import VaeApp


def commands_here(app: "VaeApp", other_runs: OtherRuns) -> Iterator[SystemCommand]:
    """Yield what the keys do now, then the views, kept steps, other runs and themes."""
    yield from app.main.commands_here()
    for number, title in enumerate(VIEWS):
        yield SystemCommand(
            f"Go to {title}", f"View {number + 1}", partial(app.main.action_view, number)
        )
    scene = app.scene
    if scene is not None:
        newest = scene.run.weights_step
        for step in scene.run.kept:
            if step < newest:
                words = "Draw with the weights of this step"
                yield SystemCommand(f"Back to step {step:,}", words, partial(app.travel_to, step))
        runs = scene.runs
        for row in runs.rows if runs else ():
            if runs and row.path != runs.attached:
                name, open_run = (
                    printable(row.summary.name),
                    partial(other_runs.check_open, row.path),
                )
                yield SystemCommand(f"Open run {name}", row.summary.state, open_run)
    for name in app.available_themes:
        if name != app.theme:
            yield SystemCommand(
                f"Theme: {name}", "Colours of the screen", partial(app.choose_theme, name)
            )
