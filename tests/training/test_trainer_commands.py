"""Commands to a trainer."""

import pytest
from support.tiny_runs import (
    Script,
    at,
    change,
    command,
    finish,
    kinds,
    losses_of,
    only,
    random_images,
    tiny_config,
    tiny_trainer,
)

from vae_tui.run.commands import PREEMPTED
from vae_tui.run.events import (
    CommandRefused,
    EpochEnded,
    LossesMeasured,
    Paused,
    Resumed,
    SettingChanged,
)

IMAGES = random_images()


def test_a_pause_holds_the_steps_until_it_is_lifted():
    trainer = tiny_trainer()
    waited = iter(range(4))
    happened = finish(
        trainer,
        (at(6), command("pause")),
        (lambda _: next(waited, None) is None, command("resume")),
    )
    assert kinds([event for event in happened if isinstance(event, (Paused, Resumed))]) == [
        "Paused",
        "Resumed",
    ]
    assert only(Paused, happened)[0].step == only(Resumed, happened)[0].step
    assert losses_of(happened) == losses_of(finish(tiny_trainer()))


def test_a_change_is_reported_before_the_next_step():
    trainer = tiny_trainer()
    script = Script((at(6), change("beta", 2.0)), (at(8), change("beta", 3.0)))
    script.trainer = trainer
    reported = []
    for events in trainer.run(script):
        if changes := only(SettingChanged, events):
            assert events == changes
            reported += [(each.step, trainer.step) for each in changes]
    assert reported == [(6, 6), (8, 8)]


def test_pausing_twice_and_resuming_a_running_trainer_report_nothing():
    names = ("resume", "pause", "pause", "resume")
    happened = finish(tiny_trainer(), *((at(0), command(name)) for name in names))
    assert len(only(Paused, happened)) == len(only(Resumed, happened)) == 1


@pytest.mark.parametrize("paused", [False, True])
def test_a_stop_ends_the_run_at_the_step_where_it_is(paused):
    trainer = tiny_trainer()
    lines = [(at(7), command("pause"))] if paused else []
    happened = finish(trainer, *lines, (at(7), command("stop")))
    assert happened[-1].reason == "stopped"
    assert happened[-1].step == trainer.step < trainer.total_steps


@pytest.mark.parametrize(("reason", "end"), [(PREEMPTED, PREEMPTED), ("failed", "stopped")])
def test_a_stop_says_whether_the_machine_requested_it(reason, end):
    happened = finish(tiny_trainer(), (at(7), command("stop", reason=reason)))
    assert happened[-1].reason == end


def test_a_changed_setting_is_reported_with_the_commands_id_and_used_from_then_on():
    trainer = tiny_trainer(tiny_config(epochs=4))
    beta, lr = change("beta", 4.0), change("lr", 1e-4)
    happened = finish(trainer, (at(6), beta), (at(6), lr))
    changes = only(SettingChanged, happened)
    assert [(c.name, c.old, c.new, c.command_id) for c in changes] == [
        ("beta", 1.0, 4.0, beta.id),
        ("lr", 1e-3, 1e-4, lr.id),
    ]
    last = only(LossesMeasured, happened)[-1]
    assert (last.beta, last.lr) == (4.0, 1e-4)
    assert trainer.state()["optimizer"]["param_groups"][0]["lr"] == 1e-4
    assert losses_of(happened)[:2] == losses_of(finish(tiny_trainer()))[:2]
    assert losses_of(happened)[3] != losses_of(finish(tiny_trainer(tiny_config(epochs=4))))[3]


def test_more_epochs_lengthen_the_run_and_fewer_shorten_it():
    longer = finish(tiny_trainer(), (at(6), change("epochs", 5)))
    assert only(EpochEnded, longer)[-1].epoch == 5
    shorter = finish(tiny_trainer(), (at(6), change("epochs", 2)))
    assert only(EpochEnded, shorter)[-1].epoch == 2
    assert shorter[-1].reason == "finished"


def test_undo_takes_changes_back_from_the_newest_on_and_then_is_refused():
    undo = command("undo")
    commands = (change("beta", 2.0), change("beta", 3.0), command("undo"), command("undo"), undo)
    happened = finish(tiny_trainer(), *((at(1), each) for each in commands))
    assert [(c.old, c.new) for c in only(SettingChanged, happened)] == [
        (1, 2),
        (2, 3),
        (3, 2),
        (2, 1),
    ]
    (refused,) = only(CommandRefused, happened)
    assert (refused.command_id, refused.why) == (undo.id, "nothing to undo: no setting was changed")


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (change("hidden", 3), "no setting 'hidden'; there are beta, lr, epochs"),
        (change("beta", -1), "beta must be 0 or more, not -1; the nearest is 0"),
        (change("epochs", 1), "epochs 1: epoch 2 has begun; the nearest is 2"),
        (
            command("_change"),
            "no command '_change'; there are pause, resume, stop, save, undo, set",
        ),
    ],
)
def test_what_cannot_be_obeyed_is_refused_with_its_id_and_changes_nothing(refused, why):
    happened = finish(tiny_trainer(), (at(7), refused))
    (answer,) = only(CommandRefused, happened)
    assert (answer.command_id, answer.why) == (refused.id, why)
    assert losses_of(happened) == losses_of(finish(tiny_trainer()))


def test_an_undo_that_would_end_the_run_before_a_begun_epoch_is_refused_and_can_be_repeated():
    trainer = tiny_trainer(tiny_config(epochs=1))
    undo = command("undo")
    happened = finish(trainer, (at(1), change("epochs", 3)), (at(7), undo))
    (refused,) = only(CommandRefused, happened)
    assert refused.command_id == undo.id
    assert refused.why == "epochs 1: epoch 2 has begun; the nearest is 2"
    assert trainer.settings.last_change() == ("epochs", 1)
    assert happened[-1].step == 18
