"""``o`` in Walk: an image of the user's own, how usual it is, and a walk from its code."""

from collections.abc import Callable

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Paste, Resize
from textual.widgets import Input

from vae_tui.run.series import RECONSTRUCTION_TERMS
from vae_tui.terminal.half_blocks import Palette
from vae_tui.terminal.tiles import fitting, widths
from vae_tui.tui.dialogs.dialog import Dialog, ErrorLine
from vae_tui.tui.state.own_image import ScoredImage, dropped_path, score_image
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.pictures import Pictures

SCALES = (2, 1, 0.86, 0.71, 0.57, 0.5)
LABELS = ("image", "reconstructed", "error")
GAP = 3
ROWS_OF_TEXT = 12
"""Rows of the dialog beside those of the pictures, with the border."""
PROMPT = "Type the path of an image file, or drop one on the terminal."


class PathInput(Input):
    """Takes a path, typed or dropped on the terminal, which inserts it as pasted text."""

    async def on_paste(self, event: Paste) -> None:
        """Replace the text by a whole path, and submit it; insert any other text."""
        path = dropped_path(event.text)
        if path.is_absolute() or not self.value:
            event.prevent_default()
            event.stop()
            self.value = str(path)
            self.cursor_position = len(self.value)
            await self.action_submit()


class OpenImageDialog(Dialog[ScoredImage | None]):
    """Takes a path; closes with the image that was scored, or with None."""

    BINDINGS = [
        Binding("enter", "accept", "Walk", id="open-image.accept"),
        Binding("escape", "dismiss", "Cancel", id="open-image.cancel"),
    ]
    DEFAULT_CSS = """
    OpenImageDialog > Vertical { width: 96%; }
    OpenImageDialog #labels { height: 1; color: $quiet; margin-top: 1; }
    OpenImageDialog #scores { height: 4; color: $quiet; margin-top: 1; }
    OpenImageDialog .empty { display: none; }
    """

    score = staticmethod(score_image)
    """Blocks: called in a thread."""

    def __init__(
        self, scene: Scene, request: "Callable[[OpenImageDialog, str], None]", text: str = ""
    ) -> None:
        """Begin with a ``text`` that was dropped.

        ``request`` has `score` called, then `show` or `refuse`, with the same text.
        """
        super().__init__()
        self._shape = scene.run.config.image_shape
        self._loss = RECONSTRUCTION_TERMS[scene.run.config.reconstruction].name
        self._is_noisy = scene.run.config.model == "vae"
        self._palette: Palette = scene.palette
        self._request_score = request
        self._path = str(dropped_path(text)) if text else ""
        self._requested = ""
        """The text that was scored last, or is being scored."""
        self._scored: ScoredImage | None = None
        """What it is of; None while it is read, and when it cannot be used."""
        self._pixels = 0

    def compose(self) -> ComposeResult:
        """Yield the path, the pictures and the scores."""
        with Vertical() as box:
            box.border_title = "Open an image"
            yield PathInput(self._path, placeholder=PROMPT, compact=True)
            yield ErrorLine()
            yield Drawing(id="labels")
            yield Pictures(id="pictures")
            yield Drawing(id="scores")

    def on_mount(self) -> None:
        """Read a path that was dropped."""
        self._show_scored()
        if self._path:
            self._request(self._path)

    def on_resize(self, event: Resize) -> None:
        """Choose the size of the pictures."""
        width, height = round(0.96 * event.size.width) - 6, event.size.height - ROWS_OF_TEXT
        sizes = widths(self._shape.width, *SCALES)
        fits = (one for one in sizes if fitting(width, one, GAP) >= 3 and one // 2 <= height)
        self._pixels = next(fits, sizes[-1])
        self._show_scored()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what enter does with this text."""
        self._show_keys()

    def action_accept(self) -> None:
        """Close with the image if it has been scored, else read it."""
        for line in self.query(Input):  # none before it is composed
            if line.value == self._requested:
                if self._scored is not None:
                    self.dismiss(self._scored)
            elif line.value.strip():
                self._request(line.value)

    on_input_submitted = action_accept

    def show(self, text: str, scored: ScoredImage) -> None:
        """Show the image that ``text`` is the path of, unless another was requested since."""
        if text == self._requested and self.is_active:
            self._scored = scored
            self._show_scored()

    def refuse(self, text: str, reason: str) -> None:
        """Say why there is no image, unless another was requested since."""
        if text == self._requested and self.is_active:
            self._requested = ""  # enter tries again
            self.query_one(ErrorLine).show(reason)

    def _request(self, text: str) -> None:
        self._requested, self._scored = text, None
        self.query_one(ErrorLine).show("")
        self._show_scored()
        self._request_score(self, text)

    def _show_scored(self) -> None:
        scored = self._scored
        parts = [self.query_one(f"#{name}") for name in ("labels", "pictures", "scores")]
        for part in parts:
            part.set_class(scored is None, "empty")
        self._show_keys()
        if scored is None:
            return
        pictures, cells, found = self.query_one(Pictures), self._pixels + GAP, scored.inference
        pictures.palette, pictures.columns, pictures.gap = self._palette, len(LABELS), GAP
        pictures.pixels, pictures.styles.height = self._pixels, self._pixels // 2
        pictures.images = np.stack([scored.image, found.reconstruction, found.error])
        labels = Text("".join(name.ljust(cells) for name in LABELS).rstrip(), no_wrap=True)
        self.query_one("#labels", Drawing).show_text([labels])
        self.query_one("#scores", Drawing).show_text(self._words(scored))

    def _words(self, scored: ScoredImage) -> list[Text]:
        if self._is_noisy:
            bound = f"ELBO loss {scored.loss + scored.kl:.1f} nats"
            parts = f" = {self._loss} {scored.loss:.1f} + KL {scored.kl:.1f}"
        else:  # its log-variances are untrained
            bound, parts = f"{self._loss} {scored.inference.loss:.1f} nats", ""
        energy = f"energy {scored.inference.energy:.1f} nats"
        return [
            Text.assemble((bound, "strong"), parts),
            Text.assemble((energy, "strong"), ": reconstruction at the mean, less a perfect copy"),
            Text.assemble(
                (f"percentile {scored.percentile:.1f}", "strong"),
                f" of the energies of {scored.test_images:,} test images",
            ),
            Text(f"weights of step {scored.step:,}"),
        ]

    def _show_keys(self) -> None:
        lines = self.query(Input)
        is_scored = self._scored is not None and lines.first().value == self._requested
        keys = self.keys_line(
            ("enter", "walk from its code" if is_scored else "open"),
            ("open-image.cancel", "cancel"),
        )
        for box in self.query(Vertical):
            box.border_subtitle = keys
