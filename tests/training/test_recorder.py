"""What a recorder writes into a run folder, and in which order."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.clocks import Clock
from support.logs import epoch_ended, losses, started
from support.real_runs import logged_events, metadata
from support.run_events import machine_measured
from support.tiny_runs import kinds, only, random_images, tiny_config, tiny_trainer, weights_of

from vae_tui.run.events import EpochEnded, Event, Paused, Resumed, RunEnded, encode
from vae_tui.run.files import append
from vae_tui.run.runs_folder import create
from vae_tui.training.checkpoint import load_state
from vae_tui.training.recorder import LONGEST_SAVE_SECONDS, SAVE_SECONDS, Recorder
from vae_tui.training.save_schedule import KEPT_STEPS

IMAGES = random_images()


class Journal:
    """A writer that notes the order of events and files."""

    def __init__(self, folder: Path) -> None:
        self.notes: list[str] = []
        self._folder = folder
        self._log = folder / "events.jsonl"

    def append(self, event: Event) -> None:
        append(self._log, encode(event))
        self.notes.append(type(event).__name__)

    append_if_possible = append

    def write(self, attempt: Callable[[], object]) -> None:
        before = self._inodes()
        attempt()
        written = self._inodes().items() - before.items()
        self.notes += sorted(path.name for path, _ in written)

    def reserve_space(self) -> None:
        self.notes.append("reserved")

    def release_space(self) -> None:
        self.notes.append("released")

    def _inodes(self) -> dict[Path, int]:
        """Return the files of the run; one that is replaced gets another inode."""
        paths = [path for path in self._folder.rglob("*") if path != self._log]
        return {path: path.stat().st_ino for path in paths if path.is_file()}


class Recording:
    """A trainer that is not run, its recorder, and the run folder."""

    def __init__(self, folder: Path, **changes: object) -> None:
        config = tiny_config(**changes)
        self.run = create(folder, "run", config)
        self.trainer = tiny_trainer(config)
        self.clock = Clock()
        self.journal = Journal(self.run.path)
        self.machine: list[Event] = []
        self._recorder = Recorder(
            self.run,
            self.trainer,
            self.journal,
            self.clock,
            lambda step: replace(self.machine.pop(), step=step) if self.machine else None,
        )
        self._recorder.begin(IMAGES)

    def record(self, *happened: Event, step: int, save: bool = False) -> list[str]:
        """Record events at a step; return what was written, in order."""
        self.trainer.step = step
        self.journal.notes.clear()
        self._recorder.record(list(happened), save=save)
        return self.journal.notes

    def change_weights(self) -> None:
        with torch.no_grad():
            for parameter in self.trainer.model.parameters():
                parameter.add_(1.0)


@pytest.fixture
def recording(tmp_path) -> Recording:
    return Recording(tmp_path)


SAVED = ["state.pt", "weights.safetensors", "WeightsSaved"]


def test_the_probe_and_some_room_are_there_before_the_first_event(recording):
    assert recording.journal.notes == ["reserved", "probe.safetensors"]


def test_the_best_weights_are_those_of_their_own_step_however_late_they_are_saved(recording):
    best = weights_of(recording.trainer)
    recording.record(epoch_ended(1, bce=50.0), step=6)
    assert not recording.run.best.exists()
    recording.change_weights()
    recording.record(epoch_ended(2, bce=60.0), step=12, save=True)
    assert metadata(recording.run.best)["step"] == "6"
    assert metadata(recording.run.weights)["step"] == "12"
    saved = load_file(recording.run.best)
    assert all(torch.equal(saved[name], value) for name, value in best.items())


@pytest.mark.parametrize(("model", "step"), [("vae", 6), ("ae", 12)])
def test_the_best_test_loss_has_the_kl_in_it_unless_the_model_is_an_auto_encoder(
    tmp_path, model, step
):
    recording = Recording(tmp_path, model=model)
    recording.record(epoch_ended(1, bce=50.0), step=6, save=True)
    recording.change_weights()
    recording.record(replace(epoch_ended(2, bce=49.0), test_kl=90.0), step=12, save=True)
    assert metadata(recording.run.best)["step"] == str(step)


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_weights_that_are_not_finite_are_never_saved_though_the_losses_are(recording, number):
    recording.record(losses(4), step=4, save=True)
    with torch.no_grad():
        recording.trainer.model.decoder[0].bias[0] = number
    recording.clock.now += LONGEST_SAVE_SECONDS
    assert recording.record(losses(5), step=5) == ["LossesMeasured"]
    assert recording.record(losses(6), step=6, save=True) == ["LossesMeasured"]
    end = RunEnded(time=1.0, step=7, reason="stopped")
    assert recording.record(end, step=7) == ["released", "RunEnded"]
    assert recording.trainer.saved_step == 4
    assert load_state(recording.run.trainer_state)["step"] == 4
    assert metadata(recording.run.weights)["step"] == "4"
    assert recording.run.kept_steps() == []


def test_a_failed_run_saves_nothing_more(recording):
    end = RunEnded(time=1.0, step=7, reason="failed", message="why")
    assert recording.record(losses(7), end, step=7, save=True) == [
        "LossesMeasured",
        "released",
        "RunEnded",
    ]


def test_an_end_is_appended_after_everything_is_saved(recording):
    end = RunEnded(time=1.0, step=7, reason="stopped")
    order = recording.record(losses(7), end, step=7)
    assert order == ["LossesMeasured", *SAVED, "released", "RunEnded"]
    assert recording.trainer.saved_step == 7


def test_a_pause_is_appended_after_everything_is_saved(recording):
    pause = Paused(time=1.0, step=7)
    assert recording.record(losses(7), pause, step=7) == ["LossesMeasured", *SAVED, "Paused"]


def test_a_pause_that_is_over_already_is_appended_at_once(recording):
    pause, resumed = Paused(time=1.0, step=7), Resumed(time=1.0, step=7)
    assert recording.record(pause, resumed, step=7) == ["Paused", "Resumed", *SAVED]


def test_the_best_weights_are_written_before_the_state_that_counts_on_them(recording):
    assert recording.record(epoch_ended(1, bce=5.0), step=7, save=True) == [
        "EpochEnded",
        "best.safetensors",
        *SAVED,
    ]


def test_a_start_is_saved_at_once_with_the_untrained_weights_kept_in_half_precision(recording):
    order = recording.record(started(), step=0)
    assert order == ["RunStarted", "0.safetensors", "WeightsSaved", *SAVED]
    kept = load_file(recording.run.kept_weights(0))
    assert all(value.dtype == torch.float16 for value in kept.values())
    paths = [
        event.path for event in logged_events(recording.run) if kinds([event]) == ["WeightsSaved"]
    ]
    assert paths == ["history/0.safetensors", "weights.safetensors"]


def test_without_a_reason_a_save_comes_when_its_interval_is_over(recording):
    recording.record(started(), step=0)
    assert recording.record(losses(3), step=3) == ["LossesMeasured"]
    recording.clock.now += SAVE_SECONDS / 2
    shown = ["LossesMeasured", "weights.safetensors", "WeightsSaved"]
    assert recording.record(losses(4), step=4) == shown
    recording.clock.now += SAVE_SECONDS / 2
    assert recording.record(losses(7), step=7) == ["LossesMeasured", *SAVED]
    assert recording.record(step=8) == []


def test_the_history_is_thinned_to_its_limit(recording):
    for step in range(6, 6 * (KEPT_STEPS + 1), 6):
        recording.run.kept_weights(step).touch()
    step = 6 * (KEPT_STEPS + 1)
    recording.record(losses(step), step=step)
    kept = recording.run.kept_steps()
    assert len(kept) == KEPT_STEPS
    assert {kept[0], kept[-1]} == {6, step}


def test_the_untrained_networks_test_is_in_the_log_once_though_it_is_made_again(tmp_path):
    first = Recording(tmp_path)
    first.record(started(), step=0)
    first.record(epoch_ended(0, bce=500.0), step=0)
    again = Recorder(first.run, first.trainer, first.journal, first.clock)
    again.begin(IMAGES)
    again.record([started()], save=False)
    again.record([epoch_ended(0, bce=500.0)], save=True)
    assert len(only(EpochEnded, logged_events(first.run))) == 1
    assert metadata(first.run.best)["step"] == "0"


def test_the_machine_is_reported_once_at_the_trainers_step_and_not_in_a_pause(tmp_path):
    recording = Recording(tmp_path)
    recording.machine.append(machine_measured(0))
    assert recording.record(step=3) == ["MachineMeasured"]
    assert recording.record(step=4) == []
    assert logged_events(recording.run)[-1] == machine_measured(3)
    recording.trainer.is_paused = True
    recording.machine.append(machine_measured(0))
    assert recording.record(step=4) == []
    recording.trainer.is_paused = False
    assert recording.record(step=4) == ["MachineMeasured"]


def test_after_a_resume_a_worse_test_replaces_no_best_weights(tmp_path):
    first = Recording(tmp_path)
    first.record(started(), epoch_ended(1, bce=50.0), step=6, save=True)
    first.change_weights()
    again = Recorder(first.run, first.trainer, first.journal, first.clock)
    again.begin(IMAGES)
    first.trainer.step = 12
    again.record([epoch_ended(2, bce=51.0)], save=True)
    assert metadata(first.run.best)["step"] == "6"
    again.record([epoch_ended(3, bce=49.0)], save=True)
    assert metadata(first.run.best)["step"] == "18"
