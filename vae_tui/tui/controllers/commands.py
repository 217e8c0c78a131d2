"""What the palette offers: in words, and only what works now."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.binding import ActiveBinding

from vae_tui.text import printable
from vae_tui.tui.controllers.other_runs import OtherRuns
from vae_tui.tui.keys.active_keys import key_display
from vae_tui.tui.keys.bindings import PALETTE, STEERING, STEERING_COMMANDS, VIEWS

if TYPE_CHECKING:
    from vae_tui.tui.app import VaeApp
    from vae_tui.tui.state.scene import Scene

_ELSEWHERE = (PALETTE, "app.view1", "app.next-view")
"""The views have commands of their own."""
_ARROWS = ("up", "down", "left", "right")
"""Keys that move a cursor: no commands."""


def commands_here(app: "VaeApp") -> Iterator[SystemCommand]:
    """Yield the views, then what the keys do now, kept steps and themes."""
    scene, main = app.scene, app.main
    for number, (name, view) in enumerate(zip(VIEWS, main.views, strict=False)):
        if view is not main.view:
            yield SystemCommand(
                f"Go to {name}", f"key {number + 1}", partial(main.action_view, number)
            )
    works = _works(app, scene)
    for one in (one for bindings in main.bindings_here() for one in bindings):
        binding, title = one.binding, one.tooltip.partition(";")[0]
        if binding.id in STEERING:
            title = STEERING_COMMANDS.get(main.steering.get(binding.id, ""), "")
        if binding.id in _ELSEWHERE or binding.key in _ARROWS or not works.get(binding.id, True):
            continue
        if title:
            yield SystemCommand(
                title, _about(app, one), partial(app.run_action, binding.action, one.node)
            )
    save = partial(app.action_run, "save-screen")
    yield SystemCommand("Save the screen as SVG", "a picture of what is shown, as a file", save)
    if scene is not None:
        yield from _times(app, scene)
    for name in app.available_themes:
        if name != app.theme:
            yield SystemCommand(
                f"Theme: {name}", "colours of the screen", partial(app.choose_theme, name)
            )


def open_commands(scene: "Scene | None", other_runs: OtherRuns) -> Iterator[SystemCommand]:
    """Yield the other runs that have been listed so far."""
    runs = scene.runs if scene else None
    for row in runs.rows if runs else ():
        if runs and row.path != runs.attached:
            yield SystemCommand(
                f"Open run {printable(row.summary.name)}",
                row.summary.state,
                partial(other_runs.check_open, row.path),
            )


def _about(app: "VaeApp", one: ActiveBinding) -> str:
    label = app.main.steering.get(one.binding.id or "", one.binding.description)
    return f"key {key_display(app, one)}{f' · {label}' if label else ''}"


def _works(app: "VaeApp", scene: "Scene | None") -> Mapping[str | None, bool]:
    """Return whether the commands that need something work now, by the ids of their bindings."""
    view = app.main.view
    if view is None or scene is None:
        return {}
    has_network = scene.network is not None
    can_morph = has_network and scene.probe is not None
    return {
        "app.sample": has_network and view.can_sample,
        "app.morph": can_morph,
        "walk.morph": can_morph,
        "app.back": has_network and _past_steps(scene) != [],
        "app.now": scene.is_past,
        "app.export": view.export() is not None,
        "app.copy": view.command("RUN") is not None,
    }


def _past_steps(scene: "Scene") -> list[int]:
    return [step for step in scene.run.kept if step < scene.run.weights_step]


def _times(app: "VaeApp", scene: "Scene") -> Iterator[SystemCommand]:
    started = scene.run.started
    for step in _past_steps(scene):
        when = f"epoch {step / max(started.steps_per_epoch, 1):.3g}" if started else f"step {step}"
        yield SystemCommand(
            f"Back to {when}", f"weights of step {step:,}", partial(app.travel_to, step)
        )
