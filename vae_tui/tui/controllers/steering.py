"""Sends the user's commands to the trainer: pause, resume, settings, undo, stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from vae_tui.errors import VaeTuiError
from vae_tui.run.commands import Command
from vae_tui.run.state import ENDED
from vae_tui.text import printable
from vae_tui.tui.dialogs.leave import Answer, LeaveDialog
from vae_tui.tui.dialogs.more_epochs import MoreEpochsDialog
from vae_tui.tui.dialogs.settings import SettingsAnswer, SettingsDialog
from vae_tui.tui.keys.bindings import ADJUSTABLE
from vae_tui.tui.state.notice import halved_lr
from vae_tui.tui.state.scene_store import SceneStore
from vae_tui.tui.terminal_app import TerminalApp

if TYPE_CHECKING:
    from vae_tui.tui.state.run_view import RunView

LIVE = ("starting", *ADJUSTABLE)
"""States of a run that has a trainer, unless it is already stopping."""
END_POLL_SECONDS = 0.1
PROPOSED_EPOCHS = 20
"""Most further epochs that are proposed for a finished run."""
READ_ONLY = "attached read-only: no control"


class Steering(Protocol):
    """Access to the trainer."""

    def send(self, command: Command) -> None:
        """Send a command; VaeTuiError if it cannot be written.

        Without a trainer, new settings wait for the next one.
        """

    def waiting(self) -> Mapping[str, float]:
        """Return the settings (beta, lr, epochs) that wait for the next trainer."""

    def check_restart(self) -> object:
        """Raise VaeTuiError if no trainer can be started from the last save on this machine."""

    def restart(self, **settings: float) -> None:
        """Start a trainer from the last save, with new ``settings`` (beta, lr, epochs) if any."""


@dataclass
class SteeringController:
    """Opens the dialogs for settings and for leaving, and sends commands.

    What reads the run's log or starts a trainer does so in a thread. ``steering`` is None for a
    screen without control.
    """

    app: TerminalApp
    steering: Steering | None
    name: str
    reference: str
    store: SceneStore
    on_sent: Callable[[], None] = lambda: None
    """Called after each command."""
    _is_restarting: bool = False
    """A thread is starting a trainer."""

    def pause(self) -> None:
        """Pause or resume a live run; continue one that ended, a finished one for more epochs."""
        state, run = self.store.state, self.store.run
        if state in ADJUSTABLE:
            self._send(Command(command="resume" if state == "paused" else "pause"))
        elif state in ENDED and run is not None:
            if self.steering is None:
                self.app.notify(READ_ONLY, timeout=3)
            elif run.gone:
                self.app.notify("nothing to continue: the run's folder is gone", timeout=4)
            elif state == "finished":
                proposed = min(max(run.epochs, 1), PROPOSED_EPOCHS)
                dialog = MoreEpochsDialog(run.epochs, proposed)
                self.app.push_screen(dialog, self._train_to)
                refuse = partial(dialog.call_later, dialog.refuse)
                self.app.compute("steering", self.steering.check_restart, failed=refuse)
            else:
                self._restart(_proposed(run, state))
        elif state:
            self.app.notify(f"{state}: the run can be paused or continued in a moment")

    def adjust(self) -> None:
        """Let the user change settings, now or for the next resume."""
        run, state = self.store.run, self.store.state
        if self.steering is None:
            self.app.notify(READ_ONLY, timeout=3)
            return
        if run is None or state not in (*ADJUSTABLE, *ENDED):
            self.app.notify(f"{state}: settings can be changed in a moment")
            return
        dialog = SettingsDialog(
            {"beta": run.beta, "lr": run.lr, "epochs": float(run.epochs)},
            _proposed(run, state),
            has_ended=state in ENDED,
            least_epochs=run.epochs + 1 if state == "finished" else 1,
        )
        self.app.push_screen(dialog, self._adjusted)
        if state in ENDED:
            show = partial(dialog.call_later, dialog.show_waiting)
            self.app.compute("steering", self.steering.waiting, show, self._show_error)

    def undo(self) -> None:
        """Undo the last change of a setting."""
        if self.store.state not in ADJUSTABLE:
            self.app.notify(f"nothing to undo: the run is {self.store.state}", timeout=3)
            return
        self._send(Command(command="undo"))

    def leave(self) -> None:
        """Leave; ask first whether a live run should keep training."""
        if isinstance(self.app.screen, LeaveDialog):
            self.app.pop_screen()
        elif self._is_restarting:
            self.app.set_timer(END_POLL_SECONDS, self.leave)
        elif self._is_live() and self.steering:
            self.app.push_screen(LeaveDialog(self.name, self.reference), self._answer)
        else:
            self.app.exit()

    def _adjusted(self, answer: SettingsAnswer | None) -> None:
        if answer is None:
            return
        changes = [
            Command(command="set", setting=name, value=value)
            for name, value in answer.settings.items()
        ]
        if answer.action == "save":
            self._send(Command(command="save"))
        elif answer.action == "apply" and self.store.state in ENDED:
            self._restart(answer.settings)
        elif changes and self._send(*changes) and answer.action == "keep":
            self.app.notify("kept: they take effect when the run is resumed", timeout=4)

    def _train_to(self, epochs: int | None) -> None:
        if epochs is not None:
            self._restart({"epochs": epochs})

    def _answer(self, answer: Answer | None) -> None:
        if answer == "stop" and self._is_live():
            if self._send(Command(command="stop")):
                self._await_end()
        elif answer is not None:
            self.app.exit()

    def _await_end(self) -> None:
        """Leave when the trainer has ended, so that the user sees that it saved."""
        if self._is_live() or self.store.state == "stopping":
            self.app.set_timer(END_POLL_SECONDS, self._await_end)
        else:
            self.app.exit()

    def _is_live(self) -> bool:
        run, state = self.store.run, self.store.state
        return state in LIVE or (state == "reading" and run is not None and run.live)

    def _restart(self, settings: Mapping[str, float]) -> None:
        """Start a trainer in a thread, unless one is being started."""
        if self.steering is None or self._is_restarting:
            return
        self._is_restarting = True

        def started(_: object) -> None:
            self._is_restarting = False
            self.on_sent()

        def failed(reason: str) -> None:
            self._is_restarting = False
            self._show_error(reason)

        restart = partial(self.steering.restart, **settings)
        self.app.compute("steering", restart, started, failed)

    def _send(self, *commands: Command) -> bool:
        """Return whether the commands could be sent; an error is shown."""
        if self.steering is None:
            self.app.notify(READ_ONLY, timeout=3)
            return False
        try:
            for command in commands:
                self.steering.send(command)
        except VaeTuiError as error:
            self._show_error(str(error))
            return False
        self.on_sent()
        return True

    def _show_error(self, reason: str) -> None:
        self.app.notify(printable(reason), severity="error", timeout=10, markup=False)


def _proposed(run: "RunView", state: str) -> dict[str, float]:
    """Return the settings with which a run that has ended should continue, if others."""
    return {"lr": halved_lr(run)} if state == "failed" and run.diverged else {}
