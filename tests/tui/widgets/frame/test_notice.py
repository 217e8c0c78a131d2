"""The lines under the tabs: one row each, with the user's keys."""

import dataclasses

import pytest
from support.run_events import NOW, STARTED, ended, losses
from support.screen import Screen, become, until_reading, wait_until
from textual.events import Resize
from textual.message import Message

from vae_tui.run.events import CommandRefused, Diverged, Paused
from vae_tui.tui.widgets.frame.notice import Notice


async def test_the_notice_names_the_keys_as_the_user_has_remapped_them():
    screen = Screen(views="")
    screen.app.set_keymap({"app.pause": "f5", "app.leave": "x"})
    async with screen.at(100, 30) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "diverged")
        rolls_back = "f5 rolls back to step 540, lr 0.0005 · x leaves"
        await wait_until(pilot, lambda: rolls_back in screen.notice)


@pytest.mark.parametrize("control", [True, False])
async def test_the_longest_notices_are_one_line_at_80_columns(control):
    screen = Screen(views="", read_only=not control, name="digits-1126-0713-2")
    step, last = 12_345_678, 12_345_600
    far = dataclasses.replace(losses(step), time=NOW)
    nan = Diverged(time=NOW, step=step, what="reconstruction", last_good_step=last)
    refused = CommandRefused(time=NOW, step=step, command_id="x", why="not now, " * 20)
    silent = dataclasses.replace(STARTED, pid=4_194_304)
    failed = ended("failed", "why " * 60)
    cases = [
        ((STARTED, far, nan, failed), {"live": False}, "rolls back to step 12,345,600"),
        ((STARTED, far, failed), {"live": False}, "continues from the last save"),
        ((STARTED, far, ended("stopped", step=step)), {"live": False}, "step 12,345,678"),
        ((STARTED, far, refused, Paused(time=NOW, step=step)), {}, "not now"),
        ((silent, far), {"live_pid": 4_194_304, "is_here": True}, "kill -9 4194304"),
    ]
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        unread = screen.reader.view
        for number, (happened, changes, sign) in enumerate(cases):
            screen.reader.view = unread
            screen.reader.report(*happened, **{"live": True, **changes})
            screen.clock.now = NOW + (50 if number == len(cases) - 1 else 0)
            is_cut = not control and "step" in sign
            words = "vae-tui resume digits-1126-0713-2" if is_cut else sign
            await wait_until(pilot, lambda words=words: words in screen.notice)
            assert screen.text.splitlines()[2].strip() == screen.notice
            assert len(screen.notice) <= 78


async def test_a_notice_is_not_shown_in_a_terminal_that_is_too_small():
    screen = Screen(views="")
    async with screen.at(50, 15) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "lost")
        assert "needs 60x20" in screen.text and "continues" not in screen.text


async def test_a_notice_is_drawn_although_textual_loses_its_resize(monkeypatch):
    screen = Screen(views="")
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        notice = screen.app.main.query_one(Notice)
        lost = []

        def post_message(message: Message) -> bool:
            if isinstance(message, Resize) and not lost:  # the first: Textual's own
                lost.append(message)
                return False
            return Notice.post_message(notice, message)

        monkeypatch.setattr(notice, "post_message", post_message)
        screen.app.main.news = (("a line below the tabs",),)
        await wait_until(pilot, lambda: "a line below the tabs" in screen.text)
        assert lost
