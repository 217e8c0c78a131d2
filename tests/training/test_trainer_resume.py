"""A trainer that continues from the state of another."""

import copy
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny_runs import (
    NoCommands,
    Ticker,
    at,
    change,
    command,
    finish,
    kinds,
    losses_of,
    only,
    random_images,
    same_weights,
    tiny_config,
    tiny_trainer,
)

from vae_tui.errors import UsageError
from vae_tui.run.events import (
    EpochEnded,
    LossesMeasured,
    SettingChanged,
)
from vae_tui.training.checkpoint import load_state, save_state
from vae_tui.training.trainer import CHUNK_SECONDS

IMAGES = random_images()


def run_in_pieces(config, cuts, folder: Path):
    """Train with a break at each step of ``cuts``; return the epochs' losses and the trainer."""
    happened: dict[int, dict] = {}
    state = None
    for cut in [*cuts, math.inf]:
        # Each chunk is one step, so that it can be cut at any.
        trainer = tiny_trainer(config, timer=Ticker(CHUNK_SECONDS))
        if state is not None:
            trainer.load_state(state)
        for events in trainer.run(NoCommands()):
            happened |= {losses["epoch"]: losses for losses in losses_of(events)}
            if trainer.step >= cut:
                break
        save_state(folder / "state.pt", trainer.state())
        state = load_state(folder / "state.pt")
    return list(happened.values()), trainer


WINDOWS = {"shuffle_block": 7, "shuffle_window": 200}


@settings(max_examples=8, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 18), max_size=4).map(sorted),
    changes=st.sampled_from(
        [{}, {"model": "ae"}, {"warmup": 2.0}, {"free_bits": 0.1}, {"batch_size": 128}, WINDOWS]
    ),
)
def test_a_run_broken_off_anywhere_continues_bit_for_bit(tmp_path_factory, cuts, changes):
    config = tiny_config(**changes)
    whole = tiny_trainer(config)
    expected = losses_of(finish(whole))
    losses, resumed = run_in_pieces(config, cuts, tmp_path_factory.mktemp("state"))
    assert losses == expected
    assert same_weights(whole, resumed)


def test_losses_unreported_when_a_run_breaks_off_are_in_the_next_runs_first_report():
    # Chunks of one step, each shorter than the interval of the reports.
    trainer = tiny_trainer(timer=Ticker(CHUNK_SECONDS / 4))
    happened = []
    for events in trainer.run(NoCommands()):
        happened += events
        if trainer.step > 1 and not only(LossesMeasured, events):
            break
    broken_off = trainer.step
    assert only(LossesMeasured, happened)[-1].step < broken_off < trainer.total_steps
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    happened += finish(resumed)
    reported = step = 0.0
    for event in only(LossesMeasured, happened):
        reported += event.bce * (event.step - step)
        step = event.step
    of_epochs = sum(event.train_bce for event in only(EpochEnded, happened)[1:])
    assert reported == pytest.approx(of_epochs * trainer.steps_per_epoch)


def test_a_resumed_run_has_its_settings_and_can_still_undo_them():
    trainer = tiny_trainer()
    finish(trainer, (at(6), change("beta", 4.0)), (at(6), command("stop")))
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    assert resumed.settings["beta"] == 4.0
    happened = finish(resumed, (at(0), command("undo")))
    assert happened[0].step == trainer.step
    assert only(SettingChanged, happened)[0].new == 1.0


def test_a_changed_lr_survives_a_resume_in_the_optimiser_too():
    trainer, unbroken = tiny_trainer(), tiny_trainer()
    finish(trainer, (at(6), change("lr", 3e-3)), (at(6), command("stop")))
    finish(unbroken, (at(6), change("lr", 3e-3)))
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    finish(resumed)
    assert same_weights(resumed, unbroken)


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": -1},
        {"step": 10**13},
        {"settings": {"beta": 1.0, "lr": 1e9, "epochs": 3}},
        {"settings": {"beta": 1.0, "lr": 1e-3, "epochs": math.nan}},
        {"undo": [("beta", -1.0)]},
        {"undo": [("hidden", 7)]},
    ],
    ids=str,
)
def test_a_state_with_values_that_no_run_can_have_is_refused(wrong):
    with pytest.raises((ValueError, UsageError)):
        tiny_trainer().load_state(tiny_trainer().state() | wrong)


def test_a_resumed_run_does_not_test_the_untrained_network_again():
    trainer = tiny_trainer()
    finish(trainer, (at(3), command("stop")))
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    assert [event.epoch for event in only(EpochEnded, finish(resumed))] == [1, 2, 3]


def test_a_run_saved_on_another_type_of_device_goes_on_with_fresh_noise_of_its_own():
    trainer = tiny_trainer()
    finish(trainer, (at(6), command("stop")))
    state = trainer.state()
    state |= {"noise": torch.zeros(16, dtype=torch.uint8), "noise_device": "cuda"}
    losses = []
    for _ in range(2):
        resumed = tiny_trainer()
        resumed.load_state(copy.deepcopy(state))  # it trains in the tensors that it was given
        losses.append(losses_of(finish(resumed)))
    assert losses[0] == losses[1]
    assert [row["epoch"] for row in losses[0]] == [2, 3]
    expected = losses_of(finish(tiny_trainer()))[2:]
    assert losses[0][-1]["train_bce"] == pytest.approx(expected[-1]["train_bce"], rel=0.05)
    assert losses[0] != expected


def test_a_finished_run_resumed_ends_at_once_and_trains_on_with_more_epochs():
    trainer = tiny_trainer()
    finish(trainer)
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    assert kinds(finish(resumed)) == ["RunStarted", "RunEnded"]
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    longer = tiny_trainer(tiny_config(epochs=5))
    expected = losses_of(finish(longer))
    assert losses_of(finish(resumed, (at(0), change("epochs", 5)))) == expected[4:]
    assert same_weights(resumed, longer)


@pytest.mark.parametrize("spoil", ["step", "model", "optimizer", "noise", "settings", "undo"])
def test_a_state_that_lacks_something_is_refused(spoil):
    state = tiny_trainer().state()
    del state[spoil]
    with pytest.raises(KeyError, match=spoil):
        tiny_trainer().load_state(state)
