"""Notifications that cannot freeze the app."""

import asyncio
import itertools
import signal
import time

from support.screen import Screen, become, open_view, until_reading, wait_until
from textual.app import App

from vae_tui.tui.dialogs.help import HelpDialog


async def test_the_newest_notification_is_one_line_above_the_footer_until_the_view_changes():
    screen = Screen(views="23")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        for text in ("one thing", "another thing"):
            screen.app.notify(text)
            await wait_until(pilot, lambda text=text: text in screen.text.splitlines()[-2])
        assert "one thing" not in screen.text
        assert screen.text.count("another thing") == 1
        await pilot.press("3")
        await wait_until(pilot, lambda: "another thing" not in screen.text)


async def test_a_long_notification_is_one_line_with_its_beginning_and_its_end():
    screen = Screen(views="2")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        before = screen.text.splitlines()
        screen.app.notify(f"it failed: {'a long reason ' * 12}\nalas", severity="error")
        await wait_until(pilot, lambda: "alas" in screen.text)
        *rows, toast, keys = screen.text.splitlines()
        assert toast.strip(" ▌▐█").startswith("it failed: a long") and toast.rstrip().endswith(
            "alas"
        )
        assert [*rows, keys] == [*before[:-2], before[-1]]


async def test_a_notification_that_expires_while_it_is_shown_does_not_freeze_the_screen(
    monkeypatch,
):
    screen = Screen(views="")
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        now = time.time()
        # Textual asks three times whether it is over, and then how much is left.
        later = itertools.chain([now] * 3, itertools.repeat(now + 3600))
        monkeypatch.setattr("textual.notifications.time", lambda: next(later))
        screen.app.notify("settled", timeout=5)
        await pilot.pause()
        monkeypatch.undo()
        await asyncio.wait_for(asyncio.sleep(0.3), 5)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(screen.app.screen, HelpDialog)


async def test_textuals_timer_still_never_ends_on_a_negative_delay():
    """When this fails, Textual has fixed it: toast.py can go, once pyproject requires that one."""
    spinning = []

    def interrupt(number, frame):
        spinning.append(number)
        raise asyncio.CancelledError  # which a timer takes as its end

    usual = signal.signal(signal.SIGVTALRM, interrupt)
    try:
        async with App[None]().run_test() as pilot:
            fired = asyncio.Event()
            pilot.app.set_timer(-3600, fired.set)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.3)  # of CPU time: idle, it never rings
            while not spinning and not fired.is_set():
                await asyncio.sleep(0)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, usual)
    assert spinning and not fired.is_set()
