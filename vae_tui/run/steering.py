"""Control of one run: ask its live trainer, or start one on the last save."""

from dataclasses import dataclass

from vae_tui.errors import VaeTuiError
from vae_tui.run import control
from vae_tui.run.commands import Command
from vae_tui.run.config import RunConfig
from vae_tui.run.folder import Run


@dataclass(frozen=True, slots=True)
class RunSteering:
    """Steers a run through its folder."""

    run: Run
    config: RunConfig

    def send(self, command: Command) -> None:
        """Ask the live trainer; VaeTuiError when the request cannot be written."""
        self.run.send(command)

    def restart(self, **settings: float) -> None:
        """Start a trainer on the last save, with other ``settings`` (beta, lr, epochs) if any.

        Raises:
            UsageError: The run is live, or its config is damaged.
            VaeTuiError: There is no save to start from.
        """
        if self.run.weights.exists() and not self.run.state.exists():
            raise VaeTuiError(
                f"{self.run.state} is not there: {self.run.name} cannot go on; start anew"
            )
        self.run.config()  # the trainer reads it itself, and what is left of one is not enough
        control.start(self.run, self.config)
        for name, value in settings.items():
            self.run.send(Command(command="set", setting=name, value=value))
