"""Numbers that are not finite, put into a run's weights at one step."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from support.real_runs import logged_events, metadata, none_left, wait_until
from support.shells import Shell
from support.tiny_runs import CPU, NoCommands, only, tiny_config

from vae_tui.data import idx_files
from vae_tui.model.step_plan import StepPlan
from vae_tui.run.events import Diverged, LossesMeasured, RunEnded, RunStarted, SettingChanged
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.training.checkpoint import load_state
from vae_tui.training.patient_writer import PatientWriter
from vae_tui.training.recorder import Recorder
from vae_tui.training.trainer import Trainer

CONFIG = tiny_config(epochs=1_000_000, batch_size=256)
POISONED_STEP = 40


class Poisoner(NoCommands):
    """Puts a number into a weight from ``POISONED_STEP`` on."""

    def __init__(self, trainer: Trainer, weight: str, number: float) -> None:
        self._trainer = trainer
        self._weight = dict(trainer.model.named_parameters())[weight]
        self._number = number

    def take(self, wait: float):
        if self._trainer.step >= POISONED_STEP:
            with torch.no_grad():
                self._weight.view(-1)[0] = self._number
        return ()


def poisoned(folder: Path, weight: str, number: float) -> tuple[Run, int]:
    """Train a run that is poisoned, in this process; return it and the step it reached."""
    run = create(folder, "run", CONFIG)
    trainer = Trainer(CONFIG, idx_files.load("digits", Path("/nowhere")), CPU, StepPlan("fp32"))
    recorder = Recorder(run, trainer, PatientWriter(run, trainer, lambda: True, int))
    recorder.begin(idx_files.load("digits", Path("/nowhere")))
    for happened in trainer.run(Poisoner(trainer, weight, number)):
        # Save every time: weights that are not finite must never be saved.
        recorder.record(happened, save=True)
    return run, trainer.step


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("weight", ["decoder.2.bias", "decoder.2.weight", "encoder.2.bias"])
def test_a_number_that_is_not_finite_ends_the_run_at_its_last_good_weights(
    tmp_path, weight, number
):
    run, step = poisoned(tmp_path, weight, number)
    diverged, ended = logged_events(run)[-2:]
    assert isinstance(diverged, Diverged)
    assert isinstance(ended, RunEnded)
    assert ended.reason == "failed"
    good = diverged.last_good_step
    assert POISONED_STEP <= good < diverged.step == step
    assert f"the weights of step {good} are kept" in ended.message
    assert load_state(run.trainer_state)["step"] == good
    assert metadata(run.weights)["step"] == str(good)
    for path in run.path.rglob("*.safetensors"):
        assert all(value.isfinite().all() for value in load_file(path).values()), path.name
    state = load_state(run.trainer_state)
    assert all(value.isfinite().all() for value in state["model"].values())
    assert all(
        math.isfinite(event.bce + event.kl) for event in only(LossesMeasured, logged_events(run))
    )
    assert summarise(run).state == "failed"


def test_the_screen_marks_where_it_diverged_and_p_rolls_back_with_half_the_rate(shell: Shell):
    shell.runs_dir.mkdir()
    run, step = poisoned(shell.runs_dir, "decoder.2.bias", math.nan)
    good = only(Diverged, logged_events(run))[0].last_good_step
    with none_left(run):
        terminal = shell.screen("attach")
        terminal.wait_for(f"BCE is not finite at step {step}")
        terminal.wait_for(f"p rolls back to step {good}, lr 0.0005")
        terminal.wait_for(lambda text: "×" in text)
        terminal.wait_for(lambda text: "trend nan" in text)
        terminal.type("p")
        terminal.wait_for("running")
        terminal.wait_for(lambda text: "×" not in text and "nan" not in text)
        assert only(RunStarted, logged_events(run))[-1].step == good
        (changed,) = wait_until(lambda: only(SettingChanged, logged_events(run)))
        assert (changed.name, changed.new) == ("lr", 0.0005)
        measured = wait_until(
            lambda: [e for e in only(LossesMeasured, logged_events(run)) if e.step > step]
        )
        assert measured[-1].lr == 0.0005
