"""What a user should read now, and what to do about it; one line under the top line."""

from typing import TYPE_CHECKING

from vae_tui.words import duration

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.history import RunView


def notice_of(view: "RunView", state: str, now: float) -> str:
    """Return the line for a run in this state, or nothing; ``now`` in Unix seconds."""
    match state:
        case "failed" if view.diverged is not None:
            what, good = view.diverged.what, view.diverged.last_good_step
            return (
                f"{what} is not finite at step {view.diverged.step:,} · "
                f"p rolls back to step {good:,} with lr {halved_lr(view):g} · q leaves"
            )
        case "failed":
            return f"{view.notice or 'it failed without a word'} · p goes on from the last save"
        case "lost":
            return "the trainer's process is gone · p goes on from the last save"
        case "stalled":
            silent = duration(now - view.last_time)
            return f"the trainer is alive but has said nothing for {silent} · see trainer.log"
        case "stopped":
            return f"stopped and saved at step {view.step:,} · p goes on from there"
    return f"reading the run's events: {1 - view.unread:.0%}" if view.unread else view.notice


def halved_lr(view: "RunView") -> float:
    """Return half the learning rate that the run had last."""
    return (view.measured.lr if view.measured else view.config.lr) / 2
