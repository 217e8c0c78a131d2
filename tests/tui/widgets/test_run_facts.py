"""The facts of a run in a large terminal."""

import re
from dataclasses import replace
from functools import partial

import pytest
from support.run_events import CONFIG, STARTED, losses
from support.run_events import tested as epoch_ended
from support.screen import Screen, open_view, plain, wait_until

from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.widgets.run_facts import RunFacts, facts_of, losses_in_words

train_screen = partial(Screen, views="1")


def test_a_run_of_which_nothing_is_known_has_its_settings():
    facts = dict(facts_of(RunView("a run", CONFIG, epochs=150), unicode=True))
    assert facts["epoch"] == "0.0 of 150"
    assert facts["batch"] == str(CONFIG.batch_size)
    assert "device" not in facts


def test_after_a_resume_before_the_newest_test_the_losses_are_those_of_the_test_before():
    def words(*happened) -> str:
        return losses_in_words(advance(RunView("a run", CONFIG), happened), unicode=True)

    assert words(STARTED) == "no test loss yet"
    happened = STARTED, epoch_ended(1, test_bce=100.0), epoch_ended(2, test_bce=90.0)
    whole = words(*happened[:2])
    assert " · at mean " in whole
    resumed = words(*happened, replace(STARTED, step=happened[1].step))
    assert resumed == re.sub(r" · at mean \S+", "", whole)


@pytest.mark.parametrize("size", [(150, 45), (200, 60)])
async def test_a_large_screen_shows_the_speed_the_settings_and_the_machine(size):
    screen = train_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(losses(543, beta=4.0), epoch_ended(30, seconds=1.25, active_units=7))
        shown = screen.view.query_one(RunFacts)
        await wait_until(pilot, lambda: re.search(r"β +4\b", plain(shown)))
        for fact in (r"step +543", r"images/s +54.2k", r"learning rate +0.001", r"device +cpu bf16",
                     r"parameters +652,824", r"s/epoch +1\.2",
                     r"active units +7 of 20"):  # fmt: skip
            assert re.search(fact, plain(shown)), fact
        assert shown.size.height == len(plain(shown).splitlines())


async def test_a_usual_screen_has_no_room_for_the_facts():
    screen = train_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        assert not screen.view.query_one("#run").display
