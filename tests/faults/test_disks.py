"""A run on a disk that fills up, on one that turns read-only, and in a folder that goes away."""

import os
import shutil
import signal
from pathlib import Path

from safetensors.torch import load_file
from support.mounts import fill, read_only, small_disk
from support.processes import cpu_share, process
from support.real_runs import logged_events, metadata, newest_step, none_left, wait_until
from support.shells import Shell
from support.terminal import PROGRAM, Terminal
from support.tiny_runs import only, tiny_config

from vae_tui.run import control
from vae_tui.run.events import Paused, Resumed, decode
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.training.checkpoint import load_state

PAGE = 4096


def assert_every_file_is_whole(run: Run) -> None:
    *lines, torn = run.events.read_bytes().split(b"\n")
    assert not torn
    assert all(decode(line) for line in lines if line)
    load_state(run.trainer_state)
    for path in run.path.rglob("*.safetensors"):
        load_file(path)
    assert {run.weights, run.probe} < set(run.path.rglob("*.safetensors"))


def fill_with_no_room_in_the_last_page(disk: Path, run: Run) -> Path:
    """Fill the disk when not even a word of it fits behind the events that are there."""
    pid = run.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with run.events.open("ab") as events:
        events.write(b"\n" * (-events.tell() % PAGE))  # readers pass over empty lines
    ballast = fill(disk)
    os.kill(pid, signal.SIGCONT)
    return ballast


def test_a_full_disk_pauses_the_training_says_so_and_harms_nothing(tmp_path):
    with small_disk(tmp_path / "disk", 16) as disk:
        shell = Shell(disk)
        try:
            terminal = shell.train()
            terminal.wait_for("reconstructions")
            run = shell.run
            pid = run.pid()
            assert pid is not None
            ballast = fill_with_no_room_in_the_last_page(disk, run)
            terminal.wait_for("the disk is full: training waits")
            terminal.wait_for("paused")
            assert shell.state == "paused"
            assert_every_file_is_whole(run)
            assert cpu_share(pid, 1.0) < 0.5
            step = newest_step(run)
            ballast.unlink()
            terminal.wait_for("running")
            terminal.wait_for(lambda text: "the disk is full" not in text)
            wait_until(lambda: newest_step(run) > step)
            assert (
                len(only(Paused, logged_events(run))) == len(only(Resumed, logged_events(run))) == 1
            )
            terminal.type("q")
            terminal.wait_for("Stop and save")
            terminal.type("s")
            assert terminal.wait_for_end() == 0
            wait_until(lambda: not run.is_live())
            assert metadata(run.weights)["step"] == str(newest_step(run))
            assert not run.reserve.exists()
        finally:
            shell.end_everything()


def test_a_run_on_a_full_disk_can_be_stopped_and_says_why_it_ended(tmp_path):
    with small_disk(tmp_path / "disk", 16) as disk:
        config = tiny_config(epochs=1_000_000, batch_size=256)
        run = create(disk, "run", config)
        with none_left(run):
            control.start(run, config)
            wait_until(lambda: newest_step(run) > 100)
            fill_with_no_room_in_the_last_page(disk, run)
            wait_until(lambda: only(Paused, logged_events(run)))
            pid = run.pid()
            assert pid is not None
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not run.is_live())
        last = logged_events(run)[-1]
        assert last.message.startswith(f"the disk is full ({run.path}): stopped at step ")
        assert load_state(run.trainer_state)["step"] == int(last.message.split()[-7].strip(";"))
        assert_every_file_is_whole(run)


def test_a_folder_that_turns_read_only_makes_the_training_wait_until_it_can_save(tmp_path):
    config = tiny_config(epochs=1_000_000, batch_size=256)
    run = create(tmp_path, "run", config)
    with none_left(run):
        pid = control.start(run, config)
        wait_until(lambda: newest_step(run) > 100)
        watch = [*PROGRAM, "attach", "--read-only", str(run.path)]
        with read_only(run.path), Terminal(watch, cwd=tmp_path, columns=120) as screen:
            wait_until(lambda: "the run folder is read-only" in run.log.read_text())
            screen.wait_for("read-only now: training waits until it is writable again")
            step = newest_step(run)
            assert cpu_share(pid, 1.0) < 0.5
            assert_every_file_is_whole(run)
            assert newest_step(run) == step
        # The event that could not be written comes first; only then is the trainer back at work.
        wait_until(lambda: only(Resumed, logged_events(run)))
        wait_until(lambda: newest_step(run) > step)


def test_a_deleted_folder_ends_the_trainer_and_the_screen_says_it_is_gone(shell: Shell):
    terminal = shell.train()
    terminal.wait_for("reconstructions")
    run = shell.run
    pid = run.pid()
    assert pid is not None
    wait_until(lambda: shutil.rmtree(run.path, ignore_errors=True) or not run.path.exists())
    wait_until(lambda: process(pid) is None)
    terminal.wait_for("the run's folder is gone")
    for key in ("2", "3", "4", "5", "1", ",", ".", "p"):
        terminal.type(key)
    terminal.wait_for("nothing to continue")
    assert cpu_share(terminal.pid, 1.0) < 0.5
    terminal.type("q")
    assert terminal.wait_for_end() == 0
    assert not run.path.exists()
    assert "Traceback" not in terminal.raw.decode()
