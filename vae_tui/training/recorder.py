"""Writes what a trainer does into its run folder: events, weights, history, state."""

import contextlib
import errno
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from torch import Tensor

from vae_tui.data.idx_files import Images
from vae_tui.errors import VaeTuiError
from vae_tui.run import events
from vae_tui.run.config import RunConfig
from vae_tui.run.events import (
    EpochEnded,
    Event,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    SettingChanged,
    WeightsSaved,
)
from vae_tui.run.files import Reserve, append, read_lines
from vae_tui.run.folder import Run
from vae_tui.training.checkpoint import save_state, save_tensors, save_weights
from vae_tui.training.kept_steps import is_kept, superfluous
from vae_tui.training.save_schedule import Pace
from vae_tui.training.trainer import Trainer

SAVE_SECONDS = 2.0
"""How old the newest save grows; a killed run loses about so much."""
SAVE_SHARE, SHOW_SHARE, HISTORY_SHARE = 0.05, 0.004, 0.004
"""Of the time: everything that a resume needs, weights to look at in between, kept weights.

A save takes 0.02 s, 0.1 s on a busy machine: it must be affordable every ``SAVE_SECONDS``.
"""
SAVE_CREDIT = 0.3
"""Seconds of saving before their share is earned: the first seconds of a run are worth no less."""
LONGEST_SAVE_SECONDS = 30.0
"""The newest save grows no older than this, however slow the disk."""
HISTORY_CREDIT = 0.05
"""Seconds of saving that the history may take before its share is earned: early steps count."""
PROBE_IMAGES = 1_000
RETRY_SECONDS = 0.5
"""Between two looks whether a full disk has room again."""
_SAVED_AT_ONCE = (RunStarted, Paused, SettingChanged)
"""What a kill right after must not lose: that there is a run, and what was asked of it."""
_RESERVE_BYTES = 1 << 16
_UNWRITABLE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EFBIG: "the disk is full for this process (ulimit -f)",
    errno.EROFS: "the run folder is read-only",
    errno.EACCES: "the run folder may not be written",
    errno.EPERM: "the run folder may not be written",
    errno.EIO: "the disk fails",
}
"""What may mend: training waits rather than lose what is in memory alone."""


class Recorder:
    """The files of one run, while it trains.

    Args:
        run: Its folder.
        config: Its configuration.
        is_told_to_stop: Whether to give up waiting for room on a full disk.
    """

    def __init__(self, run: Run, config: RunConfig, is_told_to_stop: Callable[[], bool]) -> None:
        self._run = run
        self._is_told_to_stop = is_told_to_stop
        self._reserve = Reserve(run.reserve, _RESERVE_BYTES)
        self._latent_loss = config.model == "vae"
        self._best: tuple[int, dict[str, Tensor]] | None = None
        self._best_loss = float("inf")
        self._untrained_tested = False
        self._saving = Pace(
            SAVE_SHARE, SAVE_CREDIT, lambda _: SAVE_SECONDS, longest=LONGEST_SAVE_SECONDS
        )
        # Early on pictures change from one moment to the next: new weights come sooner.
        self._showing = Pace(SHOW_SHARE, 0.02, lambda elapsed: min(2.0, max(0.25, elapsed / 8)))
        self._keeping = Pace(HISTORY_SHARE, HISTORY_CREDIT, lambda _: 0.0)

    def begin(self, trainer: Trainer, images: Images) -> None:
        """Write the probe once; drop what an interrupted run kept of steps now void."""
        self._run.history.mkdir(mode=0o700, exist_ok=True)
        if self._run.history.is_symlink():
            raise VaeTuiError(f"{self._run.history} is a link: nothing is written or swept there")
        self._sweep()
        self._insist(trainer, self._reserve.take)
        if not self._run.probe.exists():
            probe = {
                "images": images.test[:PROBE_IMAGES],
                "labels": images.test_labels[:PROBE_IMAGES],
            }
            self._insist(trainer, lambda: save_tensors(self._run.probe, probe))
        for step in self._run.kept_steps():
            if step > trainer.step:
                self._run.kept_weights(step).unlink(missing_ok=True)
        self._read_tests(trainer.step)

    def record(self, trainer: Trainer, happened: list[Event], *, save: bool) -> None:
        """Append the events; save what is due, or everything when ``save``."""
        last = happened[-1] if happened else None
        ended = isinstance(last, RunEnded)
        now, after_the_save = _parted(happened)
        for event in now:
            if isinstance(event, EpochEnded):
                self._note_best(trainer, event)
                if event.step == 0 and self._untrained_tested:
                    continue  # the log has it from before an interruption
            self._append(trainer, event)
        failed = isinstance(last, RunEnded) and last.reason == "failed"
        if not failed:
            if is_kept(trainer.step, trainer.steps_per_epoch):
                self._keep(trainer)
            telling = any(isinstance(event, _SAVED_AT_ONCE) for event in happened)
            if ended or save or telling or (happened and self._saving.is_due()):
                self._save(trainer)
            elif happened and self._showing.is_due():
                with self._showing.working():
                    self._save_weights(trainer)
        if ended:
            self._reserve.release()
        for event in after_the_save:
            self._append(trainer, event)

    def fail(self, step: int, message: str) -> None:
        """Append that the run has failed, if that is possible."""
        self._reserve.release()
        self._try_to_append(RunEnded(time=time.time(), step=step, reason="failed", message=message))

    def _append(self, trainer: Trainer, event: Event) -> None:
        self._insist(trainer, lambda: append(self._run.events, events.encode(event)))

    def _save(self, trainer: Trainer) -> None:
        """Save all that a resume needs, unless it is broken: the last good save stays."""
        if not trainer.is_finite():
            return
        with self._saving.working():
            if self._best is not None:
                # Before the state: what a resumed run believes to be the best must be there.
                step, best = self._best
                self._insist(trainer, lambda: save_weights(self._run.best, best, step))
                self._best = None
            self._insist(trainer, lambda: save_state(self._run.state, trainer.state()))
            trainer.last_good_step = trainer.step
            self._save_weights(trainer)

    def _save_weights(self, trainer: Trainer) -> None:
        if not trainer.is_finite():
            return
        weights = trainer.model.state_dict()
        self._insist(trainer, lambda: save_weights(self._run.weights, weights, trainer.step))
        self._announce(trainer, self._run.weights.name)

    def _keep(self, trainer: Trainer) -> None:
        """Keep this step's weights for time travel, unless that would slow the training."""
        path = self._run.kept_weights(trainer.step)
        wanted = trainer.step == 0 or self._keeping.is_due()
        if path.exists() or not wanted or not trainer.is_finite():
            return
        with self._keeping.working():
            weights = trainer.model.state_dict()
            self._insist(trainer, lambda: save_weights(path, weights, trainer.step, half=True))
            self._announce(trainer, f"{self._run.history.name}/{path.name}")
            for step in superfluous(self._run.kept_steps()):
                self._run.kept_weights(step).unlink(missing_ok=True)

    def _announce(self, trainer: Trainer, path: str) -> None:
        self._append(trainer, WeightsSaved(time=time.time(), step=trainer.step, path=path))

    def _note_best(self, trainer: Trainer, tested: EpochEnded) -> None:
        loss = self._test_loss(tested)
        if loss < self._best_loss:
            self._best_loss = loss
            weights = trainer.model.state_dict()
            copy = {name: value.detach().clone() for name, value in weights.items()}
            self._best = (trainer.step, copy)

    def _test_loss(self, tested: EpochEnded) -> float:
        return tested.test_bce + (tested.test_kl if self._latent_loss else 0.0)

    def _read_tests(self, step: int) -> None:
        """Take from the log what an interrupted run knew of its tests up to ``step``."""
        for event in events.in_force(self._starts_and_tests()):
            if isinstance(event, EpochEnded) and event.step <= step:
                self._untrained_tested |= event.step == 0
                if step:  # at 0 the test comes again, and with it the best weights
                    self._best_loss = min(self._best_loss, self._test_loss(event))

    def _starts_and_tests(self) -> Iterator[Event]:
        for line in read_lines(self._run.events):
            with contextlib.suppress(ValueError):
                event = events.decode(line)
                if isinstance(event, EpochEnded):
                    yield replace(event, kl_per_dimension=())  # all are held at once
                elif isinstance(event, RunStarted):
                    yield event

    def _sweep(self) -> None:
        """Remove the unfinished files of a trainer that was killed while it saved."""
        folders = (self._run.path, self._run.history)
        patterns = (".*.safetensors.*", ".state.pt.*", f".{self._run.reserve.name}.*")
        for folder, pattern in itertools.product(folders, patterns):
            for file in folder.glob(pattern):
                file.unlink(missing_ok=True)

    def _insist(self, trainer: Trainer, write: Callable[[], Any]) -> None:
        """Write; while that is impossible, wait and try again, and say so if that can be said."""
        told = ""
        while True:
            try:
                if told:
                    self._reserve.take()  # first: what was freed to say so is no room yet
                write()
                break
            except OSError as error:
                why = _UNWRITABLE.get(error.errno or 0)
                if why is None:
                    raise
                if self._is_told_to_stop():
                    raise VaeTuiError(
                        f"{why} ({self._run.path}): stopped at step {trainer.step}, "
                        f"saved at step {trainer.last_good_step}; "
                        f"mend that, then: vae-tui resume {self._run.path}"
                    ) from None
                if not told:
                    told = f"{why}: training waits and goes on when it can save"
                    self._reserve.release()
                    self._tell(Paused(time=time.time(), step=trainer.step, why=told))
                time.sleep(RETRY_SECONDS)
        if told:
            self._tell(Resumed(time=time.time(), step=trainer.step))

    def _tell(self, event: Event) -> None:
        with contextlib.suppress(OSError):  # the log may lie on the same full disk
            print(events.encode(event).decode().strip(), file=sys.stderr, flush=True)  # noqa: T201
        self._try_to_append(event)

    def _try_to_append(self, event: Event) -> None:
        with contextlib.suppress(OSError):
            append(self._run.events, events.encode(event))


def _parted(happened: list[Event]) -> tuple[list[Event], list[Event]]:
    """Part what is told at once from what promises a save: an end, a pause that lasts."""
    promised = len(happened)
    for index, event in enumerate(happened):
        if isinstance(event, (Paused, RunEnded)):
            promised = min(promised, index)
        elif isinstance(event, Resumed):
            promised = len(happened)
    return happened[:promised], happened[promised:]
