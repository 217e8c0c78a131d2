"""Commands from the run folder and from signals."""

import signal

import pytest
from support.tiny_runs import command

from vae_tui.run.commands import PREEMPTED, encode
from vae_tui.run.files import append
from vae_tui.training.command_source import MAX_LOGGED_ERRORS, CommandFile


def names(commands) -> list[str]:
    return [command.command for command in commands]


@pytest.mark.parametrize("how", ["signal", "command"])
def test_a_stop_stays_known_after_the_trainer_has_taken_it(tmp_path, how):
    """The disk may be full only for the event that answers it."""
    commands = CommandFile(tmp_path / "commands.jsonl", 0)
    assert not commands.is_stop_requested()
    append(tmp_path / "commands.jsonl", encode(command("pause")))
    assert not commands.is_stop_requested()
    if how == "signal":
        commands.stop(signal.SIGTERM)
    else:
        append(tmp_path / "commands.jsonl", encode(command("stop")))
    assert names(commands.take(0.0)) == ["pause", "stop"]
    assert commands.is_stop_requested()


def test_commands_before_the_offset_are_skipped(tmp_path):
    path = tmp_path / "commands.jsonl"
    append(path, encode(command("stop")))
    commands = CommandFile(path, path.stat().st_size)
    append(path, encode(command("save")))
    assert names(commands.take(0.0)) == ["save"]
    assert commands.save_requested
    assert not commands.is_stop_requested()


@pytest.mark.parametrize(
    ("number", "reason"),
    [("SIGINT", ""), ("SIGTERM", PREEMPTED), ("SIGUSR1", PREEMPTED), ("SIGUSR2", PREEMPTED)],
)
def test_every_signal_but_a_users_is_a_preemption(tmp_path, number, reason):
    commands = CommandFile(tmp_path / "commands.jsonl", 0)
    commands.stop(getattr(signal, number))
    (stop,) = commands.take(0.0)
    assert (stop.command, stop.reason) == ("stop", reason)


def test_a_parent_that_is_not_the_agent_any_more_is_a_preemption(tmp_path):
    commands = CommandFile(tmp_path / "commands.jsonl", 0, agent=-1)
    (stop,) = commands.take(0.0)
    assert (stop.command, stop.reason) == ("stop", PREEMPTED)


def test_a_signal_to_another_rank_reaches_the_first_one(tmp_path):
    path = tmp_path / "commands.jsonl"
    first, second = CommandFile(path, 0), CommandFile(path, 0, first=False)
    append(path, encode(command("pause")))
    assert not second.take(0.0)
    second.stop(signal.SIGUSR1)
    assert not second.take(0.0)
    assert not second.take(0.0)
    pause, stop = first.take(0.0)
    assert (pause.command, stop.command, stop.reason) == ("pause", "stop", PREEMPTED)


def test_lines_that_are_no_commands_are_logged_a_limited_number_of_times(tmp_path, capfd):
    path = tmp_path / "commands.jsonl"
    path.write_bytes(b"garbage\n" * 2 * MAX_LOGGED_ERRORS + encode(command("pause")))
    assert names(CommandFile(path, 0).take(0.0)) == ["pause"]
    assert capfd.readouterr().err.count("commands.jsonl: ") == MAX_LOGGED_ERRORS


def test_commands_in_a_new_file_in_place_of_a_longer_one_are_read(tmp_path):
    path = tmp_path / "commands.jsonl"
    path.write_bytes(encode(command("undo")) * 3)
    commands = CommandFile(path, 0)
    assert names(commands.take(0.0)) == ["undo"] * 3
    path.unlink()
    append(path, encode(command("pause")))
    assert names(commands.take(0.0)) == ["pause"]
