"""What a user should read now, and what to do about it; one line under the top line."""

from typing import TYPE_CHECKING

from vae_tui.text import duration

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.run.events import Diverged
    from vae_tui.tui.state.run_view import RunView


def notice_of(view: "RunView", state: str, now: float, *, run: str, control: bool) -> str:
    """Return the line for a run in this state, or nothing.

    Args:
        view: Of the run.
        state: Of it, in one word.
        now: Unix seconds.
        run: What names it on a command line.
        control: The keys steer; where they do not, the shell does.
    """
    if view.gone:
        return "the run's folder is gone: what is shown is all there is · q leaves"
    on = "p" if control else f"vae-tui resume {run}"
    damage = view.damage and f"{view.damage}: the rest is shown"
    parts = [_of_state(view, state, now, on), view.refusal(now), damage]
    return " · ".join(filter(None, parts))


def _of_state(view: "RunView", state: str, now: float, on: str) -> str:
    if view.read_only:
        return "the run's folder is read-only now: training waits until it can be written again"
    told = {
        "starting": "",  # whatever an earlier trainer said
        "reading": f"reading the run's events: {1 - view.unread:.0%}",
        "failed": f"{view.notice or 'it failed without a word'} · {on} goes on from the last save",
        "lost": f"the trainer's process is gone · {on} goes on from the last save",
        "stopped": f"stopped and saved at step {view.step:,} · {on} goes on from there",
        "paused": f"{view.notice or 'paused'} · {on} goes on",
    }
    if state == "paused" and view.paused is not None and view.paused.why:
        return view.paused.why  # nobody asked for it: it goes on by itself, when that is mended
    if state == "failed" and view.diverged is not None:
        return _diverged(view, view.diverged, on)
    return _silent(view, now, on) if state == "stalled" else told.get(state, view.notice)


def _diverged(view: "RunView", diverged: "Diverged", on: str) -> str:
    news = f" with lr {halved_lr(view):g}" if on == "p" else ""
    return (
        f"{diverged.what} is not finite at step {diverged.step:,} · "
        f"{on} rolls back to step {diverged.last_good_step:,}{news} · q leaves"
    )


def _silent(view: "RunView", now: float, on: str) -> str:
    # The pid of a lock held over a network is another machine's: here it would be someone else.
    pid = view.live_pid if view.is_here else None
    who = f"the trainer (pid {pid})" if pid else "the trainer"
    end = f" · to end it: kill -9 {pid}, then {on}" if pid else ""
    told = duration(view.silent(now))
    return f"{who} is alive but has said nothing for {told} · see trainer.log{end}"


def halved_lr(view: "RunView") -> float:
    """Return half the learning rate that the run had last."""
    return (view.measured.lr if view.measured else view.config.lr) / 2
