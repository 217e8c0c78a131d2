"""What is said outside of the screen: the window's title, and news worth a notification."""

from typing import TYPE_CHECKING

from vae_tui.run.state import ENDED

if TYPE_CHECKING:  # numpy is imported after the first paint
    from vae_tui.tui.state.run_view import RunView

_UNKNOWN = ("", "reading", *ENDED)
"""States after which an end is no news."""


def title_of(run: "RunView", state: str) -> str:
    """Return the window's title: program, run, and how far it is in what state."""
    share = min(1.0, max(0.0, run.epoch / run.epochs)) if run.epochs > 0 else 0.0
    progress = "" if state in ("reading", "starting", "finished") else f"{int(share * 100)}% "
    return f"vae-tui {run.name} {progress}{state}"


class Announcements:
    """Compares a run with what it was before: says when it ended, diverged or collapsed."""

    def __init__(self) -> None:
        self._state = ""
        self._was_collapsed: bool | None = None
        """None before the first look: what was there before the screen is no news."""

    def news(self, run: "RunView", state: str) -> str:
        """Return what has happened since the last call, in a sentence; empty if nothing has."""
        before, self._state = self._state, state
        if state == "reading":
            return ""
        from vae_tui.latent.diagnosis import diagnose  # noqa: PLC0415 - after the first paint

        results, was = run.results, self._was_collapsed
        collapsed = results is not None and diagnose(results)[0] == "collapsed"
        self._was_collapsed = collapsed
        if state in ENDED and before not in _UNKNOWN:
            return _end(run, state)
        return "the posterior has collapsed" if collapsed and was is False else ""


def _end(run: "RunView", state: str) -> str:
    if run.diverged is not None and state == "failed":
        return f"{run.diverged.what} is not finite at step {run.diverged.step:,}"
    words = {
        "finished": f"finished {run.epochs:,} epochs, test loss {run.last_test_loss:.1f}",
        "stopped": f"stopped and saved at step {run.step:,}",
        "failed": f"failed: {run.notice or 'without a message'}",
        "lost": "lost: the trainer's process is gone",
    }
    return words[state]
