"""What the views are shown: the newest scene, or the weights of an earlier step in it."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.model.numpy_vae import Network
    from vae_tui.tui.state.run_view import RunView
    from vae_tui.tui.state.scene import Scene


class Stage:
    """Keeps the scene up to date, and where in the training's time its weights are from.

    Args:
        show: Is called with each new scene.
        clock: Unix seconds.
    """

    def __init__(self, show: "Callable[[Scene], None]", clock: Callable[[], float]) -> None:
        self.scene: Scene | None = None
        """None until the views are there."""
        self.newest: Network | None = None
        self._show = show
        self._clock = clock
        self._wanted_step: int | None = None

    @property
    def run(self) -> "RunView | None":
        """What is known of the run."""
        return self.scene.run if self.scene else None

    @property
    def state(self) -> str:
        """The run's state in one word."""
        return self.scene.run.state(self._clock()) if self.scene else "starting"

    def change(self, **news: Any) -> None:
        """Show a scene with these fields; nothing before there is one."""
        if self.scene is not None:
            scene = replace(self.scene, **news)
            self.scene = replace(scene, weights=self._label(scene))
            self._show(self.scene)

    def take_newest(self, network: "Network") -> None:
        """Draw with newer weights, unless the user is back in time."""
        self.newest = network
        if self._wanted_step is None:
            self.change(network=network)

    def take_kept(self, network: "Network") -> None:
        """Draw with the weights of an earlier step, if they are still wanted."""
        if network.step == self._wanted_step:
            self.change(network=network, is_past=True)

    def give_up(self, step: int) -> None:
        """Go back to now, if it was ``step`` that is wanted and cannot be had."""
        if step == self._wanted_step:
            self.return_to_now()

    def return_to_now(self) -> None:
        """Draw with the newest weights again."""
        self._wanted_step = None
        self.change(network=self.newest, is_past=False)

    def travel(self, steps: int) -> int | None:
        """Go to the weights kept so many before or after those shown; return what to load."""
        scene, newest = self.scene, self.newest
        if scene is None or newest is None:
            return None
        kept = [step for step in scene.run.kept if step < newest.step]
        shown = newest.step if self._wanted_step is None else self._wanted_step
        place = bisect_left(kept, shown) + steps
        if steps > 0 and place >= len(kept):
            self.return_to_now()
        elif kept:
            self._wanted_step = kept[max(place, 0)]
            return self._wanted_step
        return None

    def _label(self, scene: "Scene") -> str:
        """Say which weights draw the pictures: step, and age while the run is going on."""
        if scene.network is None:
            return ""
        step = f"step {scene.network.step:,}"
        if scene.is_past:
            return f"{step}, back in time"
        if scene.run.state(self._clock()) != "running":
            return step
        return f"{step}, {int(max(self._clock() - scene.network.saved_at, 0))} s old"
