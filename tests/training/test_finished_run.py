"""The files of a run that a trainer process has finished."""

import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from support.real_runs import (
    DIGITS,
    assert_same_weights,
    ended,
    logged_events,
    metadata,
    none_left,
    uninterrupted,
)
from support.tiny_runs import CPU, losses_of, only

from vae_tui.data import idx_files
from vae_tui.model import load_network
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.probe import load_probe
from vae_tui.model.step_plan import StepPlan
from vae_tui.run import control
from vae_tui.run.events import (
    EpochEnded,
    LossesMeasured,
    RunEnded,
    RunStarted,
    SettingChanged,
    WeightsSaved,
)
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.training.trainer import Trainer


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Run:
    """Return a finished run, started with another job's ranks in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RANK", "3")
        patch.setenv("WORLD_SIZE", "8")
        patch.setenv("LOCAL_RANK", "3")
        run = create(tmp_path_factory.mktemp("finished"), "run", DIGITS)
        control.start(run, DIGITS)
    assert ended(run).reason == "finished"
    return run


def test_a_run_leaves_exactly_the_files_of_the_contract(finished):
    assert sorted(file.name for file in finished.path.iterdir()) == [
        "best.safetensors",
        "config.json",
        "events.jsonl",
        "history",
        "probe.safetensors",
        "state.pt",
        "trainer.lock",
        "trainer.log",
        "weights.safetensors",
    ]
    assert finished.log.read_text() == ""
    assert finished.history.stat().st_mode & 0o777 == 0o700


def test_every_line_of_a_run_is_an_event_in_the_order_of_the_steps(finished):
    lines = finished.events.read_bytes().splitlines()
    happened = logged_events(finished)
    assert len(happened) == len(lines)
    assert isinstance(happened[0], RunStarted)
    assert isinstance(happened[-1], RunEnded)
    assert isinstance(happened[-2], WeightsSaved)
    assert [event.step for event in happened] == sorted(event.step for event in happened)
    times = [event.time for event in happened[:-1]]  # the end is appended after its last save
    assert times == sorted(times)
    assert [event.epoch for event in only(EpochEnded, happened)] == list(range(7))
    assert only(LossesMeasured, happened)[-1].step == 6 * 18


def test_a_runs_epochs_are_those_of_a_trainer_in_this_process(finished):
    losses, trainer = uninterrupted(DIGITS)
    assert losses_of(logged_events(finished)) == losses
    assert_same_weights(finished.weights, trainer)


def test_the_newest_weights_name_their_step_and_open_in_the_numpy_network(finished):
    assert metadata(finished.weights)["step"] == str(6 * 18)
    network = load_network(finished.weights, DIGITS)
    assert network.step == 6 * 18
    Mlp(4, 16).load_state_dict(load_file(finished.weights), strict=True)


def test_the_best_weights_are_those_of_the_lowest_test_loss(finished):
    best = min(only(EpochEnded, logged_events(finished)), key=lambda e: e.test_bce + e.test_kl)
    assert metadata(finished.best)["step"] == str(best.step)


def test_the_kept_weights_begin_with_the_untrained_network_and_are_reported(finished):
    steps = finished.kept_steps()
    assert steps[0] == 0
    torch.manual_seed(DIGITS.seed)
    for name, value in Mlp(4, 16).state_dict().items():
        assert torch.equal(load_file(finished.kept_weights(0))[name], value.half())
    for step in steps:
        assert load_network(finished.kept_weights(step), DIGITS).step == step
    paths = [(event.step, event.path) for event in only(WeightsSaved, logged_events(finished))]
    assert {(step, f"history/{step}.safetensors") for step in steps} <= set(paths)


def test_the_probe_is_all_test_digits_with_their_labels(finished):
    probe = load_probe(finished.probe, DIGITS)
    digits = idx_files.load("digits", Path("/nowhere"))
    assert probe.images.dtype == probe.labels.dtype == np.uint8
    assert np.array_equal(probe.images, digits.test.numpy().reshape(-1, 28, 28))
    assert np.array_equal(probe.labels, digits.test_labels.numpy())
    assert len(probe.labels) == 500


def test_the_state_is_plain_values_and_of_the_last_step(finished):
    state = torch.load(finished.trainer_state, weights_only=True)
    assert state["step"] == 6 * 18
    Trainer(DIGITS, idx_files.load("digits", Path("/nowhere")), CPU, StepPlan("fp32")).load_state(
        state
    )


def test_a_finished_run_is_not_live(finished):
    assert not finished.is_live()
    assert summarise(finished).state == "finished"


def test_the_start_names_the_trainers_own_process(finished):
    began = logged_events(finished)[0]
    assert isinstance(began, RunStarted)
    assert (began.host, began.restarts) == (os.uname().nodename, 0)
    assert began.device_name
    row = summarise(finished)
    assert (row.host, row.device, row.world_size) == (began.host, "cpu", 1)
    assert (began.pid, began.world_size) == (int(finished.lock.read_text().split()[0]), 1)
    assert (began.images, began.test_images, began.steps_per_epoch) == (4_500, 500, 18)


def test_a_run_is_measured_in_finite_numbers(finished):
    for event in only(LossesMeasured, logged_events(finished)):
        assert all(map(math.isfinite, (event.bce, event.kl, event.images_per_second)))
        assert event.memory_bytes > 1 << 20


def test_what_was_set_meanwhile_is_applied_before_the_first_step_of_a_resume(finished, tmp_path):
    run = Run(shutil.copytree(finished.path, tmp_path / "copy"))
    control.change_settings(run, {"epochs": 7, "beta": 4.0})
    with none_left(run):
        control.RunSteering(run, DIGITS).restart(lr=5e-4)
        assert ended(run).reason == "finished"
    changed = only(SettingChanged, logged_events(run))
    assert [(one.name, one.new) for one in changed] == [("epochs", 7), ("beta", 4), ("lr", 5e-4)]
    assert {one.step for one in changed} == {6 * 18}
    assert summarise(run).step == 7 * 18
    assert control.pending_settings(run) == []
