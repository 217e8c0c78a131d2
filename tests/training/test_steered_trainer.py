"""A real trainer process that gets commands while it trains."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.processes import PATIENCE_SECONDS, give_way
from support.real_runs import (
    ENDLESS,
    assert_stopped_with_all_saved,
    ended,
    logged_events,
    metadata,
    newest_step,
    outcome,
    running,
    wait_until,
)
from support.terminal import PROGRAM, Terminal
from support.tiny_runs import only

from vae_tui.errors import UsageError
from vae_tui.run import control
from vae_tui.run.commands import Command
from vae_tui.run.events import (
    CommandRefused,
    Event,
    LossesMeasured,
    MachineMeasured,
    Paused,
    Resumed,
    RunStarted,
    SettingChanged,
    WeightsSaved,
)
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.state import STALLED_SECONDS
from vae_tui.run.summary import summarise
from vae_tui.training.checkpoint import load_state


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Iterator[Run]:
    """Give a run with a trainer, which at the end must save when it is preempted."""
    with running(tmp_path_factory.mktemp("live"), ENDLESS) as run:
        wait_until(lambda: only(LossesMeasured, logged_events(run)))
        pid = run.pid()
        assert pid is not None
        give_way(pid)
        yield run
        assert run.pid() == pid
        os.kill(pid, signal.SIGUSR2)
        assert_stopped_with_all_saved(run, "preempted")


@pytest.fixture
def live(trained) -> Iterator[Run]:
    yield trained
    trained.send(Command(command="resume"))  # should the test have left it paused


def answer(run: Run, command: Command, kind: type[Event]) -> Any:
    """Send a command; return the first event of a kind after it and print the latency."""
    before = len(logged_events(run))
    sent = time.monotonic()
    run.send(command)
    event = wait_until(lambda: only(kind, logged_events(run)[before:]))[0]
    print(f"{command.command}: {time.monotonic() - sent:.3f} s")  # noqa: T201 - to be read, never asserted
    return event


def test_a_pause_saves_and_holds_and_a_resume_goes_on(live):
    paused = answer(live, Command(command="pause"), Paused)
    assert load_state(live.trainer_state)["step"] == paused.step  # saved before it is reported
    assert metadata(live.weights)["step"] == str(paused.step)
    assert summarise(live).state == "paused"
    saved = answer(live, Command(command="save"), WeightsSaved)
    assert (saved.step, saved.path) == (paused.step, "weights.safetensors")
    resumed = answer(live, Command(command="resume"), Resumed)
    assert resumed.step == paused.step
    wait_until(lambda: newest_step(live) > paused.step)
    assert summarise(live).state == "running"


def test_a_setting_is_changed_and_undone_under_the_commands_id(live):
    command = Command(command="set", setting="beta", value=4.0)
    changed = answer(live, command, SettingChanged)
    assert (changed.name, changed.new, changed.command_id) == ("beta", 4.0, command.id)
    undone = answer(live, Command(command="undo"), SettingChanged)
    assert undone.new == changed.old


def test_a_setting_changed_in_a_pause_is_saved_at_once(live):
    answer(live, Command(command="pause"), Paused)
    answer(live, Command(command="set", setting="lr", value=0.002), SettingChanged)
    wait_until(lambda: load_state(live.trainer_state)["settings"]["lr"] == 0.002)
    answer(live, Command(command="undo"), SettingChanged)
    answer(live, Command(command="resume"), Resumed)


def test_what_cannot_be_obeyed_is_refused_under_its_id(live):
    command = Command(command="set", setting="lr", value=-1.0)
    refused = answer(live, command, CommandRefused)
    assert refused.command_id == command.id
    assert refused.why.startswith("lr must be above 0")


def test_lines_that_are_no_commands_are_noted_in_the_log_and_do_no_harm(live):
    with live.commands.open("ab") as file:
        file.write(b"\xff garbage\n[[[\n")
    command = Command(command="undo and redo")
    refused = answer(live, command, CommandRefused)
    assert refused.command_id == command.id
    assert live.log.read_text().count("commands.jsonl: ") >= 2


def test_commands_of_a_newer_version_are_refused_in_words_and_harm_nothing(live):
    answer(live, Command(command="pause"), Paused)
    with Terminal([*PROGRAM, "attach", str(live.path)]) as screen:
        screen.wait_for("reconstructions")
        before = len(logged_events(live))
        with live.commands.open("a") as file:
            file.write('{"command":"prune","id":"n1","amount":0.5}\n')
            file.write('{"command":"set","setting":"beta","value":2.0,"id":"n2","why":"new"}\n')
        screen.wait_for("no command 'prune'")
    (changed,) = wait_until(lambda: only(SettingChanged, logged_events(live)[before:]))
    assert (changed.command_id, changed.new) == ("n2", 2.0)
    resumed = answer(live, Command(command="resume"), Resumed)
    wait_until(lambda: newest_step(live) > resumed.step)


def test_a_run_outlives_a_hangup(live):
    pid = live.pid()
    assert pid is not None
    os.kill(pid, signal.SIGHUP)
    step = newest_step(live)
    wait_until(lambda: newest_step(live) > step)


def test_starting_a_live_run_again_is_refused_with_its_pid(live):
    answer(live, Command(command="pause"), Paused)
    pid = live.pid()
    with pytest.raises(UsageError, match=rf"^run is live on .* \(pid {pid}\); .*vae-tui attach "):
        control.start(live, ENDLESS)
    code, errors = outcome(live)
    assert (code, errors.count("\n")) == (2, 1)
    assert re.search(rf"run is live on .* \(pid {pid}\)", errors)
    assert live.pid() == pid
    assert len(only(RunStarted, logged_events(live))) == 1


def test_a_child_of_the_trainer_does_not_inherit_its_lock(live):
    """Or the run would be live for as long as any process that the trainer left behind."""
    folder = Path(f"/proc/{live.pid()}")
    (lock,) = (fd for fd in (folder / "fd").iterdir() if fd.readlink() == live.lock)
    flags = re.search(r"flags:\s*([0-7]+)", (folder / "fdinfo" / lock.name).read_text())
    assert flags is not None
    assert int(flags[1], 8) & os.O_CLOEXEC


def test_a_trainer_that_is_frozen_is_stalled_and_once_thawed_running(live):
    pid = live.pid()
    assert pid is not None
    step = newest_step(live)
    wait_until(lambda: newest_step(live) > step)
    os.kill(pid, signal.SIGSTOP)
    try:
        later = time.time() + STALLED_SECONDS + 5
        row = summarise(live, lambda: later)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (row.state, row.pid) == ("stalled", pid)
    assert row.silent_seconds is not None and row.silent_seconds > STALLED_SECONDS
    wait_until(lambda: summarise(live).step > row.step)
    assert summarise(live).state == "running"


def test_a_run_reports_its_machine_while_it_trains_and_not_in_a_pause(live):
    before = len(only(MachineMeasured, logged_events(live)))
    wait_until(lambda: len(only(MachineMeasured, logged_events(live))) > before + 1)
    machine = wait_until(lambda: summarise(live).machine)
    assert 0 <= machine.cpu_percent <= 100
    assert 0 < machine.memory_used_bytes < machine.memory_total_bytes
    answer(live, Command(command="pause"), Paused)
    assert summarise(live).machine is None


def test_a_trainer_is_in_a_session_of_its_own(live):
    pid = live.pid()
    assert pid is not None
    assert os.getsid(pid) == pid != os.getsid(0)


def test_a_reader_that_closes_the_pipe_ends_the_plain_lines_and_not_the_training(trained):
    with subprocess.Popen(
        [*PROGRAM, "attach", str(trained.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as attached:
        assert attached.stdout and attached.stderr
        assert attached.stdout.readline()
        attached.stdout.close()
        assert attached.wait(PATIENCE_SECONDS) == 0
        *_, line = attached.stderr.readlines()
    assert "stdout is closed; " in line and f"vae-tui attach {trained.path}" in line
    assert trained.is_live()


def test_a_stop_sent_before_there_is_a_trainer_is_obeyed(tmp_path):
    run = create(tmp_path, "run", ENDLESS)
    run.send(Command(command="stop"))
    control.start(run, ENDLESS)
    assert ended(run).reason == "stopped"
