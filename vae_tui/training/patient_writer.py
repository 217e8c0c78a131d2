"""Writes into a run folder, and waits while its disk is full or read-only."""

import contextlib
import errno
import sys
import time
from collections.abc import Callable

from vae_tui.errors import VaeTuiError
from vae_tui.run import events
from vae_tui.run.events import Event, Paused, Resumed, RunEnded
from vae_tui.run.files import Reserve, append
from vae_tui.run.folder import Run
from vae_tui.training.trainer import Trainer

_RESERVE_BYTES = 1 << 16
_MOST_MOVES = 3
_TEMPORARY = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EFBIG: "the disk is full for this process (ulimit -f)",
    errno.EROFS: "the run folder is read-only",
    errno.EACCES: "the run folder may not be written",
    errno.EPERM: "the run folder may not be written",
    errno.EIO: "the disk fails",
}
"""Errors that a user can fix; training waits, because its state exists only in memory."""


def log(text: str) -> None:
    """Write a line to ``trainer.log``, which is stderr; its disk may be full too."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)  # noqa: T201


class PatientWriter:
    """Retries writes that fail for lack of space or permission, and reports that it waits.

    It gives up when ``is_stop_requested`` returns True, and calls ``wait`` between two attempts.
    Before each attempt it calls ``check``, which raises an error when the run may not be written.
    """

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        is_stop_requested: Callable[[], bool],
        wait: Callable[[], object],
        check: Callable[[], object] = lambda: None,
    ) -> None:
        self._run = run
        self._trainer = trainer
        self._is_stop_requested = is_stop_requested
        self._wait = wait
        self._check = check
        self._reserve = Reserve(run.reserve, _RESERVE_BYTES)

    def reserve_space(self) -> None:
        """Reserve space on the disk, so that a full disk can be reported; waits as `write` does."""
        self.write(self._reserve.take)

    def release_space(self) -> None:
        """Free that space."""
        self._reserve.release()

    def append(self, event: Event) -> None:
        """Append an event to the log; waits as `write` does."""
        self.write(lambda: append(self._run.events, events.encode(event)))

    def append_if_possible(self, event: Event) -> None:
        """Append an event that may be lost: where `append` would wait, it is not written."""
        self._check()
        _try_to_append(self._run, event)

    def write(self, attempt: Callable[[], object]) -> None:
        """Call ``attempt`` until it succeeds; between two attempts report a pause and wait.

        Raises:
            OSError: It fails for a reason that a user cannot fix.
            VaeTuiError: A stop was requested while it waited.
        """
        paused, moves = False, _MOST_MOVES
        while True:
            self._check()
            try:
                if paused:
                    # Before the attempt, which must not use the space released for the report.
                    self._reserve.take()
                attempt()
                break
            except OSError as error:
                why = _TEMPORARY.get(error.errno or 0)
                if isinstance(error, FileNotFoundError) and self._run.is_renamed() and moves:
                    moves -= 1  # renamed during the attempt: the next one uses the new path
                    continue
                if why is None:
                    raise
                if self._is_stop_requested():
                    raise VaeTuiError(
                        f"{why} ({self._run.path}): stopped at step {self._trainer.step}, "
                        f"saved at step {self._trainer.saved_step}; "
                        f"fix that, then: vae-tui resume {self._run.reference()}"
                    ) from None
                if not paused:
                    paused = True
                    self._reserve.release()
                    why = f"{why}: training waits and continues when it can save"
                    self._report(Paused(time=time.time(), step=self._trainer.step, why=why))
                self._wait()
        if paused:
            kind = Paused if self._trainer.is_paused else Resumed  # a command's pause still holds
            self._report(kind(time=time.time(), step=self._trainer.step))

    def _report(self, event: Event) -> None:
        log(events.encode(event).decode().strip())
        _try_to_append(self._run, event)


def record_failure(run: Run, step: int, message: str) -> None:
    """Append that the run has failed, if that is possible."""
    Reserve(run.reserve, _RESERVE_BYTES).release()
    _try_to_append(run, RunEnded(time=time.time(), step=step, reason="failed", message=message))


def _try_to_append(run: Run, event: Event) -> None:
    with contextlib.suppress(OSError):
        append(run.events, events.encode(event))
