import dataclasses
import math

import pytest
from support.logs import NOW, started

from vae_tui.run.events import CommandRefused, Diverged, Paused, Resumed, RunEnded
from vae_tui.run.last_seen import Seen, while_away

BEFORE = Seen(NOW, "running", 7_200, 12.4, 108.31, 1_000)
AFTER = Seen(NOW + 47 * 60, "running", 11_400, 19.1, 106.07, 9_000)


def away_line(*happened, before=None, **after):
    seen = dataclasses.replace(BEFORE, **(before or {}))
    return while_away(seen, dataclasses.replace(AFTER, **after), happened)


def still(*happened, **after):
    """Return the line when no step was taken."""
    same = {"step": BEFORE.step, "epoch": BEFORE.epoch, "best_test_loss": BEFORE.best_test_loss}
    return away_line(*happened, **{**same, **after}).removeprefix(
        "while you were away (47 m 00 s): "
    )


def at(minutes):
    return NOW + 60 * minutes


def test_who_comes_back_after_lunch_reads_how_far_it_is_and_what_went_wrong():
    paused = Paused(time=at(10), step=9_000, why="disk full"), Resumed(time=at(13), step=9_000)
    assert away_line(*paused) == (
        "while you were away (47 m 00 s): epochs 12 to 19, best test 108.3 to 106.1, "
        "paused for 3 m 00 s: disk full"
    )


def test_a_trainer_that_was_starting_then_was_not_lost():
    assert still(started(), before={"state": "starting"}) == ""
    assert "its process was lost" in still(started(), started(), before={"state": "starting"})


def test_who_was_away_for_less_than_a_minute_has_missed_nothing():
    assert away_line(time=NOW + 59) == ""
    assert away_line(time=NOW - 500) == ""


def test_where_nothing_changed_nothing_is_said():
    for state in ("running", "paused", "finished", "lost"):
        assert (
            away_line(before=dataclasses.asdict(AFTER) | {"time": NOW, "state": state}, state=state)
            == ""
        )


@pytest.mark.parametrize(
    ("best", "words"),
    [
        ((108.3, 108.3), "best test still 108.3"),
        ((math.nan, 108.3), "best test 108.3"),
        ((108.3, 110.0), "best test 108.3 to 110.0"),
        ((math.nan, math.nan), ""),
    ],
)
def test_the_best_loss_is_shown_as_it_was_and_is(best, words):
    line = away_line(before={"best_test_loss": best[0]}, best_test_loss=best[1])
    assert line == ", ".join(
        filter(None, ("while you were away (47 m 00 s): epochs 12 to 19", words))
    )


def test_less_than_an_epoch_is_counted_in_steps():
    assert "steps 7,200 to 7,300, best" in away_line(step=7_300, epoch=12.6)


@pytest.mark.parametrize(
    ("happened", "after", "words"),
    [
        ([Paused(time=at(7), step=1, why="no room")], {"state": "paused"},
         "paused for 40 m 00 s and still: no room"),
        ([Paused(time=at(1), step=1), Resumed(time=at(2), step=1),
          Paused(time=at(3), step=1), Resumed(time=at(5), step=1)], {}, "paused for 3 m 00 s"),
        # The clock was set back during the first pause.
        ([Paused(time=at(20), step=1), Resumed(time=at(2), step=1),
          Paused(time=at(3), step=1), Resumed(time=at(5), step=1)], {}, "paused for 2 m 00 s"),
        ([Diverged(time=at(1), step=9, what="bce", last_good_step=8),
          RunEnded(time=at(1), step=9, reason="failed", message="bce is nan")],
         {"state": "failed"}, "bce not finite at step 9, it failed: bce is nan"),
        ([CommandRefused(time=at(1), step=9, command_id="x", why="lr is too large")], {},
         "refused: lr is too large"),
        ([CommandRefused(time=at(1), step=9, command_id=name, why=name) for name in "ab"], {},
         "refused 2 times: b"),
        ([RunEnded(time=at(1), step=9, reason="finished")], {"state": "finished"}, "it finished"),
        ([RunEnded(time=at(1), step=9, reason="stopped")], {"state": "stopped"},
         "it was stopped"),
        ([], {"state": "lost"}, "its process is lost"),
        ([], {"state": "stalled"}, "it is alive but silent"),
        ([started(step=7_000)], {}, "its process was lost and resumed at step 7,000"),
        ([RunEnded(time=at(1), step=9, reason="stopped"), started(step=9)], {}, ""),
        ([started(step=6), RunEnded(time=at(1), step=9, reason="failed", message="no memory")],
         {"state": "failed"},
         "its process was lost and resumed at step 6, it failed: no memory"),
    ],
)  # fmt: skip
def test_whatever_went_wrong_is_said(happened, after, words):
    assert still(*happened, **after) == words


def test_a_run_that_failed_again_is_named_and_one_that_failed_before_is_not():
    end = RunEnded(time=at(1), step=9, reason="failed", message="no memory")
    assert "it failed: no memory" in away_line(
        started(), end, before={"state": "failed"}, state="failed"
    )
    assert "failed" not in away_line(before={"state": "failed"}, state="failed")
