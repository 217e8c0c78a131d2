"""Ways into the view that walks: from a place of the map, or between two digits."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from vae_tui.tui.dialogs.choose_digits import ChooseDigitsDialog

if TYPE_CHECKING:  # numpy is imported after the first paint
    from textual.app import App

    from vae_tui.arrays import Floats
    from vae_tui.tui.state.scene import Scene

FIRST_ENDS = (3, 8)


@runtime_checkable
class WalkTarget(Protocol):
    """A view that walks from a code, or from one digit to another."""

    def start_at(self, code: "Floats", origin: str) -> None:
        """Go to a code (d,)."""

    def morph(self, start: int, end: int) -> None:
        """Go from a test digit of class ``start`` to one of class ``end``."""


class WalkRequests:
    """Asks where a walk leads, and brings up the view that walks.

    Args:
        app: Shows the question.
        views: Returns the views.
        bring_up: Brings up the view of a number.
    """

    def __init__(
        self,
        app: "App[None]",
        views: Callable[[], Sequence[object]],
        bring_up: Callable[[int], None],
    ) -> None:
        self._app = app
        self._views = views
        self._bring_up = bring_up
        self._ends = FIRST_ENDS

    def start_at(self, code: "Floats", origin: str) -> None:
        """Walk from a code (d,)."""
        for view in self._brought_up():
            view.start_at(code, origin)

    def interpolate(self, scene: "Scene | None") -> None:
        """Ask for two digits and morph one into the other."""
        if scene is None or scene.network is None or scene.probe is None:
            self._app.notify("interpolation needs the first weights", timeout=3)
            return
        labels = sorted(set(scene.probe.labels.tolist()))
        dialog = ChooseDigitsDialog(labels, scene.probe.classes, self._ends)
        self._app.push_screen(dialog, self._morph)

    def _morph(self, ends: tuple[int, int] | None) -> None:
        if ends is not None:
            self._ends = ends
            for view in self._brought_up():
                view.morph(*ends)

    def _brought_up(self) -> Sequence[WalkTarget]:
        found = [
            (number, view)
            for number, view in enumerate(self._views())
            if isinstance(view, WalkTarget)
        ]
        for number, _ in found:
            self._bring_up(number)
        return [view for _, view in found]
