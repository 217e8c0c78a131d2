"""Exports what a view shows to a file, or copies it as a shell command."""

import shlex
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vae_tui.errors import VaeTuiError
from vae_tui.terminal import clipboard
from vae_tui.text import printable
from vae_tui.tui.link.driver import write_through
from vae_tui.tui.terminal_app import TerminalApp

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.views.view import View


class ExportAndCopy:
    """Writes files to ``folder`` and the clipboard, and notifies the user of the result."""

    def __init__(
        self,
        app: TerminalApp,
        view: "Callable[[], View | None]",
        name: str,
        reference: str,
        environment: Mapping[str, str],
        folder: Path,
    ) -> None:
        self._app = app
        self._view = view
        self._name = name
        self._reference = reference
        self._environment = environment
        self._folder = folder

    def export(self) -> None:
        """Write what the view shows to a file, in a thread."""
        view = self._view()
        export = view.export() if view else None
        if export is None:
            self._app.notify("nothing to export here yet", timeout=3)
            return
        path = self._folder / f"{self._name}-{export.name}"

        def write() -> None:
            try:
                export.write(path)
            except VaeTuiError as error:
                self._app.notify(printable(str(error)), severity="error", markup=False)
            else:
                self._app.notify(printable(f"written: {path}"), markup=False)

        self._app.start_thread("export", write)

    def copy(self) -> None:
        """Copy the shell command that shows the same as the view."""
        view = self._view()
        command = view.command(shlex.quote(self._reference)) if view else None
        if command is None:
            self._app.notify("nothing to copy here yet", timeout=3)
            return
        clipboard.copy(command, self._environment, partial(write_through, self._app))
        self._app.notify(f"copied: {command}", timeout=6, markup=False)
