"""The line under the tabs: what the user should know now, and what to do about it."""

from typing import TYPE_CHECKING

from vae_tui.run.commands import PREEMPTED
from vae_tui.text import duration, printable

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.run.events import Diverged
    from vae_tui.tui.state.run_view import RunView


def notice_of(
    view: "RunView", state: str, now: float, *, resume: str, leave: str, control: bool
) -> tuple[str, ...]:
    """Return the parts of the line at ``now`` (Unix seconds), most important first.

    ``resume`` is the key that continues the run, or the command on a screen without ``control``;
    ``leave`` is the key that leaves the screen.
    """
    if view.gone:
        return "the run's folder is gone: nothing new can be read", f"{leave} leaves"
    damage = view.damage and f"{view.damage}: the rest is shown"
    parts = view.refusal(now), *_of_state(view, state, now, resume, leave, control), damage
    return tuple(filter(None, parts))


def _of_state(
    view: "RunView", state: str, now: float, resume: str, leave: str, control: bool
) -> tuple[str, ...]:
    if view.read_only:
        return ("the folder is read-only now: training waits until it is writable again",)
    if state == "paused" and view.paused is not None and view.paused.why:
        return (view.paused.why,)  # a problem: the trainer resumes by itself when it is fixed
    if state == "failed" and view.diverged is not None:
        return _diverged(view, view.diverged, resume, leave, control)
    if state == "stalled":
        return _silent(view, now, resume)
    from_last_save = f"{resume} continues from the last save"
    by_state = {
        "starting": (),  # the last notice is an earlier trainer's
        "reading": (),  # the top line says how much has been read
        "failed": (view.notice or "it failed without a message", from_last_save),
        "lost": ("the trainer's process is gone", from_last_save),
        "stopping": ("stopping: the trainer saves and ends",),
        "stopped": (f"{_stopped(view)} at step {view.step:,}", f"{resume} continues from there"),
        "paused": (view.notice or "paused", f"{resume} resumes"),
    }
    return by_state.get(state, (view.notice,))


def _stopped(view: "RunView") -> str:
    preempted = view.ended is not None and view.ended.reason == PREEMPTED
    return "preempted: its machine ended it; saved" if preempted else "stopped and saved"


def _diverged(
    view: "RunView", diverged: "Diverged", resume: str, leave: str, control: bool
) -> tuple[str, ...]:
    new_lr = f", lr {halved_lr(view):g}" if control else ""
    return (
        f"{diverged.what} is not finite at step {diverged.step:,}",
        f"{resume} rolls back to step {diverged.last_good_step:,}{new_lr}",
        f"{leave} leaves",
    )


def _silent(view: "RunView", now: float, resume: str) -> tuple[str, ...]:
    # A lock held over a network names a pid of another machine, which is another process here.
    pid = view.live_pid if view.is_here else None
    trainer = f"the trainer on {printable(view.live_host)}" if view.live_host else "the trainer"
    silence = f"{trainer} is alive but silent for {duration(view.silent(now))}"
    end = f"to end it: kill -9 {pid}, then {resume}" if pid else ""
    return tuple(filter(None, (silence, end, "see trainer.log")))


def halved_lr(view: "RunView") -> float:
    """Return half of the run's latest learning rate."""
    return (view.measured.lr if view.measured else view.config.lr) / 2
