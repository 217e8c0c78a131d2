"""A trainer that is never there: commands are kept instead of sent."""

from vae_tui.run.commands import Command


class FakeSteering:
    """Remembers what it was to send."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.sent: list[str] = []
        self.set: list[tuple[str, float]] = []
        self.restarted: list[dict[str, float]] = []
        self._refusal = refusal

    def send(self, command: Command) -> None:
        if self._refusal:
            raise self._refusal
        self.sent.append(command.command)
        if command.command == "set":
            self.set.append((command.setting, command.value))

    def waiting(self) -> dict[str, float]:
        return dict(self.set)

    def restart(self, **settings: float) -> None:
        if self._refusal:
            raise self._refusal
        self.restarted.append(settings)
