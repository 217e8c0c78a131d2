"""Settings that are changed between two trainers of a run."""

import pytest
from support.run_events import CONFIG, NOW, STARTED

from vae_tui.errors import UsageError
from vae_tui.run import events
from vae_tui.run.commands import Command
from vae_tui.run.control import change_settings, pending_settings
from vae_tui.run.events import CommandRefused, SettingChanged
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create


@pytest.fixture
def run(tmp_path) -> Run:
    """A run that was trained once and has no trainer now."""
    run = create(tmp_path, "run", CONFIG)
    append(run.events, events.encode(STARTED))
    return run


def answer(run: Run, command: Command) -> None:
    event = SettingChanged(
        time=NOW, step=1, name=command.setting, old=0.0, new=command.value, command_id=command.id
    )
    append(run.events, events.encode(event))


def test_changes_of_a_run_without_a_trainer_wait_in_order(run):
    sent = change_settings(run, {"beta": 4.0, "lr": 5e-4})
    assert [(one.setting, one.value) for one in sent] == [("beta", 4.0), ("lr", 5e-4)]
    assert pending_settings(run) == sent


def test_nothing_is_sent_when_one_of_the_settings_is_invalid(run):
    with pytest.raises(UsageError, match="lr must be above 0"):
        change_settings(run, {"beta": 4.0, "lr": 0.0})
    assert pending_settings(run) == []


def test_what_a_trainer_applied_or_refused_is_not_pending(run):
    beta, epochs = change_settings(run, {"beta": 4.0, "epochs": 1.0})
    answer(run, beta)
    assert pending_settings(run) == [epochs]
    refusal = CommandRefused(time=NOW, step=1, command_id=epochs.id, why="epoch 2 has begun")
    append(run.events, events.encode(refusal))
    assert pending_settings(run) == []


def test_a_change_that_was_sent_again_is_pending_once(run):
    """A resume sends it again; the trainer may die before it reads that."""
    (beta,) = change_settings(run, {"beta": 4.0})
    run.send(beta)
    assert pending_settings(run) == [beta]
    answer(run, beta)
    assert pending_settings(run) == []


def test_an_unanswered_change_before_an_answered_one_is_never_applied_late(run):
    _lost, newest = change_settings(run, {"beta": 4.0}) + change_settings(run, {"beta": 2.0})
    answer(run, newest)
    assert pending_settings(run) == []


def test_other_commands_and_lines_that_are_no_commands_are_never_pending(run):
    run.send(Command(command="pause"))
    append(run.commands, b'{"command": "set", "setting": "beta", "value": 4}\n')  # no id
    append(run.commands, b"not JSON\n")
    assert pending_settings(run) == []


def test_a_commands_file_that_cannot_be_read_holds_nothing(run):
    run.commands.mkdir()
    assert pending_settings(run) == []
