"""Commands to the trainer, and when they are offered."""

import dataclasses
from functools import partial

import pytest
from support.fake_steering import FakeSteering
from support.key_presses import press_at_once
from support.run_events import STARTED, ended, losses
from support.screen import Screen, become, until_reading, wait_until
from textual.widgets import Input

from vae_tui.errors import VaeTuiError
from vae_tui.run.events import Paused, Resumed
from vae_tui.tui.dialogs.more_epochs import MoreEpochsDialog

bare_screen = partial(Screen, views="")


async def test_p_pauses_and_then_resumes():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("p")
        screen.reader.report(Paused(time=screen.clock.now, step=540))
        await wait_until(pilot, lambda: "paused" in screen.status)
        await pilot.press("p")
        screen.reader.report(Resumed(time=screen.clock.now, step=540))
        await wait_until(pilot, lambda: "running" in screen.status)
        assert screen.steering.sent == ["pause", "resume"]
        assert screen.reader.polled_faster == 2


@pytest.mark.parametrize(
    ("condition", "settings"),
    [("diverged", {"lr": 0.0005}), ("failed", {}), ("stopped", {}), ("lost", {})],
)
async def test_p_goes_on_from_the_last_save_and_halves_lr_where_it_diverged(condition, settings):
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        await pilot.press("p")
        await wait_until(pilot, lambda: screen.steering.restarted == [settings])
        assert screen.steering.sent == []


async def test_p_says_when_it_can_do_nothing_yet():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        screen.reader.report(live=True, unread=0.5)
        await pilot.press("p")
        await wait_until(pilot, lambda: "reading: the run can be paused" in screen.text)
        assert screen.steering.sent == []


async def test_p_on_a_finished_run_asks_for_more_epochs_and_trains_them():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "finished")
        press_at_once(pilot, "p 5 0 enter")
        await wait_until(pilot, lambda: screen.steering.restarted == [{"epochs": 200}])
        await wait_until(pilot, lambda: screen.app.screen is screen.app.main)


@pytest.mark.parametrize(
    ("typed", "words"),
    [("x", "'x' is not a number"), ("0", "must be 1 or more, not 0"), ("1.5", "whole number"),
     ("999999", "epochs must be 1000000 or less, not 1000149"),
     ("9" * 5_000, "epochs must be 1000000 or less")],
)  # fmt: skip
async def test_a_number_of_epochs_that_cannot_be_is_refused_in_words(typed, words):
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "finished")
        await pilot.press("p")
        await wait_until(pilot, lambda: "170 in total" in screen.text)
        pilot.app.screen.query_one(Input).value = typed
        await pilot.press("enter")
        await wait_until(pilot, lambda: words in screen.text)
        await pilot.press("escape")
        assert screen.steering.restarted == []


async def test_p_on_a_finished_run_says_at_once_why_it_cannot_be_trained_here():
    screen = Screen(views="", steering=FakeSteering(VaeTuiError("mnist is not in [/data]")))
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "finished")
        await pilot.press("p")
        await wait_until(pilot, lambda: "mnist is not in [/data]" in screen.text)
        assert isinstance(pilot.app.screen, MoreEpochsDialog)


async def test_a_trainer_that_starts_slowly_holds_up_no_key_and_is_started_once():
    steering = FakeSteering()
    steering.may_start.clear()
    screen = Screen(views="2", steering=steering)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "stopped")
        await pilot.press("p", "p", "2")
        assert screen.app.main.view is screen.app.main.views[1]
        await pilot.press("q")  # it is started before the screen is left
        assert (pilot.app.return_code, steering.restarted) == (None, [])
        steering.may_start.set()
        await wait_until(pilot, lambda: pilot.app.return_code == 0)
    assert steering.restarted == [{}]


async def test_a_run_that_was_asked_to_stop_is_stopping_until_its_trainer_has_ended():
    screen = bare_screen()
    async with screen.at(120, 40) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        screen.reader.report(stop_offset=0)
        await wait_until(pilot, lambda: "stopping" in screen.status)
        assert screen.notice == "stopping: the trainer saves and ends"
        assert not screen.app.main.steering
        await pilot.press("c")
        await wait_until(pilot, lambda: "stopping: settings can be changed" in screen.text)
        screen.reader.report(ended("stopped"), live=False)
        await wait_until(pilot, lambda: "stopped" in screen.status)
        again = dataclasses.replace(STARTED, commands_from=60)
        screen.reader.report(again, losses(541), live=True)
        await wait_until(pilot, lambda: "running" in screen.status)


async def test_a_run_that_goes_on_after_it_ended_is_starting_and_neither_stalled_nor_stopped():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "stopped")
        screen.clock.now += 86_400
        await wait_until(pilot, lambda: "stopped" in screen.status)
        screen.reader.report(live=True, live_since=screen.clock.now)
        await wait_until(pilot, lambda: "starting" in screen.status)
        assert screen.notice == ""


async def test_read_only_sends_nothing_and_says_so():
    screen = bare_screen(read_only=True)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        assert "read only" in screen.status
        await pilot.press("p")
        await wait_until(pilot, lambda: "no control" in screen.text)
        await pilot.press("q")
        assert pilot.app.return_code == 0


async def test_read_only_asks_for_no_other_settings():
    screen = bare_screen(read_only=True)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("c")
        await wait_until(pilot, lambda: "no control" in screen.text)
        assert pilot.app.screen is screen.app.main


@pytest.mark.parametrize(
    ("condition", "read_only", "keys"),
    [
        ("running", False, ["p Pause", "c Settings"]),
        ("paused", False, ["p Resume", "c Settings"]),
        ("stopped", False, ["p Resume", "c Settings"]),
        ("diverged", False, ["p Roll back", "c Settings"]),
        ("finished", False, ["p Train more", "c Settings"]),
        ("running", True, []),
        ("nothing yet", False, []),
    ],
)
async def test_the_bottom_line_shows_the_steering_keys_that_work_here_and_now(
    condition, read_only, keys
):
    screen = bare_screen(read_only=read_only)
    async with screen.at(160, 40) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)

        def shown() -> list[str]:
            footer = screen.text.splitlines()[-1]
            known = ("p Pause", "p Resume", "p Train more", "p Roll back", "c Settings", "u Undo")
            return [key for key in known if f" {key} " in f"{footer} "]

        await wait_until(pilot, lambda: shown() == keys)


async def test_a_refusal_is_shown_and_ends_nothing():
    screen = bare_screen(steering=FakeSteering(VaeTuiError("state.pt is [/not] there")))
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "lost")
        await pilot.press("p")
        await wait_until(pilot, lambda: "state.pt is [/not] there" in screen.text)
