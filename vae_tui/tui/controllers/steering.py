"""What the user asks of the trainer: pause, go on, other settings, stop."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from vae_tui.errors import VaeTuiError
from vae_tui.run.commands import Command
from vae_tui.text import printable
from vae_tui.tui.dialogs.controls import ControlsDialog
from vae_tui.tui.dialogs.leave import Answer, LeaveDialog
from vae_tui.tui.keys.steering_keys import ADJUSTABLE
from vae_tui.tui.state.notice import halved_lr
from vae_tui.tui.state.scene_store import SceneStore

if TYPE_CHECKING:
    from textual.app import App

LIVE = ("starting", *ADJUSTABLE)


class Steering(Protocol):
    """How the trainer is asked for things."""

    def send(self, command: Command) -> None:
        """Ask a live trainer; VaeTuiError when it cannot be asked."""

    def restart(self, **settings: float) -> None:
        """Start a trainer on the last save, with other ``settings`` (beta, lr, epochs) if any."""


class SteeringController:
    """Asks the trainer for what the user wants, and the user for what that needs.

    Args:
        app: Shows dialogs and notes.
        steering: Reaches the trainer; None takes no control.
        reference: What names the run on a command line.
        store: Knows the run and its state.
    """

    def __init__(
        self,
        app: "App[None]",
        steering: Steering | None,
        reference: str,
        store: SceneStore,
    ) -> None:
        self._app = app
        self._steering = steering
        self._reference = reference
        self._store = store
        self._hasten: Callable[[], None] = lambda: None

    @property
    def is_taken(self) -> bool:
        """Whether the trainer can be asked at all."""
        return self._steering is not None

    def hasten_with(self, poll_faster: Callable[[], None]) -> None:
        """Call this from now on when the trainer was asked for something."""
        self._hasten = poll_faster

    def pause(self) -> None:
        """Pause or resume the training, or go on from its last save."""
        state, run = self._store.state, self._store.run
        if state in ADJUSTABLE:
            name = "resume" if state == "paused" else "pause"
            self._steer(lambda steering: steering.send(Command(command=name)))
        elif state in ("stopped", "failed", "lost") and run is not None:
            news = {"lr": halved_lr(run)} if state == "failed" and run.diverged else {}
            self._steer(lambda steering: steering.restart(**news))
        elif state == "finished":
            longer = f"vae-tui train --resume {self._reference} --epochs N"
            words = f"the run has finished; to train longer: {longer}"
            self._app.notify(words, timeout=6, markup=False)

    def adjust(self) -> None:
        """Ask for other settings."""
        run, state = self._store.run, self._store.state
        if self._steering is None:
            self._app.notify("attached read-only: no control", timeout=3)
            return
        if run is None or state not in ADJUSTABLE:
            self._app.notify(f"settings can be changed while a run is live; it is {state}")
            return
        lr = run.measured.lr if run.measured else run.config.lr
        settings = {"beta": run.beta, "lr": lr, "epochs": float(run.epochs)}
        self._app.push_screen(ControlsDialog(settings), self._send_all)

    def undo(self) -> None:
        """Take the last change of a setting back."""
        if self._store.state not in ADJUSTABLE:
            self._app.notify(f"nothing to undo: the run is {self._store.state}", timeout=3)
            return
        self._send_all([Command(command="undo")])

    def leave(self, name: str) -> None:
        """Leave the run of this name; ask what becomes of a live training."""
        if isinstance(self._app.screen, LeaveDialog):
            self._app.pop_screen()
        elif self._is_live() and self._steering:
            self._app.push_screen(LeaveDialog(name, self._reference), self._answer)
        else:
            self._app.exit()

    def _answer(self, answer: Answer | None) -> None:
        if answer == "stop":
            self._steer(lambda steering: steering.send(Command(command="stop")))
            self._await_end()
        elif answer == "keep":
            self._app.exit()

    def _await_end(self) -> None:
        """Leave when the trainer has said its last word: the user sees that it was saved."""
        if self._is_live():
            self._app.set_timer(0.1, self._await_end)
        else:
            self._app.exit()

    def _is_live(self) -> bool:
        run, state = self._store.run, self._store.state
        return state in LIVE or (state == "reading" and run is not None and run.live)

    def _send_all(self, commands: Sequence[Command] | None) -> None:
        def send(steering: Steering) -> None:
            for command in commands or ():
                steering.send(command)

        self._steer(send)

    def _steer(self, ask: Callable[[Steering], None]) -> None:
        if self._steering is None:
            self._app.notify("attached read-only: no control", timeout=3)
            return
        try:
            ask(self._steering)
            self._hasten()
        except VaeTuiError as error:
            self._app.notify(printable(str(error)), severity="error", timeout=10, markup=False)
