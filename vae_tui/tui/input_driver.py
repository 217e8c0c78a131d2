"""Textual's driver, which goes on listening whatever a terminal sends."""

from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.message import Message


class InputDriver(LinuxDriver):
    """Passes over input that makes no sense: bytes that are no UTF-8, reports of no size."""

    def run_input_thread(self) -> None:
        """Listen until told to end.

        Textual's own ends the program with a traceback at the first byte that is no UTF-8, such
        as a terminal sends for alt and a letter when it is set to eight bits.
        """
        while not self.exit_event.is_set():
            try:
                super().run_input_thread()
            except (ValueError, ArithmeticError):  # what came together with it is lost
                continue

    def process_message(self, message: Message) -> None:
        """Pass messages on, but for the report of a size in which nothing can be drawn."""
        if not isinstance(message, Resize) or message.size:
            super().process_message(message)
