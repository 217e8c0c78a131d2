"""Exports what a view shows to a file, or copies it as a shell command."""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vae_tui.errors import VaeTuiError
from vae_tui.terminal import clipboard
from vae_tui.text import printable

if TYPE_CHECKING:  # numpy is imported after the first paint
    from textual.app import App

    from vae_tui.tui.views.view import View


class ExportAndCopy:
    """Writes files and the clipboard, and notifies the user of the result.

    Args:
        app: Shows the notifications.
        folder: Where files are written.
        start_thread: Runs a function in a thread of that name.
    """

    def __init__(
        self,
        app: "App[None]",
        folder: Path,
        start_thread: Callable[[str, Callable[[], None]], None],
    ) -> None:
        self._app = app
        self._folder = folder
        self._start_thread = start_thread

    def export(self, view: "View | None", name: str) -> None:
        """Write what the view shows of the run ``name`` to a file, in a thread."""
        export = view.export() if view else None
        if export is None:
            self._app.notify("nothing to export here yet", timeout=3)
            return
        path = self._folder / f"{name}-{export.name}"

        def write() -> None:
            try:
                export.write(path)
            except VaeTuiError as error:
                self._app.notify(printable(str(error)), severity="error", markup=False)
            else:
                self._app.notify(printable(f"written: {path}"), markup=False)

        self._start_thread("export", write)

    def copy(
        self,
        view: "View | None",
        reference: str,
        environment: Mapping[str, str],
        write: Callable[[str], None],
    ) -> None:
        """Copy the shell command that shows the same of the run ``reference``.

        Args:
            view: The visible view.
            reference: The run's name or path, as a command line takes it.
            environment: Variables that say which terminal this is.
            write: Writes to the terminal, which owns the clipboard.
        """
        command = view.command(shlex.quote(reference)) if view else None
        if command is None:
            self._app.notify("nothing to copy here yet", timeout=3)
            return
        clipboard.copy(command, environment, write)
        self._app.notify(f"copied: {command}", timeout=6, markup=False)
