"""The driver with a writer that heeds the link."""

import signal
import sys
from typing import Any

from textual.app import App
from textual.events import CursorPosition, Key, MouseDown, Resize
from textual.message import Message

from vae_tui.tui.link.input_driver import InputDriver
from vae_tui.tui.link.link_speed import Link
from vae_tui.tui.link.terminal_writer import TerminalWriter

ANSWER_SECONDS = 0.5
"""So long the last answer is waited for before the terminal is given back."""
_SHELLS_KEYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
"""What keys send to a program once the terminal is not raw any more."""


class LinkDriver(InputDriver):
    """Writes through an `TerminalWriter`; the terminal's cursor reports are its answers."""

    def __init__(self, app: App[Any], **settings: Any) -> None:
        super().__init__(app, **settings)
        terminal = sys.__stderr__
        assert terminal is not None
        encoding, errors = terminal.encoding, terminal.errors or "strict"
        self.writer = TerminalWriter(
            terminal.fileno(), lambda text: text.encode(encoding, errors), Link()
        )
        self._file = self.writer  # type: ignore[assignment]

    def process_message(self, message: Message) -> None:
        """Keep the answers; pass on everything else."""
        if isinstance(message, CursorPosition):
            self.writer.answered()
        else:
            if isinstance(message, Resize):
                self.writer.forget()
            elif isinstance(message, Key | MouseDown):
                self.writer.key_came()
            super().process_message(message)

    def stop_application_mode(self) -> None:
        """Wait for the last answer, then give the terminal back, whatever is typed meanwhile."""
        self.writer.settle(ANSWER_SECONDS)
        usual = {number: signal.signal(number, signal.SIG_IGN) for number in _SHELLS_KEYS}
        try:
            super().stop_application_mode()
            super().close()  # Textual's thread has then handed all over to the writer
            self.writer.settle()
        finally:
            for number, handler in usual.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """Wait for the last that was written."""
        super().close()
        self.writer.settle(ANSWER_SECONDS)
        self.writer.end()

    def _take(self) -> None:
        """Take the terminal; from then on every change of size makes unknown what it shows."""
        super()._take()
        resize = signal.getsignal(signal.SIGWINCH)

        def forget_and_resize(number: int, frame: Any) -> None:
            self.writer.forget()
            if callable(resize):
                resize(number, frame)

        signal.signal(signal.SIGWINCH, forget_and_resize)
