"""Exports what a view shows to a file, or copies it as a shell command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vae_tui.errors import VaeTuiError
from vae_tui.export.output_file import write
from vae_tui.terminal import clipboard
from vae_tui.text import printable
from vae_tui.tui.link.driver import write_through
from vae_tui.tui.terminal_app import TerminalApp
from vae_tui.tui.widgets.frame.toast import TOAST_FRAME

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.views.view import View


@dataclass(frozen=True, slots=True)
class ExportAndCopy:
    """Writes files to ``folder`` and the clipboard, and notifies the user of the result.

    ``reference`` names the run in a shell command; see `Run.reference`.
    """

    app: TerminalApp
    view: "Callable[[], View | None]"
    name: str
    reference: str
    environment: Mapping[str, str]
    folder: Path

    def export(self) -> None:
        """Write what the view shows to a file, in a thread."""
        view = self.view()
        export = view.export() if view else None
        if export is None:
            self.app.notify("nothing to export here yet", timeout=3)
            return
        path = self.folder / f"{self.name}-{export.name}"
        self._write(path, export.write, " · the palette saves the screen as SVG")

    def save_screen(self) -> None:
        """Write the main screen as an SVG, in a thread."""
        # After the first paint.
        from vae_tui.tui.controllers.screen_picture import screen_picture  # noqa: PLC0415

        view = self.view()
        title = f"{self.name} · {view.TITLE}" if view else self.name
        content = screen_picture(self.app.screen_stack[0], title).encode()
        path = self.folder / f"{self.name}-{view.id if view else 'screen'}.svg"
        self._write(path, lambda path: write(path, content))

    def _write(self, path: Path, write_to: Callable[[Path], None], more: str = "") -> None:
        """Write a file in a thread and say where; add ``more`` if the line has room for it."""

        def write_and_notify() -> None:
            try:
                write_to(path)
            except VaeTuiError as error:
                self.app.notify(printable(str(error)), severity="error", markup=False)
            else:
                text = f"written: {path}"
                fits = len(text + more) <= self.app.size.width - TOAST_FRAME
                self.app.notify(printable(text + more if fits else text), markup=False)

        self.app.start_thread("export", write_and_notify)

    def copy(self) -> None:
        """Copy the shell command that shows the same as the view."""
        view = self.view()
        command = view.command(self.reference) if view else None
        if command is None:
            self.app.notify("nothing to copy here yet", timeout=3)
            return
        clipboard.copy(command, self.environment, partial(write_through, self.app))
        self.app.notify(f"sent to the clipboard: {command}", timeout=6, markup=False)
