"""Starts a walk: from a place of the map, or between two digits that the user chooses."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from vae_tui.tui.dialogs.choose_digits import ChooseDigitsDialog

if TYPE_CHECKING:  # numpy is imported after the first paint
    from textual.app import App

    from vae_tui.arrays import Floats
    from vae_tui.tui.main_screen import MainScreen
    from vae_tui.tui.state.scene import Scene

FIRST_CLASSES = (3, 8)
"""Proposed when the user interpolates for the first time."""


@runtime_checkable
class WalkTarget(Protocol):
    """A view in which a walk can start."""

    def start_at(self, code: "Floats", origin: str) -> None:
        """Go to a code (d,)."""

    def morph(self, start: int, end: int) -> None:
        """Go from a test digit of class ``start`` to one of class ``end``."""


class WalkRequests:
    """Shows the view that walks, and tells it where to start.

    Args:
        app: Shows the dialog.
        main: Returns the screen with the views; None once it has been removed.
    """

    def __init__(self, app: "App[None]", main: "Callable[[], MainScreen | None]") -> None:
        self._app = app
        self._main = main
        self._classes = FIRST_CLASSES

    def start_at(self, code: "Floats", origin: str) -> None:
        """Walk from a code (d,)."""
        if target := self._show_target():
            target.start_at(code, origin)

    def interpolate(self, scene: "Scene | None") -> None:
        """Let the user choose two classes, and morph a digit of one into one of the other."""
        if scene is None or scene.network is None or scene.probe is None:
            self._app.notify("interpolation needs the first weights", timeout=3)
            return
        labels = sorted(set(scene.probe.labels.tolist()))
        dialog = ChooseDigitsDialog(labels, scene.probe.classes, self._classes)
        self._app.push_screen(dialog, self._morph)

    def _morph(self, classes: tuple[int, int] | None) -> None:
        if classes is not None and (target := self._show_target()):
            self._classes = classes
            target.morph(*classes)

    def _show_target(self) -> WalkTarget | None:
        if (main := self._main()) is not None:
            for number, view in enumerate(main.views):
                if isinstance(view, WalkTarget):
                    main.action_view(number)
                    return view
        return None
