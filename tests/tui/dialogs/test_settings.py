"""The dialog of settings."""

from functools import partial

import pytest
from support.fake_steering import FakeSteering
from support.screen import Screen, become, until_reading, wait_until
from textual.widgets import Input

from vae_tui.run.events import Paused, SettingChanged
from vae_tui.tui.dialogs.dialog import ErrorLine
from vae_tui.tui.dialogs.settings import SettingsDialog

bare_screen = partial(Screen, views="")


async def ask_controls(pilot, screen, **values):
    """Open the controls and write values into their fields."""
    await pilot.press("c")
    await pilot.pause()
    for name, value in values.items():
        pilot.app.screen.query_one(f"#{name}", Input).value = value


async def open_controls(pilot, screen, condition, **values):
    """Open the controls in one of `CONDITIONS` and write values into their fields."""
    await until_reading(pilot, screen)
    await become(pilot, screen, condition)
    await ask_controls(pilot, screen, **values)


async def test_c_shows_the_settings_in_force():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_controls(pilot, screen, "running")
        values = {field.id: field.value for field in pilot.app.screen.query(Input)}
        assert values == {"beta": "1", "lr": "0.001", "epochs": "150"}
        await pilot.press("enter")
        assert len(pilot.app.screen_stack) == 1
        assert screen.steering.sent == []


async def test_c_shows_a_setting_that_was_changed_in_a_pause():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        now = screen.clock.now
        change = SettingChanged(
            time=now, step=540, name="lr", old=0.001, new=0.0005, command_id="x"
        )
        screen.reader.report(Paused(time=now, step=540), change)
        await wait_until(pilot, lambda: "paused" in screen.status)
        await ask_controls(pilot, screen)
        assert pilot.app.screen.query_one("#lr", Input).value == "0.0005"


async def test_a_number_that_cannot_be_is_refused_in_words():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        for name, value, words in (
            ("beta", "e+", "'e+' is not a number"),
            ("lr", "0", "learning rate must be above 0, not 0; try 0.001"),
            ("epochs", "1.5", "epochs must be a whole number, not 1.5"),
            ("epochs", "0", "epochs must be 1 or more, not 0"),
            ("beta", "-1", "beta must be 0 or more, not -1"),
            ("beta", "nan", "beta must be 0 or more, not nan"),
        ):
            await ask_controls(pilot, screen, **{name: value})
            await pilot.press("enter")
            refusal = str(pilot.app.screen.query_one(ErrorLine).render())
            assert words in refusal
            assert "--" not in refusal
            assert len(pilot.app.screen_stack) == 2
            await pilot.press("escape")
            assert screen.steering.sent == []


async def test_new_settings_are_requested_one_by_one():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_controls(pilot, screen, "running", beta="4", epochs="300")
        await pilot.press("enter")
        assert screen.steering.set == [("beta", 4.0), ("epochs", 300.0)]
        assert screen.steering.sent == ["set", "set"]


async def test_controls_save_now_and_u_undoes():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_controls(pilot, screen, "running")
        await pilot.press("ctrl+s")
        await pilot.press("u")
        await wait_until(pilot, lambda: screen.steering.sent == ["save", "undo"])


async def test_a_screen_that_only_watches_changes_nothing():
    steering = FakeSteering()
    screen = bare_screen(read_only=True, steering=steering)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("u")
        await ask_controls(pilot, screen)
        if len(pilot.app.screen_stack) > 1:
            pilot.app.screen.query_one("#beta", Input).value = "4"
            await pilot.press("enter")
        await wait_until(pilot, lambda: any("no control" in text for text in screen.app.notes))
        assert steering.sent == []


@pytest.mark.parametrize("condition", ["stopped", "failed", "lost", "finished"])
async def test_new_settings_of_an_ended_run_apply_when_enter_resumes_it(condition):
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_controls(pilot, screen, condition, beta="4", epochs="300")
        await pilot.press("enter")
        assert screen.steering.restarted == [{"beta": 4.0, "epochs": 300.0}]
        assert screen.steering.sent == []


async def test_new_settings_of_an_ended_run_can_be_kept_for_a_later_resume():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_controls(pilot, screen, "finished", lr="0.0005")
        await pilot.press("ctrl+k")
        await wait_until(pilot, lambda: screen.steering.set == [("lr", 0.0005)])
        assert screen.steering.restarted == []
        await wait_until(pilot, lambda: "when the run is resumed" in screen.text)


async def test_a_finished_run_is_not_resumed_without_more_epochs():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_controls(pilot, screen, "finished", beta="4")
        await pilot.press("enter")
        await wait_until(pilot, lambda: "all 150 epochs are done" in screen.text)
        assert screen.steering.restarted == []


async def test_after_a_divergence_half_the_learning_rate_is_proposed():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_controls(pilot, screen, "diverged", beta="0.5")
        await pilot.press("enter")
        assert screen.steering.restarted == [{"beta": 0.5, "lr": 0.0005}]


async def test_a_live_run_has_nothing_to_keep_and_an_ended_one_nothing_to_save():
    for condition, key in (("running", "ctrl+k"), ("stopped", "ctrl+s")):
        screen = bare_screen()
        async with screen.at() as pilot:
            await open_controls(pilot, screen, condition, lr="0.0005")
            await pilot.press(key)
            assert isinstance(pilot.app.screen, SettingsDialog)
            assert (screen.steering.sent, screen.steering.restarted) == ([], [])


async def test_settings_that_wait_for_a_resume_are_shown_when_c_opens_again():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_controls(pilot, screen, "stopped", beta="4")
        await pilot.press("ctrl+k")
        await wait_until(pilot, lambda: screen.steering.set == [("beta", 4.0)])
        await ask_controls(pilot, screen)
        await wait_until(pilot, lambda: "Waiting for the next resume: beta 4." in screen.text)
        assert pilot.app.screen.query_one("#beta", Input).value == "4"
        pilot.app.screen.query_one("#beta", Input).value = "1"  # as it was: a change again
        await pilot.press("ctrl+k")
        await wait_until(pilot, lambda: screen.steering.set == [("beta", 4.0), ("beta", 1.0)])
