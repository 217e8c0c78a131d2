"""Shows the Walk view at a code that comes from elsewhere, or a morph of two chosen classes."""

from typing import TYPE_CHECKING, cast

from vae_tui.tui.dialogs.choose_digits import ChooseDigitsDialog

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.arrays import Floats
    from vae_tui.tui.app import VaeApp
    from vae_tui.tui.views.walk import WalkView

WALK = 2
"""Index of the view."""


class WalkController:
    """Switches to the Walk view and says where it starts."""

    def __init__(self, app: "VaeApp") -> None:
        self._app = app
        self._proposed = (3, 8)
        """The pair of digits that the next morph proposes."""

    def start_at(self, code: "Floats", origin: str, dimension: int = -1) -> None:
        """Show Walk at a code (d,), with its ``origin`` in words, and choose a dimension if any."""
        if view := self._show():
            view.start_at(code, origin, dimension)

    def morph(self) -> None:
        """Let the user choose two classes, and morph an image of one into one of the other."""
        scene = self._app.scene
        if scene is None or (encoded := scene.encoded) is None:
            self._app.notify("a morph needs the first weights and test images", timeout=3)
            return
        probe = encoded.probe
        labels = sorted(set(probe.labels.tolist()))
        if len(probe.classes) == 1:
            self._morph((0, 0))  # of any two test images
            return
        dialog = ChooseDigitsDialog(labels, probe.classes, self._proposed)
        self._app.push_screen(dialog, self._morph)

    def _morph(self, classes: tuple[int, int] | None) -> None:
        if classes is not None and (view := self._show()):
            self._proposed = classes
            view.morph(*classes)

    def _show(self) -> "WalkView | None":
        main = self._app.main
        main.action_view(WALK)
        return cast("WalkView", main.views[WALK]) if len(main.views) > WALK else None
