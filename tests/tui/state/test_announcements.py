"""The window's title, and news that are worth a notification."""

import dataclasses

import pytest
from support import run_events
from support.run_events import CONDITIONS, CONFIG, NOW, STARTED, ended, losses

from vae_tui.run.events import Diverged
from vae_tui.tui.state.announcements import Announcements, title_of
from vae_tui.tui.state.run_view import RunView, advance

BEGUN = advance(RunView("mnist", CONFIG, live=True, epochs=150), [STARTED, losses(540)])


def collapsed(epoch: int):
    return run_events.tested(epoch, test_bce=213.5, kl_per_dimension=(0.001,) * 20)


@pytest.mark.parametrize(
    ("state", "title"),
    [
        ("running", "vae-tui mnist 20% running"),
        ("paused", "vae-tui mnist 20% paused"),
        ("finished", "vae-tui mnist finished"),
        ("starting", "vae-tui mnist starting"),
    ],
)
def test_the_title_says_what_runs_and_how_far_it_is(state, title):
    assert title_of(BEGUN, state) == title


@pytest.mark.parametrize(
    ("happened", "state", "news"),
    [
        ((run_events.tested(150), ended("finished")),
         "finished", "finished 150 epochs, test loss 126.9"),
        ((ended("stopped", step=541),), "stopped", "stopped and saved at step 541"),
        ((ended("failed", "disk full"),), "failed", "failed: disk full"),
        ((), "lost", "lost: the trainer's process is gone"),
        ((Diverged(time=NOW, step=543, what="bce", last_good_step=540), ended("failed")),
         "failed", "bce is not finite at step 543"),
    ],
)  # fmt: skip
def test_the_end_of_a_run_is_news_once(happened, state, news):
    announcements = Announcements()
    assert announcements.news(BEGUN, "running") == ""
    after = advance(BEGUN, happened)
    assert announcements.news(after, state) == news
    assert announcements.news(after, state) == ""


def test_what_was_there_before_the_screen_is_no_news():
    announcements = Announcements()
    for state in ("reading", "finished", "finished"):
        assert announcements.news(advance(BEGUN, [collapsed(30), ended("finished")]), state) == ""
    assert announcements.news(BEGUN, "starting") == ""


def test_a_collapse_is_news_once_and_not_before_the_first_epoch():
    announcements = Announcements()
    assert announcements.news(advance(BEGUN, [collapsed(0)]), "running") == ""
    run = advance(BEGUN, [run_events.tested(29)])
    assert announcements.news(run, "running") == ""
    run = advance(run, [collapsed(30)])
    assert announcements.news(run, "running") == "the posterior has collapsed"
    assert announcements.news(advance(run, [collapsed(31)]), "running") == ""


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_has_a_title_and_no_news_of_its_own(condition):
    happened, changes, _ = CONDITIONS[condition]
    run = dataclasses.replace(advance(BEGUN, happened), **changes)
    state = run.state(NOW)
    assert state in title_of(run, state)
    assert Announcements().news(run, state) == ""
