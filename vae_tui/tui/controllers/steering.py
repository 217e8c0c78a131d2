"""Sends the user's commands to the trainer: pause, resume, settings, undo, stop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vae_tui.errors import VaeTuiError
from vae_tui.run.commands import Command
from vae_tui.text import printable
from vae_tui.tui.dialogs.leave import Answer, LeaveDialog
from vae_tui.tui.dialogs.settings import SettingsDialog
from vae_tui.tui.keys.bindings import ADJUSTABLE
from vae_tui.tui.state.notice import halved_lr
from vae_tui.tui.state.scene_store import SceneStore

if TYPE_CHECKING:
    from textual.app import App

LIVE = ("starting", *ADJUSTABLE)
"""States of a run that has a trainer."""
END_POLL_SECONDS = 0.1


class Steering(Protocol):
    """Access to the trainer."""

    def send(self, command: Command) -> None:
        """Send a command to a live trainer; raises VaeTuiError if that is not possible."""

    def restart(self, **settings: float) -> None:
        """Start a trainer from the last save, with new ``settings`` (beta, lr, epochs) if any."""


@dataclass
class SteeringController:
    """Opens the dialogs for settings and for leaving, and sends commands.

    ``steering`` is None for a screen without control.
    """

    app: "App[None]"
    steering: Steering | None
    name: str
    reference: str
    store: SceneStore
    on_sent: Callable[[], None] = lambda: None
    """Called after each command."""

    def pause(self) -> None:
        """Pause or resume a live run; continue one that ended from its last save."""
        state, run = self.store.state, self.store.run
        if state in ADJUSTABLE:
            name = "resume" if state == "paused" else "pause"
            self._send([Command(command=name)])
        elif state in ("stopped", "failed", "lost") and run is not None:
            settings = {"lr": halved_lr(run)} if state == "failed" and run.diverged else {}
            self._steer(lambda steering: steering.restart(**settings))
        elif state == "finished":
            command = f"vae-tui train --resume {self.reference} --epochs N"
            text = f"the run has finished; to train longer: {command}"
            self.app.notify(text, timeout=6, markup=False)

    def adjust(self) -> None:
        """Let the user change settings."""
        run, state = self.store.run, self.store.state
        if self.steering is None:
            self.app.notify("attached read-only: no control", timeout=3)
            return
        if run is None or state not in ADJUSTABLE:
            self.app.notify(f"settings can be changed while a run is live; it is {state}")
            return
        settings = {"beta": run.beta, "lr": run.lr, "epochs": float(run.epochs)}
        self.app.push_screen(SettingsDialog(settings), self._send)

    def undo(self) -> None:
        """Undo the last change of a setting."""
        if self.store.state not in ADJUSTABLE:
            self.app.notify(f"nothing to undo: the run is {self.store.state}", timeout=3)
            return
        self._send([Command(command="undo")])

    def leave(self) -> None:
        """Leave; ask first whether a live run should keep training."""
        if isinstance(self.app.screen, LeaveDialog):
            self.app.pop_screen()
        elif self._is_live() and self.steering:
            self.app.push_screen(LeaveDialog(self.name, self.reference), self._answer)
        else:
            self.app.exit()

    def _answer(self, answer: Answer | None) -> None:
        if answer == "stop" and self._is_live():
            if self._steer(lambda steering: steering.send(Command(command="stop"))):
                self._await_end()
        elif answer is not None:
            self.app.exit()

    def _await_end(self) -> None:
        """Leave when the trainer has ended, so that the user sees that it saved."""
        if self._is_live():
            self.app.set_timer(END_POLL_SECONDS, self._await_end)
        else:
            self.app.exit()

    def _is_live(self) -> bool:
        run, state = self.store.run, self.store.state
        return state in LIVE or (state == "reading" and run is not None and run.live)

    def _send(self, commands: Sequence[Command] | None) -> None:
        def send(steering: Steering) -> None:
            for command in commands or ():
                steering.send(command)

        self._steer(send)

    def _steer(self, send: Callable[[Steering], None]) -> bool:
        """Return whether the trainer can be steered and ``send`` raised no error."""
        if self.steering is None:
            self.app.notify("attached read-only: no control", timeout=3)
            return False
        try:
            send(self.steering)
        except VaeTuiError as error:
            self.app.notify(printable(str(error)), severity="error", timeout=10, markup=False)
            return False
        self.on_sent()
        return True
