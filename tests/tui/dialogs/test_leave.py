"""Leaving: keep training, stop and save, or stay."""

import asyncio
from functools import partial

import pytest
from support.fake_steering import FakeSteering
from support.processes import PATIENCE_SECONDS
from support.run_events import ended, losses
from support.screen import Screen, become, until_reading, wait_until
from textual.widgets import OptionList

from vae_tui.errors import VaeTuiError
from vae_tui.tui.controllers.steering import END_POLL_SECONDS
from vae_tui.tui.dialogs.leave import LeaveDialog

bare_screen = partial(Screen, views="")


async def test_q_then_k_leaves_and_asks_nothing_of_the_trainer():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q")
        assert isinstance(pilot.app.screen, LeaveDialog)
        await pilot.press("k")
        assert pilot.app.return_code == 0
    assert screen.steering.sent == []
    assert screen.reader.left.wait(PATIENCE_SECONDS)


async def test_q_then_c_stays():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q", "c")
        assert not isinstance(pilot.app.screen, LeaveDialog)
        assert (pilot.app.return_code, screen.steering.sent) == (None, [])


async def test_q_then_s_stops_and_leaves_only_when_the_trainer_has_ended():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q", "s")
        assert screen.steering.sent == ["stop"]
        screen.reader.report(losses(550))
        await wait_until(pilot, lambda: screen.app.scene.run.step == 550)
        assert pilot.app.return_code is None
        screen.reader.report(ended("stopped", step=551), live=False)
        await wait_until(pilot, lambda: pilot.app.return_code == 0)


async def test_after_a_stop_that_could_not_be_sent_the_screen_stays_when_the_run_ends():
    screen = bare_screen(steering=FakeSteering(VaeTuiError("commands.jsonl cannot be written")))
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q", "s")
        await wait_until(pilot, lambda: "commands.jsonl cannot be written" in screen.text)
        screen.reader.report(ended("finished", step=551), live=False)
        await wait_until(pilot, lambda: "finished" in screen.status)
        later = asyncio.Event()  # by then, a screen that waits for the end has left
        pilot.app.set_timer(2 * END_POLL_SECONDS, later.set)
        await wait_until(pilot, later.is_set)
        assert pilot.app.return_code is None


async def test_the_interrupting_keys_ask_wherever_they_are_pressed():
    screen = bare_screen()
    async with screen.at() as pilot:
        app = pilot.app
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        for before in ([], ["i"], ["question_mark"], ["ctrl+p"]):
            for key in ("ctrl+c", "ctrl+q"):
                await pilot.press(*before)
                assert (app.screen is screen.app.main) == (not before)
                await pilot.press(key)
                await wait_until(pilot, lambda: isinstance(app.screen, LeaveDialog))
                assert (app.return_code, screen.steering.sent) == (None, [])
                await pilot.press(key)
                await wait_until(pilot, lambda: not isinstance(app.screen, LeaveDialog))
                assert app.return_code is None
                await pilot.press("escape")
                await wait_until(pilot, lambda: app.screen is screen.app.main)


@pytest.mark.parametrize("condition", ["finished", "failed", "stopped", "lost"])
async def test_q_leaves_at_once_where_nothing_trains(condition):
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        await pilot.press("q")
        assert pilot.app.return_code == 0


async def test_the_way_back_stands_on_one_line_when_leaving():
    screen = bare_screen(name="fashion-mnist-1123-0713-12")
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q")
        await pilot.pause()
        assert "vae-tui attach fashion-mnist-1123-0713-12" in screen.text


async def test_the_answers_can_be_chosen_with_the_arrows():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q", "down", "enter")
        await wait_until(pilot, lambda: screen.steering.sent == ["stop"])


@pytest.mark.parametrize(("row", "code", "sent"), [(0, 0, []), (3, None, ["stop"]), (5, None, [])])
async def test_the_answers_can_be_clicked(row, code, sent):
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q")
        await pilot.pause()
        await pilot.click(OptionList, offset=(6, row))
        await wait_until(pilot, lambda: not isinstance(screen.app.screen, LeaveDialog))
        assert (pilot.app.return_code, screen.steering.sent) == (code, sent)
