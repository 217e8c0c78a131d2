"""Lets the user draw a digit and walk from its code."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from vae_tui.tui.terminal_app import TerminalApp

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.arrays import Floats
    from vae_tui.model.numpy_network import Network
    from vae_tui.tui.dialogs.draw import DrawDialog, Drawn
    from vae_tui.tui.state.scene import Scene


class DrawController:
    """Opens the dialog, lets it follow the scene, and keeps the drawing."""

    def __init__(self, app: TerminalApp, walk: "Callable[[Floats, str], None]") -> None:
        """``walk`` shows the walk at a code (d,) with its origin in words."""
        self.import_dialog: Callable[[], type[DrawDialog]] | None = None
        """None before the late imports."""
        self._app = app
        self._walk = walk
        self._dialog: DrawDialog | None = None
        self._drawn: Drawn | None = None
        self._compared: Network | None = None
        """The network whose energies of the test images were computed last."""

    def open(self, scene: "Scene | None") -> None:
        """Open the dialog; it needs weights and test images."""
        if scene is None or scene.network is None or scene.probe is None or not self.import_dialog:
            self._app.notify("drawing needs the first weights and test images", timeout=3)
            return
        self._dialog = self.import_dialog()(scene, self._drawn)
        self._compared = None
        self._app.push_screen(self._dialog, self._close)
        self._compare(self._dialog, scene)

    def show(self, scene: "Scene") -> None:
        """Read the drawing with newer weights."""
        if self._dialog is not None:
            self._dialog.scene = scene
            self._compare(self._dialog, scene)

    def _compare(self, dialog: "DrawDialog", scene: "Scene") -> None:
        """Compute the energies of the test images in a thread, once for each network."""
        network = scene.network
        if network is None or network is self._compared:
            return
        self._compared = network

        def compute() -> None:
            known = network, scene.energies
            if self._app.is_running:
                self._app.call_from_thread(setattr, dialog, "known", known)

        self._app.start_thread("energies", compute)

    def _close(self, code: "Floats | None") -> None:
        if self._dialog is not None:
            self._drawn, self._dialog = self._dialog.drawn, None
        if code is not None:
            self._walk(code, "drawn by hand")
