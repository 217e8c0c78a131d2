"""The charts over epochs, steps and minutes."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise, product

import numpy as np
import pytest
from support.run_events import CONFIG, NOW, STARTED, losses
from support.run_events import tested as epoch_ended
from support.screen import Screen, open_view, wait_until
from support.views import chart

from vae_tui.run.events import Diverged
from vae_tui.tui.state.losses import MOST_POINTS
from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.views.loss_curves import chart_curves
from vae_tui.tui.views.x_axis import RECENT, RUN, X_AXES

train_screen = partial(Screen, views="1")

LOG_EPOCH, EPOCH, STEP, MINUTES = X_AXES


def run_of(*seconds, steps_per_epoch=18):
    """Return a run whose epochs took these seconds."""
    started = replace(STARTED, steps_per_epoch=steps_per_epoch)
    tests = [epoch_ended(at, seconds=took) for at, took in enumerate(seconds, 1)]
    nothing_trained = epoch_ended(0, seconds=0.0)
    return advance(RunView("a run", CONFIG, epochs=150), [started, nothing_trained, *tests])


def test_steps_are_the_epochs_times_the_steps_of_one():
    run = run_of(1.0, steps_per_epoch=235)
    assert STEP.position(run, 2.0) == 470
    assert EPOCH.position(run, 2.0) == 2


def test_minutes_add_up_the_seconds_of_the_epochs_and_go_on_at_the_last_speed():
    run = run_of(60.0, 120.0, 240.0)
    assert [MINUTES.position(run, epoch) for epoch in (0, 1, 2, 3)] == [0, 1, 3, 7]
    assert MINUTES.position(run, 1.5) == 2
    assert MINUTES.position(run, 3.5) == 9


def test_a_run_without_an_epoch_has_trained_for_no_minute():
    assert MINUTES.position(RunView("a run", CONFIG), 3.0) == 0


def test_minutes_stay_right_when_points_have_been_averaged():
    run = run_of(*[30.0] * (MOST_POINTS + 100))
    assert MINUTES.position(run, 1000.0) == pytest.approx(500, rel=1e-3)
    assert MINUTES.position(run, MOST_POINTS + 100.0) == pytest.approx(1074, rel=1e-3)


def test_a_curve_keeps_its_values_on_every_axis():
    run = run_of(60.0, 60.0)
    curves = chart_curves("kl", run, smooth=True, recent=False)
    for axis in X_AXES:
        for before, after in zip(curves, axis.convert(run, curves), strict=True):
            np.testing.assert_array_equal(before.ys, after.ys)


def live_views() -> Iterator[RunView]:
    """Yield what is known of a live run of 150 epochs, at every step from the first epoch's end."""
    events = [STARTED, epoch_ended(0, seconds=0.0)]
    view = RunView("a run", CONFIG, epochs=150, live=True)
    for step in range(1, 2701):
        if step % 18 == 0:
            events.append(epoch_ended(step // 18, seconds=60.0))
        view, events = advance(view, [*events, losses(step)]), []
        if step >= 18:
            yield view


def test_the_axis_of_a_live_run_moves_rarely_and_always_holds_the_newest_value():
    windows = defaultdict(list)
    for view in live_views():
        for axis, part in product(X_AXES, (RUN, RECENT)):
            window = axis.window(view, (), part)
            newest = axis.position(view, view.epoch)
            assert window[0] < newest <= window[1] * (1 + 1e-9), (axis, part)
            if not axis.is_log or part == RECENT:
                filled = (newest - window[0]) / (window[1] - window[0])
                assert filled > 0.6, (axis, part)
            windows[axis, part].append(window)
    ended = replace(view, live=False)
    for (axis, part), found in windows.items():
        changes = sum(one != other for one, other in pairwise(found))
        assert changes <= {RUN: 30, RECENT: 200}[part], (axis, part)
        assert axis.window(ended, (), part)[1] == pytest.approx(axis.position(ended, 150.0))
    assert len(windows) == 2 * len(X_AXES)


@pytest.mark.parametrize("part", [RUN, RECENT])
@pytest.mark.parametrize("axis", X_AXES)
def test_the_step_at_which_the_losses_were_not_finite_is_on_the_axis(axis, part):
    steps = STARTED.steps_per_epoch
    happened = [STARTED, losses(18), epoch_ended(1, seconds=60.0), losses(36)]
    nan = Diverged(time=NOW, step=3 * steps, what="bce", last_good_step=2 * steps)
    view = advance(RunView("one", CONFIG, live=False, epochs=20), [*happened, nan])
    window = axis.window(view, (), part)
    assert window is not None
    assert window[0] < axis.position(view, 3.0) <= window[1]


async def test_t_puts_steps_and_minutes_across_and_the_cursor_follows():
    screen = train_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(epoch_ended(30, seconds=60.0), losses(540))
        assert "epoch" in chart(screen, "kl").splitlines()[-1]
        await pilot.press("h", "t", "t")
        await wait_until(pilot, lambda: "step" in chart(screen, "kl").splitlines()[-1])
        assert "▲540" in chart(screen, "kl")
        await pilot.press("t")
        assert "min" in chart(screen, "reconstruction").splitlines()[-1]
        await pilot.press("t")
        assert "epoch" in chart(screen, "kl").splitlines()[-1]
