"""Loading after the first paint, and threads that fail."""

import asyncio
import gc
import threading
from collections.abc import Sequence

import pytest
from support.screen import Screen, become, until_reading, wait_until
from textual.widgets import ContentSwitcher, Static

from vae_tui.errors import VaeTuiError
from vae_tui.tui.all_views import VIEWS
from vae_tui.tui.controllers import view_loader
from vae_tui.tui.terminal_app import LATEST_LOADING_SECONDS
from vae_tui.tui.views.train import TrainView
from vae_tui.tui.views.train_digits import TrainDigits
from vae_tui.tui.views.view import View


def has_digits(screen: Screen) -> bool:
    return any("▀" in row.text or "▄" in row.text for row in screen.pictures("samples").rows)


async def ended(screen: Screen) -> None:
    """Wait until the app has ended by itself; ``pilot.pause`` waits for widgets that are gone."""
    while screen.app.is_running:
        await asyncio.sleep(0)


async def test_views_are_loaded_once_even_if_a_dialog_keeps_the_first_refresh_away():
    loads = []
    screen = Screen(views="", load=lambda: loads.append(1))
    async with screen.at() as pilot:
        await pilot.press("question_mark")
        await wait_until(pilot, screen.reader.follows.is_set)
        await pilot.pause(2 * LATEST_LOADING_SECONDS)
        assert loads == [1]


async def test_a_thread_that_fails_ends_the_program_with_its_error():
    def fail():
        raise RuntimeError("a bug in the reader")

    screen = Screen(load=fail)
    with pytest.raises(RuntimeError, match="a bug in the reader"):
        async with screen.at() as pilot:
            await wait_until(pilot, lambda: pilot.app.return_code is not None)


async def test_nothing_but_the_waiting_line_is_there_before_the_views_are_loaded():
    loaded = threading.Event()
    screen = Screen(load=loaded.wait)
    async with screen.at() as pilot:
        waiting = pilot.app.query_one("#waiting", Static)
        assert pilot.app.query_one(ContentSwitcher).current == "waiting"
        assert waiting.display
        loaded.set()
        await until_reading(pilot, screen)
        await wait_until(pilot, lambda: pilot.app.query_one(ContentSwitcher).current != "waiting")


async def test_the_screen_ends_with_the_reason_when_no_trainer_can_be_started():
    def refuse() -> None:
        raise VaeTuiError("no trainer can be started in /x: no space left on device")

    screen = Screen(load=refuse)
    async with screen.at() as pilot:
        await wait_until(pilot, lambda: screen.app.failure is not None)
        assert "no space left" in str(screen.app.failure)
        assert pilot.app.return_code == 1


async def test_keys_for_a_view_do_nothing_until_all_views_are_mounted():
    screen = Screen()
    async with screen.at() as pilot:
        while not screen.app.main.query(TrainView):
            await asyncio.sleep(0)
        assert not screen.app.main.query(TrainDigits)
        screen.app.main.action_view(0)
        screen.app.main.action_sample()
        await until_reading(pilot, screen)
        assert screen.view.id == "trainview"


async def test_a_view_chosen_before_it_is_mounted_opens_when_it_is_and_the_first_stays_until_then():
    imported = threading.Event()

    def more_views() -> Sequence[type[View]]:
        imported.wait()
        return VIEWS[1:]

    screen = Screen(more_views=more_views)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("3")
        assert screen.view.id == "trainview"
        assert has_digits(screen)
        imported.set()
        await wait_until(pilot, lambda: screen.view.id == "walkview")
        await pilot.press("tab")
        assert screen.view.id == "mapview"


async def test_the_other_views_are_imported_after_the_first_digits_are_drawn(monkeypatch):
    monkeypatch.setattr(view_loader, "FIRST_DIGITS_SECONDS", 60)
    had_digits: list[bool] = []

    def more_views() -> Sequence[type[View]]:
        had_digits.append(has_digits(screen))
        return VIEWS[1:]

    screen = Screen(more_views=more_views)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await wait_until(pilot, lambda: len(screen.app.main.views) == len(VIEWS))
    assert had_digits == [True]


async def test_memory_is_collected_again_once_the_views_are_there():
    """The command that starts the screen suspends that, for a faster start."""
    gc.disable()
    try:
        screen = Screen()
        async with screen.at() as pilot:
            await wait_until(pilot, lambda: len(screen.app.main.views) == len(VIEWS))
            await wait_until(pilot, gc.isenabled)
    finally:
        gc.enable()


@pytest.mark.parametrize("wait", range(0, 40, 2))
async def test_leaving_while_the_views_are_mounted_raises_nothing(wait):
    screen = Screen()
    async with screen.at():
        while not screen.app.main.query(TrainView):
            await asyncio.sleep(0)
        for _ in range(wait):
            await asyncio.sleep(0)
        screen.app.exit()
        await ended(screen)


@pytest.mark.parametrize("turns", range(5))
@pytest.mark.parametrize("command", ["settings", "pause", "open-image", "leave", "morph", "draw"])
async def test_leaving_while_a_dialog_opens_raises_nothing(command, turns):
    screen = Screen(views="1")
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "finished")
        screen.app.action_run(command)
        for _ in range(turns):
            await asyncio.sleep(0)
        screen.app.exit()
        await ended(screen)


@pytest.mark.parametrize(
    "action", ["run('settings')", "run('pause')", "screen.help", "run('leave')", "screen.view(2)"]
)
async def test_a_key_typed_after_the_one_that_leaves_raises_nothing(action):
    screen = Screen(views="1")
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "finished")
        screen.app.exit()
        await screen.app.run_action(action)
        await ended(screen)


async def test_dragging_the_mouse_over_a_view_marks_nothing():
    screen = Screen(views="1")
    async with screen.at(120, 40) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.mouse_down(offset=(5, 6))
        await pilot.hover(offset=(70, 14))
        await pilot.mouse_up(offset=(70, 14))
        assert not pilot.app.screen.selections
