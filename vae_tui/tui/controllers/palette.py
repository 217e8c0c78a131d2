"""What the palette offers: in words, and only what works now."""

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.binding import ActiveBinding

from vae_tui.text import printable
from vae_tui.tui.controllers.other_runs import OtherRuns
from vae_tui.tui.dialogs.palette import Palette
from vae_tui.tui.keys.active_keys import key_display
from vae_tui.tui.keys.bindings import ARROWS, PALETTE, STEERING, STEERING_COMMANDS, VIEWS
from vae_tui.tui.state.scene_store import SceneStore

if TYPE_CHECKING:
    from vae_tui.tui.app import VaeApp
    from vae_tui.tui.state.scene import Scene

_ELSEWHERE = (PALETTE, "app.view1", "app.next-view", "app.previous-view")
"""The views have commands of their own."""


class PaletteController:
    """Opens the palette on the main screen."""

    def __init__(self, app: "VaeApp", store: SceneStore, other_runs: OtherRuns) -> None:
        self._app = app
        self._store = store
        self._other_runs = other_runs

    def open(self) -> None:
        """Open the palette; the list of runs is read while it is open."""
        self._other_runs.set_listing(True)
        here = list(self.commands())  # once: some depend on what is on the screen
        self._app.push_screen(Palette(lambda: [*here, *self._open_commands()]), self._closed)

    def _closed(self, _: None) -> None:  # also when the screens were removed: on leaving
        if self._app.screen_stack and (view := self._app.main.view) is not None:
            self._other_runs.set_listing(view.LISTS_RUNS)

    def commands(self) -> Iterator[SystemCommand]:
        """Yield the views, then what the keys do now, kept steps and themes."""
        app, scene, main = self._app, self._store.scene, self._app.main
        for number, (name, view) in enumerate(zip(VIEWS, main.views, strict=False)):
            if view is not main.view:
                yield SystemCommand(
                    f"Go to {name}", f"key {number + 1}", partial(main.action_view, number)
                )
        works = self._works()
        for one in (one for bindings in main.bindings_here() for one in bindings):
            binding, title = one.binding, one.tooltip.partition(";")[0]
            if binding.id in STEERING:
                title = STEERING_COMMANDS.get(main.steering.get(binding.id, ""), "")
            if binding.id in _ELSEWHERE or binding.key in ARROWS:
                continue
            if title and works.get(binding.id, True):
                run = partial(app.run_action, binding.action, one.node)
                yield SystemCommand(title, self._about(one), run)
        save = partial(app.action_run, "save-screen")
        yield SystemCommand("Save the screen as SVG", "a picture of what is shown, as a file", save)
        if scene is not None:
            yield from self._times(scene)
        for name in app.available_themes:
            if name != app.theme:
                yield SystemCommand(
                    f"Theme: {name}", "colours of the screen", partial(app.choose_theme, name)
                )

    def _open_commands(self) -> Iterator[SystemCommand]:
        """Yield the other runs that have been listed so far."""
        runs = self._store.scene.runs if self._store.scene else None
        for row in runs.rows if runs else ():
            if runs and row.path != runs.attached:
                yield SystemCommand(
                    f"Open run {printable(row.summary.name)}",
                    row.summary.state,
                    partial(self._other_runs.check_open, row.path),
                )

    def _about(self, one: ActiveBinding) -> str:
        label = self._app.main.steering.get(one.binding.id or "", one.binding.description)
        return f"key {key_display(self._app, one.binding)}{f' · {label}' if label else ''}"

    def _works(self) -> Mapping[str | None, bool]:
        """Return whether the commands that need something work now, by their bindings' ids."""
        view, scene = self._app.main.view, self._store.scene
        if view is None or scene is None:
            return {}
        has_network = scene.network is not None
        can_morph = has_network and scene.probe is not None
        return {
            "app.sample": has_network and view.can_sample,
            "app.morph": can_morph,
            "walk.morph": can_morph,
            "app.back": has_network and scene.run.past_steps != (),
            "app.now": scene.is_past,
            "app.export": view.export() is not None,
            "app.copy": view.command("RUN") is not None,
        }

    def _times(self, scene: "Scene") -> Iterator[SystemCommand]:
        for step in scene.run.past_steps:
            epoch = scene.run.epoch_of(step)
            when = f"step {step}" if math.isnan(epoch) else f"epoch {epoch:.3g}"
            travel = partial(self._store.travel_to, step)
            yield SystemCommand(f"Back to {when}", f"weights of step {step:,}", travel)
