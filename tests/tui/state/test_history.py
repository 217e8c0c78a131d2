"""What a run's events add up to: states, losses, thinning, resumes."""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.run_events import CONDITIONS, CONFIG, NOW, STARTED, ended, losses
from support.run_events import tested as epoch_ended

from vae_tui.run.events import (
    FURTHEST_EPOCH,
    CommandRefused,
    Diverged,
    EpochEnded,
    Event,
    LossesMeasured,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    SettingChanged,
    WeightsSaved,
)
from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.views.loss_curves import chart_curves, reconstruction_levels

EMPTY = RunView("a run", CONFIG, live=True, epochs=150)


def view_after(*happened: Event, **changes) -> RunView:
    return dataclasses.replace(advance(EMPTY, happened), **changes)


def changed(name: str, new: float, step: int = 540) -> SettingChanged:
    return SettingChanged(time=NOW, step=step, name=name, old=1.0, new=new, command_id="abc")


# States


@pytest.mark.parametrize(
    ("condition", "state"),
    [
        ("nothing yet", "starting"),
        ("nothing left", "lost"),
        ("started", "stalled"),  # a minute ago, and nothing since
        ("running", "running"),
        ("paused", "paused"),
        ("stalled", "stalled"),
        ("finished", "finished"),
        ("stopped", "stopped"),
        ("failed", "failed"),
        ("diverged", "failed"),
        ("lost", "lost"),
    ],
)
def test_the_state_is_named_in_one_word(condition, state):
    happened, changes, _ = CONDITIONS[condition]
    assert view_after(*happened, **changes).state(NOW) == state


def test_a_trainer_that_has_not_spoken_yet_is_starting_whatever_an_earlier_one_said():
    for said in ((), (ended("stopped"),), (Paused(time=NOW - 1, step=3),)):
        view = view_after(STARTED, losses(3), *said, live_since=NOW + 3600)
        assert view.state(NOW + 3601) == "starting"
        again = advance(view, [dataclasses.replace(STARTED, time=NOW + 3602, step=3)])
        assert again.state(NOW + 3603) == "running"


def test_a_pause_lasts_until_it_is_resumed_or_losses_come():
    pause = Paused(time=NOW, step=3, why="no space left on device")
    paused = view_after(STARTED, losses(3), pause)
    assert (paused.state(NOW), paused.notice) == ("paused", "no space left on device")
    resumed = advance(paused, [Resumed(time=NOW, step=3)])
    assert (resumed.state(NOW), resumed.notice) == ("running", "")
    assert advance(paused, [losses(6)]).state(NOW) == "running"


# Progress


def test_progress_is_that_of_the_newest_losses():
    view = view_after(STARTED, losses(9), losses(18))
    assert (view.epoch, view.step) == (1.0, 18)
    assert view.seconds_left() == pytest.approx(149 * 4500 / 54_200)


def test_nothing_is_known_of_the_time_left_before_the_first_losses():
    assert math.isnan(view_after(STARTED).seconds_left())
    assert math.isnan(view_after(STARTED, losses(3, images_per_second=0.0)).seconds_left())


def test_more_epochs_count_from_the_moment_they_are_given():
    assert view_after(STARTED, losses(3), changed("epochs", 300)).epochs == 300
    assert view_after(STARTED, losses(3), changed("epochs", math.nan)).epochs == 150
    assert view_after(STARTED, losses(3), changed("beta", 4)).epochs == 150


def test_changes_of_settings_are_marked_where_they_happened():
    view = view_after(
        STARTED, losses(18), changed("lr", 1e-4, 18), losses(36), changed("beta", 2, 36)
    )
    assert [one.step for one in view.setting_changes] == [18, 36]


def test_only_the_newest_marks_are_kept():
    happened = [event for step in range(100) for event in (losses(step), changed("lr", step + 1))]
    assert len(view_after(STARTED, *happened).setting_changes) == 32


# Best test loss


def test_the_best_test_loss_is_the_lowest_sum_of_both_terms_that_is_finite():
    view = view_after(
        STARTED,
        epoch_ended(1, test_bce=100.0, test_kl=20.0),
        epoch_ended(2, test_bce=80.0, test_kl=25.0),
        epoch_ended(3, test_bce=math.nan, test_kl=25.0),
        epoch_ended(4, test_bce=90.0, test_kl=25.0),
    )
    assert (view.best_test_loss, view.last_test_loss) == (105.0, 115.0)


def test_an_auto_encoders_test_loss_has_no_kl_in_it():
    config = dataclasses.replace(CONFIG, model="ae")
    view = advance(RunView("a run", config), [epoch_ended(1, test_bce=70.0, test_kl=900.0)])
    assert view.best_test_loss == 70.0


# Resuming


def test_a_resumed_run_voids_what_was_said_of_later_steps():
    before = [
        STARTED,
        *(losses(step) for step in range(3, 541, 3)),
        epoch_ended(10, test_bce=90.0, test_kl=25.0),
        dataclasses.replace(changed("lr", 1e-4), old=CONFIG.lr),
        losses(541, lr=1e-4),
        epoch_ended(20, test_bce=70.0, test_kl=25.0),
        ended("failed", "the machine went away"),
    ]
    view = view_after(*before, dataclasses.replace(STARTED, step=300))
    assert (view.ended, view.notice, view.setting_changes) == (None, "", ())
    assert view.state(NOW - 30) == "running"
    assert view.epoch == pytest.approx(300 / 18)
    assert view.step == 300
    assert (view.lr, view.last_test_loss) == (CONFIG.lr, 115.0)
    assert view.train.curve("bce")[0].max() == pytest.approx(300 / 18)
    assert view.test.rows[:, 0].tolist() == [180]
    assert view.best_test_loss == 115.0


def test_a_run_resumed_from_its_end_keeps_everything():
    view = view_after(STARTED, losses(3), epoch_ended(0), losses(18), ended("stopped"))
    again = advance(view, [dataclasses.replace(STARTED, step=18)])
    np.testing.assert_array_equal(again.train.curve("bce"), view.train.curve("bce"))
    assert (again.measured, again.tested) == (view.measured, view.tested)


def test_events_in_pieces_add_up_to_the_same_as_all_at_once():
    happened = [
        STARTED,
        *(losses(step, more={"gradient_norm": 9.0, "kl_in_loss": 8.0}) for step in range(1, 6000)),
        epoch_ended(3),
        changed("lr", 1),
    ]
    pieces = EMPTY
    for start in range(0, len(happened), 37):
        pieces = advance(pieces, happened[start : start + 37])
    whole = advance(EMPTY, happened)
    for one, other in zip(pieces.train.columns, whole.train.columns, strict=True):
        # Thinned at other moments, so the points differ; what they cover does not.
        assert abs(one.mean() - other.mean()) < 0.01 * abs(other.mean())
    assert pieces.measured == whole.measured


# Anything in any order

_ANY_FLOAT = st.floats(width=32)
_ANY_STEP = st.integers(-5, 2**62)
_ANY_EPOCH = st.floats(-FURTHEST_EPOCH, FURTHEST_EPOCH, exclude_min=True, exclude_max=True)
"""Others are refused when a log is decoded."""


def _any_event(kind: type[Event]) -> st.SearchStrategy[Event]:
    known = {
        float: _ANY_FLOAT,
        int: _ANY_STEP,
        str: st.sampled_from(
            ["", "epochs", "lr", "finished", "weights.safetensors", "[/x]", "\x1b"]
        ),
        tuple[float, ...]: st.lists(_ANY_FLOAT, max_size=3).map(tuple),
        Mapping[str, float]: st.just({"kl": math.nan}),
    }
    values = {field.name: known[field.type] for field in dataclasses.fields(kind)}  # type: ignore[index]
    if kind is LossesMeasured:
        values["epoch"] = _ANY_EPOCH
    return st.builds(kind, **values)


KINDS = (
    CommandRefused, Diverged, EpochEnded, LossesMeasured, Paused, Resumed, RunEnded, RunStarted,
    SettingChanged, WeightsSaved,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(*map(_any_event, KINDS)), max_size=12), st.booleans(), _ANY_FLOAT)
def test_no_order_of_events_raises_and_every_view_can_be_drawn(happened, live, now):
    view = dataclasses.replace(advance(EMPTY, happened), live=live)
    assert view.state(now) in {
        "starting", "running", "paused", "stalled", "finished", "stopped", "failed", "lost",
    }  # fmt: skip
    view.seconds_left()
    for how in ({"smooth": True, "recent": True}, {"smooth": False, "recent": False}):
        for chart in ("reconstruction", "kl", "no such chart"):
            chart_curves(chart, view, **how)
    reconstruction_levels(view)
