"""The current scene: kept up to date, drawn with the newest weights or with earlier ones."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vae_tui.text import duration

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.model.numpy_network import Network
    from vae_tui.tui.state.run_view import RunView
    from vae_tui.tui.state.scene import Scene


class SceneStore:
    """Holds the scene and the step that the user has travelled to.

    ``show`` is called with each new scene, ``show_weights`` with the step and age of its weights in
    words; ``clock`` returns Unix seconds.
    """

    def __init__(
        self,
        show: "Callable[[Scene], None]",
        show_weights: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self.scene: Scene | None = None
        """None until the views are mounted."""
        self.newest: Network | None = None
        self.request_step: Callable[[int], None] = lambda step: None
        """Has the weights kept at a step loaded; does nothing before the late imports."""
        self._show = show
        self._show_weights = show_weights
        self._clock = clock
        self._past_step: int | None = None
        """The step of the earlier weights requested; None to follow the newest ones."""

    @property
    def run(self) -> "RunView | None":
        """What is known of the run."""
        return self.scene.run if self.scene else None

    @property
    def state(self) -> str:
        """The run's state in one word."""
        return self.scene.run.state(self._clock()) if self.scene else "starting"

    def update(self, **fields: Any) -> None:
        """Replace these fields of the scene and show it; does nothing while there is none."""
        if self.scene is not None:
            self.scene = replace(self.scene, **fields)
            self._show(self.scene)
            self.update_weights_label()

    def update_weights_label(self) -> None:
        """Show the step of the weights, and their age while the trainer is expected to save."""
        if self.scene is not None and self.scene.network is not None:
            self._show_weights(_weights_label(self.scene, self._clock()))

    def show_newest(self, network: "Network") -> None:
        """Remember newer weights; draw with them unless the user went back in time."""
        self.newest = network
        if self._past_step is None:
            self.update(network=network)

    def show_past(self, network: "Network") -> None:
        """Draw with earlier weights, if they are still the ones requested."""
        if network.step == self._past_step:
            self.update(network=network, is_past=True)

    def cancel_travel(self, step: int) -> None:
        """Return to the newest weights if those of ``step``, still requested, cannot be loaded."""
        if step == self._past_step:
            self.travel_to(None)

    def travel_to(self, step: int | None) -> None:
        """Draw with the weights kept at a step, once they are loaded; None returns to now."""
        self._past_step = step
        if step is None:
            self.update(network=self.newest, is_past=False)
        else:
            self.request_step(step)

    def travel(self, count: int) -> None:
        """Move by ``count`` kept checkpoints."""
        scene, newest = self.scene, self.newest
        if scene is None or newest is None:
            return
        kept = [step for step in scene.run.kept if step < newest.step]
        current = newest.step if self._past_step is None else self._past_step
        # The step shown may have been deleted by thinning meanwhile.
        found = bisect_left(kept, current) if count < 0 else bisect_right(kept, current) - 1
        index = found + count
        if count > 0 and index >= len(kept):
            self.travel_to(None)
        elif kept:
            self.travel_to(kept[max(index, 0)])


def _weights_label(scene: "Scene", now: float) -> str:
    assert scene.network is not None
    step = f"step {scene.network.step:,}"
    if scene.is_past:
        return f"{step}, back in time"
    if scene.run.state(now) not in ("running", "stalled"):
        return step
    age = max(now - scene.network.saved_at, 0)
    return f"{step}, {f'{int(age)} s' if age < 60 else duration(age)} old"
