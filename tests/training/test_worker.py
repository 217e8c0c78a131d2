"""The trainer's real process, on tiny runs of the shipped digits."""

import contextlib
import math
import os
import pickle
import random
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from support.real_runs import (
    DIGITS,
    ENDLESS,
    PATIENCE_SECONDS,
    assert_same_weights,
    ended,
    in_force,
    metadata,
    newest_step,
    none_left,
    outcome,
    running,
    told,
    uninterrupted,
    wait_until,
    worker,
)
from support.tiny_runs import CPU, losses_of, only, tiny_config

import vae_tui
from vae_tui.data import idx_files
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.model import load_network
from vae_tui.model.mlp import Mlp
from vae_tui.model.probe import load_probe
from vae_tui.run import control
from vae_tui.run.commands import Command, encode
from vae_tui.run.events import (
    EpochEnded,
    LossesMeasured,
    Resumed,
    RunEnded,
    RunStarted,
    WeightsSaved,
)
from vae_tui.run.events import encode as encode_event
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.training.checkpoint import load_state
from vae_tui.training.command_source import CommandFile
from vae_tui.training.process import train
from vae_tui.training.ranks import Ranks
from vae_tui.training.trainer import Trainer

needs_prlimit = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="limits another process's files, as Linux can"
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Run:
    """Return a finished run, started where another job's ranks are in the environment."""
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
    happened = told(finished)
    assert len(happened) == len(lines)
    assert isinstance(happened[0], RunStarted)
    assert isinstance(happened[-1], RunEnded)
    assert isinstance(happened[-2], WeightsSaved)
    assert [event.step for event in happened] == sorted(event.step for event in happened)
    times = [event.time for event in happened[:-1]]  # the end is told after its last save
    assert times == sorted(times)
    assert [event.epoch for event in only(EpochEnded, happened)] == list(range(7))
    assert only(LossesMeasured, happened)[-1].step == 6 * 18


def test_a_runs_epochs_are_those_of_a_trainer_in_this_process(finished):
    losses, trainer = uninterrupted(DIGITS)
    assert losses_of(told(finished)) == losses
    assert_same_weights(finished.weights, trainer)


def test_the_newest_weights_name_their_step_and_open_in_the_screens_network(finished):
    assert metadata(finished.weights) == {"step": str(6 * 18)}
    network = load_network(finished.weights, DIGITS)
    assert network.step == 6 * 18
    Mlp(4, 16).load_state_dict(load_file(finished.weights), strict=True)


def test_the_best_weights_are_those_of_the_lowest_test_loss(finished):
    best = min(only(EpochEnded, told(finished)), key=lambda e: e.test_bce + e.test_kl)
    assert metadata(finished.best) == {"step": str(best.step)}


def test_the_kept_weights_begin_with_the_untrained_network_and_are_told(finished):
    steps = finished.kept_steps()
    assert steps[0] == 0
    torch.manual_seed(DIGITS.seed)
    for name, value in Mlp(4, 16).state_dict().items():
        assert torch.equal(load_file(finished.kept_weights(0))[name], value.half())
    for step in steps:
        assert load_network(finished.kept_weights(step), DIGITS).step == step
    paths = [(event.step, event.path) for event in only(WeightsSaved, told(finished))]
    assert {(step, f"history/{step}.safetensors") for step in steps} <= set(paths)


def test_the_probe_is_all_test_digits_with_their_labels(finished):
    probe = load_probe(finished.probe, DIGITS)
    digits = idx_files.load("digits", Path("/nowhere"))
    assert probe.images.dtype == probe.labels.dtype == np.uint8
    assert np.array_equal(probe.images, digits.test.numpy().reshape(-1, 28, 28))
    assert np.array_equal(probe.labels, digits.test_labels.numpy())
    assert len(probe.labels) == 500


def test_the_state_is_plain_values_and_of_the_last_step(finished):
    state = torch.load(finished.state, weights_only=True)
    assert state["step"] == 6 * 18
    Trainer(DIGITS, idx_files.load("digits", Path("/nowhere")), CPU, "fp32").load_state(state)


def test_a_finished_run_is_not_live(finished):
    assert not finished.is_live()
    assert summarise(finished).state == "finished"


def test_the_start_tells_the_trainers_own_process(finished):
    began = told(finished)[0]
    assert isinstance(began, RunStarted)
    assert (began.pid, began.world_size) == (int(finished.lock.read_text()), 1)
    assert (began.images, began.test_images, began.steps_per_epoch) == (4_500, 500, 18)


def test_a_run_is_measured_in_finite_numbers(finished):
    for event in only(LossesMeasured, told(finished)):
        assert all(map(math.isfinite, (event.bce, event.kl, event.images_per_second)))
        assert event.memory_bytes > 1 << 20


def assert_stopped_with_all_saved(run: Run) -> None:
    last = ended(run)
    assert last.reason == "stopped"
    assert load_state(run.state)["step"] == last.step
    assert metadata(run.weights)["step"] == str(last.step)
    assert summarise(run).state == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sent_at_once_after_the_start_stops_the_run_with_everything_saved(
    tmp_path, number
):
    with running(tmp_path, ENDLESS) as run:
        os.kill(int(run.lock.read_text()), number)
        assert_stopped_with_all_saved(run)


def test_a_run_outlives_a_hangup_and_stops_when_it_is_terminated(tmp_path):
    with running(tmp_path, ENDLESS) as run:
        wait_until(lambda: newest_step(run) > 0)
        pid = run.pid()
        assert pid is not None
        os.kill(pid, signal.SIGHUP)
        step = newest_step(run)
        wait_until(lambda: newest_step(run) > step)
        os.kill(pid, signal.SIGTERM)
        assert_stopped_with_all_saved(run)


def test_a_run_killed_at_random_moments_goes_on_bit_for_bit(tmp_path):
    config = tiny_config(epochs=60, batch_size=256)
    run = create(tmp_path, "run", config)
    seed = random.randrange(10**6)
    moments = sorted(random.Random(seed).sample(range(1, 45 * 18), 2))
    with none_left(run):
        for moment in moments:
            pid = control.start(run, config)
            wait_until(lambda moment=moment: newest_step(run) >= moment)
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not run.is_live())
            assert summarise(run).state == "lost"
            with run.events.open("ab") as file:  # as of a write that was cut
                file.write(b'{"event":"losses_measured","time":17')
        (run.path / ".state.pt.left").write_bytes(b"of a save that was cut")
        control.start(run, config)
        assert ended(run).reason == "finished", seed
    losses, trainer = uninterrupted(config)
    assert losses_of(in_force(told(run))) == losses, seed
    assert_same_weights(run.weights, trainer)
    best = min(losses, key=lambda row: row["test_bce"] + row["test_kl"])
    assert metadata(run.best) == {"step": str(best["step"])}
    steps = [began.step for began in only(RunStarted, told(run))]
    print(f"seed {seed}: killed past {moments}, went on from {steps[1:]}")  # noqa: T201
    assert len(run.kept_steps()) <= 64
    assert not list(run.path.glob(".*"))


def test_kept_weights_of_void_steps_are_removed_when_a_run_goes_on(tmp_path, finished):
    run = Run(shutil.copytree(finished.path, tmp_path / "copy"))
    void = run.kept_weights(10**6)
    shutil.copy(run.kept_weights(0), void)
    config = tiny_config(epochs=7, batch_size=256)
    control.start(run, config)
    run.send(Command(command="set", setting="epochs", value=7))
    assert ended(run).reason == "finished"
    assert not void.exists()
    assert 0 in run.kept_steps()
    losses, trainer = uninterrupted(config)
    assert losses_of(in_force(told(run))) == losses
    assert_same_weights(run.weights, trainer)


class Trap:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def other_network(path: Path) -> bytes:
    other = Trainer(
        tiny_config(hidden=7), idx_files.load("digits", Path("/nowhere")), CPU, "fp32"
    ).state()
    torch.save(other, path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path, _: path.unlink(), "is not there"),
        (lambda path, trap: path.write_bytes(pickle.dumps(trap)), "nothing in it was run"),
        (lambda path, _: path.write_bytes(other_network(path)), "of another network"),
    ],
    ids=["missing", "malicious", "another network"],
)
def test_a_state_that_is_no_good_fails_the_run_in_one_line(tmp_path, finished, spoil, said):
    run = Run(shutil.copytree(finished.path, tmp_path / "copy"))
    weights = run.weights.read_bytes()
    spoil(run.state, Trap(tmp_path / "sprung"))
    code, errors = outcome(run)
    assert code == 1
    last = told(run)[-1]
    assert isinstance(last, RunEnded)
    assert (last.reason, last.message.count("\n")) == ("failed", 0)
    assert str(run.state) in last.message
    assert said in last.message
    assert last.message in errors  # the log has the same, under its traceback
    assert not (tmp_path / "sprung").exists()
    assert run.weights.read_bytes() == weights


def test_damaged_states_are_refused_whatever_byte_is_wrong(tmp_path, finished):
    content = bytearray(finished.state.read_bytes())
    path = tmp_path / "state.pt"
    chance = random.Random(1)
    for _ in range(150):
        spoilt = bytearray(content)
        for _ in range(chance.randrange(1, 20)):
            spoilt[chance.randrange(len(spoilt) if chance.random() < 0.5 else 2_000)] = (
                chance.randrange(256)
            )
        path.write_bytes(spoilt)
        try:
            assert isinstance(load_state(path), dict)
        except vae_tui.errors.VaeTuiError as error:
            assert "\n" not in str(error)


def test_a_config_that_is_no_config_is_one_line_and_exit_code_2(tmp_path):
    run = create(tmp_path, "run", DIGITS)
    (run.path / "config.json").write_text('{"dataset": "digits"}')
    code, errors = outcome(run)
    assert (code, errors) == (
        2,
        f"{run.path}/config.json cannot be read: data_dir is missing\n",
    )
    assert not run.events.exists()


def test_data_that_is_not_there_fails_the_run_in_words(tmp_path):
    run = create(tmp_path, "run", tiny_config(dataset="mnist", data_dir=str(tmp_path / "none")))
    code, _ = outcome(run)
    assert code == 1
    (last,) = told(run)
    assert isinstance(last, RunEnded)
    assert last.reason == "failed"
    assert str(tmp_path / "none") in last.message
    assert summarise(run).state == "failed"


def let_files_grow_to(size: int, pid: int | None) -> None:
    """Let a process meet a full disk in every file of more than ``size`` bytes."""
    assert pid is not None
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@needs_prlimit
def test_a_full_disk_pauses_the_run_until_there_is_room(tmp_path):
    config = tiny_config(epochs=30, batch_size=256)
    with running(tmp_path, config) as run:
        wait_until(lambda: newest_step(run) > 0)
        let_files_grow_to(run.events.stat().st_size, run.pid())
        wait_until(lambda: "the disk is full" in run.log.read_text())
        assert run.is_live()
        let_files_grow_to(resource.RLIM_INFINITY, run.pid())
        assert ended(run).reason == "finished"
        happened = told(run)
        assert only(Resumed, happened)
        assert losses_of(happened) == uninterrupted(config)[0]


@needs_prlimit
@pytest.mark.parametrize("how", ["signal", "command"])
def test_a_run_that_waits_for_room_on_the_disk_can_be_stopped(tmp_path, how):
    with running(tmp_path, ENDLESS) as run:
        pid = run.pid()
        assert pid is not None
        wait_until(lambda: newest_step(run) > 0)
        let_files_grow_to(0, pid)
        if how == "signal":
            os.kill(pid, signal.SIGTERM)
        else:
            run.send(Command(command="stop"))
        wait_until(lambda: not run.is_live())


@pytest.mark.parametrize("how", ["signal", "command"])
def test_a_stop_stays_known_after_the_trainer_has_taken_it(tmp_path, how):
    """The disk may be full only for the event that answers it."""
    commands = CommandFile(tmp_path / "commands.jsonl", 0)
    assert not commands.is_stop_requested()
    append(tmp_path / "commands.jsonl", encode(Command(command="pause")))
    assert not commands.is_stop_requested()
    if how == "signal":
        commands.stop()
    else:
        append(tmp_path / "commands.jsonl", encode(Command(command="stop")))
    assert [command.command for command in commands.take(0.0)] == ["pause", "stop"]
    assert commands.is_stop_requested()


def test_a_trainer_whose_folder_is_deleted_ends(tmp_path):
    run = create(tmp_path, "run", ENDLESS)
    with none_left(run):
        process = worker(run)
        wait_until(lambda: newest_step(run) > 0)
        wait_until(lambda: shutil.rmtree(run.path, ignore_errors=True) or not run.path.exists())
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert "No such file" in errors


def test_ranks_whose_agent_is_killed_save_and_end(tmp_path):
    config = tiny_config(epochs=1_000_000, batch_size=256, nproc=2)
    with running(tmp_path, config) as run:
        began = wait_until(lambda: only(LossesMeasured, told(run)) and told(run)[0])
        agent = run.pid()
        assert agent is not None
        os.kill(agent, signal.SIGKILL)
        try:
            wait_until(lambda: only(RunEnded, told(run)))
            assert_stopped_with_all_saved(run)
            wait_until(lambda: has_ended(began.pid))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(began.pid, signal.SIGKILL)


def has_ended(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True


def test_ranks_that_would_share_a_gpu_are_refused_in_words(tmp_path):
    config = tiny_config(device="cuda:1", nproc=2)
    run = create(tmp_path, "run", config)
    control = CommandFile(run.commands, 0)
    code = train(run, config, control, Ranks(rank=0, size=2))
    (last,) = told(run)
    assert isinstance(last, RunEnded)
    assert (code, last.reason) == (2, "failed")
    assert last.message == (
        "--device cuda:1 with --nproc 2: each process needs a GPU of its own; use --device cuda"
    )


@pytest.mark.parametrize("exported", [True, False])
def test_a_trainer_has_the_users_blas_threads_and_not_the_screens(exported):
    program = (
        "import os; os.environ.setdefault('OPENBLAS_NUM_THREADS', '1');"
        "from support.tiny_runs import TINY; from vae_tui.run import control;"
        "print(control.environment(TINY).get('OPENBLAS_NUM_THREADS'))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("OPENBLAS_NUM_THREADS", None)
    environment |= {"OPENBLAS_NUM_THREADS": "3"} if exported else {}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ("3" if exported else "None")


def test_a_start_in_a_folder_that_cannot_be_written_is_said_in_words(tmp_path):
    run = create(tmp_path, "run", DIGITS)
    run.log.mkdir()
    with pytest.raises(VaeTuiError, match=r"^no trainer can be started in .*/run: .*log Is a dir"):
        control.start(run, DIGITS)
    assert not run.is_live()


def test_the_best_is_judged_without_the_tests_that_a_resume_made_void(tmp_path, finished):
    run = Run(shutil.copytree(finished.path, tmp_path / "copy"))
    last = only(EpochEnded, told(run))[-1]
    began = told(run)[0]
    assert isinstance(began, RunStarted)
    for event in (
        replace(last, test_bce=0.0, test_kl=0.0),  # of a step that the next line makes void
        replace(began, step=last.step - 1),
        last,
    ):
        append(run.events, encode_event(event))
    config = tiny_config(epochs=8, batch_size=256)
    control.start(run, config)
    run.send(Command(command="set", setting="epochs", value=8))
    assert ended(run).reason == "finished"
    losses, _ = uninterrupted(config)
    best = min(losses, key=lambda row: row["test_bce"] + row["test_kl"])
    assert best["epoch"] > 6
    assert metadata(run.best) == {"step": str(best["step"])}


def test_two_processes_train_a_run_through_torchrun_and_stop_together(tmp_path):
    config = tiny_config(epochs=1_000_000, batch_size=256, nproc=2)
    with running(tmp_path, config) as run:
        tests = wait_until(lambda: only(EpochEnded, told(run))[2:])
        with pytest.raises(UsageError, match="is live"):
            control.start(run, config)
        run.send(Command(command="stop"))
        assert_stopped_with_all_saved(run)
    began = told(run)[0]
    assert isinstance(began, RunStarted)
    assert began.world_size == 2
    alone, _ = uninterrupted(tiny_config(epochs=2, batch_size=256))
    assert tests[0].test_bce == pytest.approx(alone[2]["test_bce"], rel=1e-4)
    assert tests[0].train_kl == pytest.approx(alone[2]["train_kl"], rel=1e-3)
