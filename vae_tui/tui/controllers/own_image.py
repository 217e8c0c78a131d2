"""Lets the user open an image, see how usual it is, and walk from its code."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from vae_tui.errors import UsageError
from vae_tui.tui.terminal_app import TerminalApp

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.arrays import Floats
    from vae_tui.tui.dialogs.open_image import OpenImageDialog
    from vae_tui.tui.state.own_image import ScoredImage
    from vae_tui.tui.state.scene import Scene


class OwnImageController:
    """Opens the dialog, and reads and scores images in a thread."""

    def __init__(
        self,
        app: TerminalApp,
        scene: "Callable[[], Scene | None]",
        walk: "Callable[[Floats, str], None]",
    ) -> None:
        """``walk`` shows the walk at a code (d,) with its origin in words."""
        self.import_dialog: Callable[[], type[OpenImageDialog]] | None = None
        """None before the late imports."""
        self._app = app
        self._scene = scene
        self._walk = walk

    def open(self, text: str = "") -> None:
        """Open the dialog, with a path that was dropped; it needs weights and test images."""
        scene = self._scene()
        if scene is None or scene.network is None or scene.probe is None or not self.import_dialog:
            self._app.notify("scores need the first weights and test images", timeout=3)
            return
        dialog = self.import_dialog()(scene, self._score, text)
        self._app.push_screen(dialog, self._close)

    def _score(self, dialog: "OpenImageDialog", text: str) -> None:
        scene = self._scene()
        assert scene is not None

        def score() -> None:
            try:
                show = partial(dialog.show, text, dialog.score(text, scene))
            except UsageError as error:
                show = partial(dialog.refuse, text, str(error))
            if self._app.is_running:
                self._app.call_from_thread(show)

        self._app.start_thread("image", score)

    def _close(self, scored: "ScoredImage | None") -> None:
        if scored is not None:
            self._walk(scored.inference.mean, scored.origin)
