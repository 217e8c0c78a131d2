"""The line under the top line: what the user should know now, and what to do about it."""

from typing import TYPE_CHECKING

from vae_tui.run.commands import PREEMPTED
from vae_tui.text import duration, printable

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.run.events import Diverged
    from vae_tui.tui.state.run_view import RunView


def notice_of(view: "RunView", state: str, now: float, *, run: str, control: bool) -> str:
    """Return the line for a run in this state at ``now`` (Unix seconds), or an empty string.

    ``run`` is its name or path on a command line, which is shown on a screen without ``control``.
    """
    if view.gone:
        return "the run's folder is gone: nothing new can be read · q leaves"
    resume = "p" if control else f"vae-tui resume {run}"
    damage = view.damage and f"{view.damage}: the rest is shown"
    parts = [_of_state(view, state, now, resume), view.refusal(now), damage]
    return " · ".join(filter(None, parts))


def _of_state(view: "RunView", state: str, now: float, resume: str) -> str:
    if view.read_only:
        return "the run's folder is read-only now: training waits until it is writable again"
    failure = view.notice or "it failed without a message"
    by_state = {
        "starting": "",  # the last notice is an earlier trainer's
        "reading": f"reading the run's events: {1 - view.unread:.0%}",
        "failed": f"{failure} · {resume} continues from the last save",
        "lost": f"the trainer's process is gone · {resume} continues from the last save",
        "stopping": "stopping: the trainer saves and ends",
        "stopped": f"{_stopped(view)} at step {view.step:,} · {resume} continues from there",
        "paused": f"{view.notice or 'paused'} · {resume} resumes",
    }
    if state == "paused" and view.paused is not None and view.paused.why:
        return view.paused.why  # a problem: the trainer resumes by itself when it is fixed
    if state == "failed" and view.diverged is not None:
        return _diverged(view, view.diverged, resume)
    return _silent(view, now, resume) if state == "stalled" else by_state.get(state, view.notice)


def _stopped(view: "RunView") -> str:
    preempted = view.ended is not None and view.ended.reason == PREEMPTED
    return "preempted: its machine ended it; saved" if preempted else "stopped and saved"


def _diverged(view: "RunView", diverged: "Diverged", resume: str) -> str:
    new_lr = f" with lr {halved_lr(view):g}" if resume == "p" else ""
    return (
        f"{diverged.what} is not finite at step {diverged.step:,} · "
        f"{resume} rolls back to step {diverged.last_good_step:,}{new_lr} · q leaves"
    )


def _silent(view: "RunView", now: float, resume: str) -> str:
    # A lock held over a network names a pid of another machine, which is another process here.
    pid = view.live_pid if view.is_here else None
    trainer = f"the trainer (pid {pid})" if pid else "the trainer"
    if view.live_host:
        trainer = f"the trainer on {printable(view.live_host)}"
    end = f" · to end it: kill -9 {pid}, then {resume}" if pid else ""
    silence = duration(view.silent(now))
    return f"{trainer} is alive but has reported nothing for {silence} · see trainer.log{end}"


def halved_lr(view: "RunView") -> float:
    """Return half of the run's latest learning rate."""
    return (view.measured.lr if view.measured else view.config.lr) / 2
