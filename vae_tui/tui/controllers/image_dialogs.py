"""Lets the user draw an image or open a file with one, and walk from its code."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from vae_tui.tui.terminal_app import TerminalApp

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.arrays import Floats
    from vae_tui.model.numpy_network import Network
    from vae_tui.tui.dialogs.draw import DrawDialog, Drawn
    from vae_tui.tui.dialogs.open_image import OpenImageDialog
    from vae_tui.tui.ports import LateImports
    from vae_tui.tui.state.own_image import ScoredImage
    from vae_tui.tui.state.scene import Scene


class ImageDialogs:
    """Opens the dialogs, computes for them in threads, and keeps the drawing."""

    def __init__(
        self,
        app: TerminalApp,
        scene: "Callable[[], Scene | None]",
        walk: "Callable[[Floats, str], None]",
    ) -> None:
        """``walk`` shows the walk at a code (d,) with its origin in words."""
        self.imports: LateImports | None = None
        """None before the late imports."""
        self._app = app
        self._scene = scene
        self._walk = walk
        self._drawing: DrawDialog | None = None
        """The dialog while it is open."""
        self._drawn: Drawn | None = None
        self._compared: Network | None = None
        """The network whose energies of the test images were computed last."""

    def draw(self) -> None:
        """Let the user draw; needs weights and test images."""
        if (scene := self._ready("drawing needs")) and self.imports:
            self._drawing = self.imports.draw_dialog()(scene, self._drawn)
            self._compared = None
            self._app.push_screen(self._drawing, self._drawing_closed)
            self._compare(self._drawing, scene)

    def open(self, text: str = "") -> None:
        """Let the user open an image, or the one at a path that was dropped; needs the same."""
        if (scene := self._ready("scores need")) and self.imports:
            dialog = self.imports.open_image_dialog()(scene, self._score, text)
            self._app.push_screen(dialog, self._image_closed)

    def show(self, scene: "Scene") -> None:
        """Read the drawing with newer weights."""
        if self._drawing is not None:
            self._drawing.scene = scene
            self._compare(self._drawing, scene)

    def _ready(self, what_needs: str) -> "Scene | None":
        """Return the scene if it has weights and test images, else say so."""
        scene = self._scene()
        if scene is not None and scene.encoded is not None:
            return scene
        self._app.notify(f"{what_needs} the first weights and test images", timeout=3)
        return None

    def _compare(self, dialog: "DrawDialog", scene: "Scene") -> None:
        """Compute the energies of the test images in a thread, once for each network."""
        encoded = scene.encoded
        if encoded is None or encoded.network is self._compared:
            return
        self._compared = encoded.network
        show = partial(setattr, dialog, "known")
        self._app.compute("energies", lambda: (encoded.network, encoded.energies), show)

    def _score(self, dialog: "OpenImageDialog", text: str) -> None:
        scene = self._scene()
        assert scene is not None
        show, refuse = partial(dialog.show, text), partial(dialog.refuse, text)
        self._app.compute("image", partial(dialog.score, text, scene), show, refuse)

    def _drawing_closed(self, code: "Floats | None") -> None:
        if self._drawing is not None:
            self._drawn, self._drawing = self._drawing.drawn, None
        if code is not None:
            self._walk(code, "drawn by hand")

    def _image_closed(self, scored: "ScoredImage | None") -> None:
        if scored is not None:
            self._walk(scored.inference.mean, scored.origin)
