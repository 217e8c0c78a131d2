"""A run folder in which training continues, in this process."""

import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.real_runs import (
    DIGITS,
    assert_same_weights,
    in_force,
    logged_events,
    metadata,
    outcome,
    uninterrupted,
)
from support.tiny_runs import change, losses_of, only, tiny_config, tiny_trainer

from vae_tui.run.commands import Command
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded, RunEnded, RunStarted, encode
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.training.command_source import CommandFile
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import train


class Commands(CommandFile):
    """The run's command file; at the first look something happens."""

    def __init__(self, run: Run, happen: Callable[[], object] = lambda: None) -> None:
        super().__init__(run.commands, 0)
        self._happen = happen

    def take(self, wait: float) -> "list[Command]":
        self._happen()
        self._happen = lambda: None
        return list(super().take(wait))


def resume(run: Run, config: RunConfig = DIGITS) -> int:
    return train(run, config, Commands(run), Ranks())


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Run:
    run = create(tmp_path_factory.mktemp("finished"), "run", DIGITS)
    assert resume(run) == 0
    return run


@pytest.fixture
def run(tmp_path, finished) -> Run:
    return Run(shutil.copytree(finished.path, tmp_path / "copy"))


def test_a_run_is_the_same_in_this_process_as_in_one_of_its_own(finished):
    losses, trainer = uninterrupted(DIGITS)
    assert losses_of(logged_events(finished)) == losses
    assert_same_weights(finished.weights, trainer)


def test_kept_weights_of_void_steps_are_removed_when_a_run_goes_on(run):
    void = run.kept_weights(10**6)
    shutil.copy(run.kept_weights(0), void)
    (run.path / ".state.pt.left").write_bytes(b"of a save that was cut")
    run.send(change("epochs", 7))
    assert resume(run) == 0
    assert not void.exists()
    assert 0 in run.kept_steps()
    losses, trainer = uninterrupted(tiny_config(epochs=7, batch_size=256))
    assert losses_of(in_force(logged_events(run))) == losses
    assert_same_weights(run.weights, trainer)
    assert not list(run.path.glob(".*"))


def test_the_best_is_judged_without_the_tests_that_a_resume_made_void(run):
    last = only(EpochEnded, logged_events(run))[-1]
    began = logged_events(run)[0]
    assert isinstance(began, RunStarted)
    for event in (
        replace(last, test_bce=0.0, test_kl=0.0),  # of a step that the next line makes void
        replace(began, step=last.step - 1),
        last,
    ):
        append(run.events, encode(event))
    run.send(change("epochs", 8))
    assert resume(run) == 0
    losses, _ = uninterrupted(tiny_config(epochs=8, batch_size=256))
    best = min(losses, key=lambda row: row["test_bce"] + row["test_kl"])
    assert best["epoch"] > 6
    assert metadata(run.best)["step"] == str(best["step"])


def of_another_network(path: Path) -> None:
    torch.save(tiny_trainer(tiny_config(hidden=7)).state(), path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "is missing"),
        (lambda path: path.write_bytes(pickle.dumps({"step": 1})), "nothing in it was executed"),
        (of_another_network, "of another network"),
    ],
    ids=["missing", "a pickle", "another network"],
)
def test_a_state_that_is_no_good_fails_the_run_in_one_line(run, capfd, spoil, said):
    weights = run.weights.read_bytes()
    spoil(run.trainer_state)
    assert resume(run) == 1
    last = logged_events(run)[-1]
    assert isinstance(last, RunEnded)
    assert (last.reason, last.message.count("\n")) == ("failed", 0)
    assert str(run.trainer_state) in last.message
    assert said in last.message
    assert last.message in capfd.readouterr().err  # the log has it too, under its traceback
    assert run.weights.read_bytes() == weights


def test_a_config_that_is_no_config_is_one_line_and_exit_code_2(tmp_path):
    run = create(tmp_path, "run", DIGITS)
    (run.path / "config.json").write_text('{"dataset": "digits"}')
    code, errors = outcome(run)  # a process started by hand
    assert (code, errors) == (
        2,
        f"{run.path}/config.json cannot be read: data_dir is missing\n",
    )
    assert not run.events.exists()


def test_data_that_is_not_there_fails_the_run_in_words(tmp_path):
    config = tiny_config(dataset="mnist", data_dir=str(tmp_path / "none"))
    run = create(tmp_path, "run", config)
    assert resume(run, config) == 1
    (last,) = logged_events(run)
    assert isinstance(last, RunEnded)
    assert last.reason == "failed"
    assert str(tmp_path / "none") in last.message
    assert summarise(run).state == "failed"


def test_a_trainer_whose_folder_is_deleted_ends(tmp_path, capfd):
    run = create(tmp_path, "run", DIGITS)
    commands = Commands(run, lambda: shutil.rmtree(run.path))
    assert train(run, DIGITS, commands, Ranks()) == 1
    assert "No such file" in capfd.readouterr().err
    assert not run.path.exists()


def test_ranks_that_would_share_a_gpu_are_refused_in_words(tmp_path):
    config = tiny_config(device="cuda:1", nproc=2)
    run = create(tmp_path, "run", config)
    code = train(run, config, Commands(run), Ranks(rank=0, size=2))
    (last,) = logged_events(run)
    assert isinstance(last, RunEnded)
    assert (code, last.reason) == (2, "failed")
    assert last.message == (
        "--device cuda:1 with --nproc 2: each process needs its own GPU; use --device cuda"
    )
