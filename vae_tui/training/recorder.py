"""Writes a run's files while it trains: events, weights, history, state."""

import copy
import itertools
import math
import time
from collections.abc import Callable

import torch
from torch import Tensor

from vae_tui.data.idx_files import Images
from vae_tui.errors import VaeTuiError
from vae_tui.model.probe import probe_indices
from vae_tui.run import events
from vae_tui.run.events import EpochEnded, Event, MachineMeasured, Paused, RunEnded
from vae_tui.run.folder import Run
from vae_tui.run.log.log_progress import LogProgress
from vae_tui.run.progress import Progress, until
from vae_tui.run.series import TEST_LOSS
from vae_tui.training.checkpoint import save_probe, save_state, save_weights
from vae_tui.training.patient_writer import PatientWriter
from vae_tui.training.save_schedule import TimeBudget, is_kept, steps_to_thin
from vae_tui.training.trainer import Trainer

SAVE_SECONDS = 2.0
"""Interval between saves; a killed run loses about as much."""
SAVE_SHARE, SHOW_SHARE, HISTORY_SHARE = 0.05, 0.004, 0.004
"""Fractions of the time for saving everything, the newest weights alone, and kept weights.

A save takes 0.02 s, 0.1 s on a busy machine: it must be affordable every ``SAVE_SECONDS``.
"""
SAVE_CREDIT, SHOW_CREDIT, HISTORY_CREDIT = 0.3, 0.02, 0.5
"""Seconds of each allowed in advance, so that the first seconds of a run are saved too."""
LONGEST_SAVE_SECONDS = 30.0
"""Longest interval between saves, however slow the disk."""
_SAVED_AT_ONCE = (events.RunStarted, Paused, events.SettingChanged)
"""Must survive a kill right after they are reported: everything is saved with them."""


class Recorder:
    """The files of one run while it trains; rank 0 alone has one. Sets the trainer's `saved_step`.

    ``clock`` returns monotonic seconds, for the intervals between saves; ``take_machine`` a new
    measurement of the machine as one at a step, if there is one.
    """

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        writer: PatientWriter,
        clock: Callable[[], float] = time.monotonic,
        take_machine: Callable[[int], MachineMeasured | None] = lambda step: None,
    ) -> None:
        self._run = run
        self._trainer = trainer
        self._writer = writer
        self._take_machine = take_machine
        self._unsaved_best: tuple[int, dict[str, Tensor]] | None = None
        self._best_loss = math.inf
        self._untrained_is_tested = False
        self._saves = TimeBudget(
            SAVE_SHARE, SAVE_CREDIT, lambda _: SAVE_SECONDS, clock, LONGEST_SAVE_SECONDS
        )
        # Early in a run, when pictures change fast, new weights are shown more often.
        self._shows = TimeBudget(
            SHOW_SHARE, SHOW_CREDIT, lambda elapsed: min(2.0, max(0.25, elapsed / 8)), clock
        )
        self._history = TimeBudget(HISTORY_SHARE, HISTORY_CREDIT, lambda _: 0.0, clock)

    def begin(self, images: Images) -> None:
        """Write the probe if there is none; remove what an interrupted run left behind."""
        self._run.history.mkdir(mode=0o700, exist_ok=True)
        if self._run.history.is_symlink():
            raise VaeTuiError(f"{self._run.history} is a link: nothing is written or removed there")
        # The temporary files of a trainer that was killed while it saved.
        folders = (self._run.inside, self._run.history)
        patterns = (".*.safetensors.*", ".state.pt.*", f".{self._run.reserve.name}.*")
        for folder, pattern in itertools.product(folders, patterns):
            for file in folder.glob(pattern):
                file.unlink(missing_ok=True)
        self._writer.reserve_space()
        if not self._run.probe.exists():
            chosen = torch.from_numpy(probe_indices(len(images.test), self._trainer.config))
            probe = images.test[chosen], images.test_labels[chosen], images.shape
            self._writer.write(lambda: save_probe(self._run.probe, *probe))
        for step in self._run.kept_steps():
            if step > self._trainer.step:  # void since the resume
                self._run.kept_weights(step).unlink(missing_ok=True)
        self._read_tests()

    def record(self, happened: list[Event], *, save: bool) -> None:
        """Append the events; save what is due, or everything if ``save`` is set."""
        if not self._trainer.is_paused and (measured := self._take_machine(self._trainer.step)):
            self._writer.append_if_possible(measured)
        at_once, after_save = _split_at_promise(happened)
        for event in at_once:
            if isinstance(event, EpochEnded):
                self._note_best(event)
                if event.step == 0 and self._untrained_is_tested:
                    continue  # the log has it from before an interruption
            self._writer.append(event)
        end = happened[-1] if happened and isinstance(happened[-1], RunEnded) else None
        if end is None or end.reason != "failed":
            must_save = save or any(isinstance(e, (*_SAVED_AT_ONCE, RunEnded)) for e in happened)
            self._save_what_is_due(must_save=must_save, may_save=bool(happened))
        if end:
            self._writer.release_space()
        for event in after_save:
            self._writer.append(event)

    def _save_what_is_due(self, *, must_save: bool, may_save: bool) -> None:
        step = self._trainer.step
        keep = (
            is_kept(step, self._trainer.steps_per_epoch)
            and not self._run.kept_weights(step).exists()
            and (step == 0 or self._history.is_due())
        )
        save = must_save or (may_save and self._saves.is_due())
        show = not save and may_save and self._shows.is_due()
        if not (keep or save or show) or not self._trainer.is_finite():
            return  # weights that are not finite replace nothing
        if keep:
            with self._history.working():
                self._keep()
        if save:
            with self._saves.working():
                self._save()
        elif show:
            with self._shows.working():
                self._save_weights(self._run.weights.name)

    def _keep(self) -> None:
        """Keep the weights for time travel."""
        self._save_weights(f"{self._run.history.name}/{self._trainer.step}.safetensors", half=True)
        for step in steps_to_thin(self._run.kept_steps()):
            self._run.kept_weights(step).unlink(missing_ok=True)

    def _save(self) -> None:
        """Save everything that a resume needs, and the weights."""
        if self._unsaved_best is not None:
            # Before the state: a resumed run relies on finding its best weights.
            step, best = self._unsaved_best
            self._writer.write(
                lambda: save_weights(self._run.best, best, step, self._trainer.config.image_shape)
            )
            self._unsaved_best = None
        self._writer.write(lambda: save_state(self._run.trainer_state, self._trainer.state()))
        self._trainer.saved_step = self._trainer.step
        self._save_weights(self._run.weights.name)

    def _save_weights(self, name: str, *, half: bool = False) -> None:
        step, weights = self._trainer.step, self._trainer.model.state_dict()
        self._writer.write(
            lambda: save_weights(
                self._run.inside / name, weights, step, self._trainer.config.image_shape, half=half
            )
        )
        self._writer.append(events.WeightsSaved(time=time.time(), step=step, path=name))

    def _note_best(self, tested: EpochEnded) -> None:
        """Copy the weights if their test loss is the lowest; the next save writes them."""
        loss = TEST_LOSS.value(tested, self._trainer.config)
        if loss < self._best_loss:
            self._best_loss = loss
            self._unsaved_best = tested.step, copy.deepcopy(self._trainer.model.state_dict())

    def _read_tests(self) -> None:
        """Read from the log what was tested before an interruption."""
        log = LogProgress(self._run.events, Progress(self._run.name, self._trainer.config)).read()
        self._untrained_is_tested = log.untrained is not None
        step = self._trainer.step
        tests = until(log.tests, step)
        # At step 0 the test is repeated, and with it its best weights.
        if step and tests is not None and math.isfinite(tests.best_loss):
            self._best_loss = tests.best_loss


def _split_at_promise(happened: list[Event]) -> tuple[list[Event], list[Event]]:
    """Split events into those to append at once and those that promise a finished save.

    An end promises one, and so does a pause that is not resumed among the same events.
    """
    first = len(happened)
    for index, event in enumerate(happened):
        if isinstance(event, (Paused, RunEnded)):
            first = min(first, index)
        elif isinstance(event, events.Resumed):
            first = len(happened)
    return happened[:first], happened[first:]
