"""A trainer that is never there: commands are kept instead of sent."""

import threading

from support.processes import PATIENCE_SECONDS

from vae_tui.run.commands import Command


class FakeSteering:
    """Remembers what it was to send."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.sent: list[str] = []
        self.set: list[tuple[str, float]] = []
        self.restarted: list[dict[str, float]] = []
        self.may_start = threading.Event()
        """A trainer is started when it is set."""
        self.may_start.set()
        self._refusal = refusal

    def send(self, command: Command) -> None:
        if self._refusal:
            raise self._refusal
        self.sent.append(command.command)
        if command.command == "set":
            self.set.append((command.setting, command.value))

    def waiting(self) -> dict[str, float]:
        return dict(self.set)

    def check_restart(self) -> None:
        if self._refusal:
            raise self._refusal

    def restart(self, **settings: float) -> None:
        if self._refusal:
            raise self._refusal
        assert self.may_start.wait(PATIENCE_SECONDS)
        self.restarted.append(settings)
