"""Writes what a trainer does into its run folder: events, weights, history, state."""

import contextlib
import errno
import sys
import time
from collections.abc import Callable
from typing import Any

from torch import Tensor

from vae_tui import events
from vae_tui.checkpoint import save_state, save_tensors, save_weights
from vae_tui.config import RunConfig
from vae_tui.data import Images
from vae_tui.events import EpochEnded, Event, Paused, Resumed, RunEnded, WeightsSaved
from vae_tui.files import append, read_lines
from vae_tui.keeping import is_kept, superfluous
from vae_tui.run import Run
from vae_tui.train import Trainer

SAVE_SECONDS = 2.0
"""How old the newest save grows; a killed run loses about so much."""
SAVE_SHARE = 0.02
"""At most so much of the time goes into saving."""
HISTORY_CREDIT = 0.5
"""Seconds of saving that the history may take before its share is earned: early steps count."""
PROBE_IMAGES = 1_000
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class Recorder:
    """The files of one run, while it trains."""

    def __init__(self, run: Run, config: RunConfig) -> None:
        self._run = run
        self._latent_loss = config.model == "vae"
        self._best: tuple[float, int, dict[str, Tensor]] | None = None
        self._best_loss = float("inf")
        self._began = time.monotonic()
        self._saved_at = self._began
        self._save_seconds = 0.0
        self._history_seconds = 0.0

    def begin(self, trainer: Trainer, images: Images) -> None:
        """Write the probe once; drop what an interrupted run kept of steps now void."""
        self._run.history.mkdir(mode=0o700, exist_ok=True)
        if not self._run.probe.exists():
            probe = {
                "images": images.test[:PROBE_IMAGES],
                "labels": images.test_labels[:PROBE_IMAGES],
            }
            self._insist(trainer, lambda: save_tensors(self._run.probe, probe))
        for step in self._run.kept_steps():
            if step > trainer.step:
                self._run.kept_weights(step).unlink(missing_ok=True)
        self._best_loss = self._best_so_far(trainer.step)

    def record(self, trainer: Trainer, happened: list[Event], *, save: bool) -> None:
        """Append the events; save what is due, or everything when ``save``."""
        last = happened[-1] if happened else None
        ended = isinstance(last, RunEnded)
        for event in happened[:-1] if ended else happened:
            self._append(trainer, event)
            if isinstance(event, EpochEnded):
                self._note_best(trainer, event)
        failed = isinstance(last, RunEnded) and last.reason == "failed"
        if not failed:
            if is_kept(trainer.step, trainer.steps_per_epoch):
                self._keep(trainer)
            if ended or save or isinstance(last, Paused) or self._is_due():
                self._save(trainer)
        if ended and last is not None:
            self._append(trainer, last)

    def append(self, event: Event) -> None:
        """Append one event; raises OSError."""
        append(self._run.events, events.encode(event))

    def _append(self, trainer: Trainer, event: Event) -> None:
        self._insist(trainer, lambda: self.append(event))

    def _is_due(self) -> bool:
        """Tell whether a save is due: early, when pictures change most, sooner."""
        now = time.monotonic()
        interval = min(SAVE_SECONDS, max(0.25, (now - self._began) / 8))
        return now - self._saved_at >= max(interval, self._save_seconds / SAVE_SHARE)

    def _save(self, trainer: Trainer) -> None:
        if not trainer.is_finite():
            return  # the next losses will tell, and the last good save stays
        began = time.monotonic()
        self._insist(trainer, lambda: save_state(self._run.state, trainer.state()))
        weights = trainer.model.state_dict()
        self._insist(trainer, lambda: save_weights(self._run.weights, weights, trainer.step))
        if self._best is not None:
            _, step, best = self._best
            self._insist(trainer, lambda: save_weights(self._run.best, best, step))
            self._best = None
        trainer.last_good_step = trainer.step
        self._announce(trainer, self._run.weights.name)
        self._saved_at = time.monotonic()
        self._save_seconds = self._saved_at - began

    def _keep(self, trainer: Trainer) -> None:
        """Keep this step's weights for time travel, unless that would slow the training."""
        began = time.monotonic()
        earned = HISTORY_CREDIT + SAVE_SHARE * (began - self._began)
        path = self._run.kept_weights(trainer.step)
        if path.exists() or (trainer.step and self._history_seconds > earned):
            return
        weights = trainer.model.state_dict()
        self._insist(trainer, lambda: save_weights(path, weights, trainer.step, half=True))
        self._announce(trainer, f"{self._run.history.name}/{path.name}")
        for step in superfluous(self._run.kept_steps()):
            self._run.kept_weights(step).unlink(missing_ok=True)
        self._history_seconds += time.monotonic() - began

    def _announce(self, trainer: Trainer, path: str) -> None:
        self._append(trainer, WeightsSaved(time=time.time(), step=trainer.step, path=path))

    def _note_best(self, trainer: Trainer, tested: EpochEnded) -> None:
        loss = self._test_loss(tested)
        if loss < self._best_loss:
            self._best_loss = loss
            weights = trainer.model.state_dict()
            copy = {name: value.detach().clone() for name, value in weights.items()}
            self._best = (loss, trainer.step, copy)

    def _test_loss(self, tested: EpochEnded) -> float:
        return tested.test_bce + (tested.test_kl if self._latent_loss else 0.0)

    def _best_so_far(self, step: int) -> float:
        best = float("inf")
        if step == 0:
            return best
        for line in read_lines(self._run.events):
            with contextlib.suppress(ValueError):
                event = events.decode(line)
                if isinstance(event, EpochEnded) and event.step <= step:
                    best = min(best, self._test_loss(event))
        return best

    def _insist(self, trainer: Trainer, write: Callable[[], Any]) -> None:
        """Write; while the disk is full, wait and try again, and say so when that is possible."""
        told = False
        while True:
            try:
                write()
                break
            except OSError as error:
                if error.errno not in _DISK_FULL:
                    raise
                if not told:
                    told = True
                    self._tell(Paused(time=time.time(), step=trainer.step, why="the disk is full"))
                time.sleep(1.0)
        if told:
            self._tell(Resumed(time=time.time(), step=trainer.step))

    def _tell(self, event: Event) -> None:
        print(events.encode(event).decode().strip(), file=sys.stderr, flush=True)  # noqa: T201
        with contextlib.suppress(OSError):
            self.append(event)
