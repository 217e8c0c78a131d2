"""Any key at any moment."""

import random
import threading

import pytest
from support.key_presses import KEYS, press_all
from support.screen import Screen, become, until_reading, wait_until
from textual.events import Key

from vae_tui.tui.all_views import VIEWS


async def test_every_key_is_safe_while_the_views_are_still_loading():
    loaded = threading.Event()
    screen = Screen(load=loaded.wait)
    async with screen.at() as pilot:
        await wait_until(pilot, lambda: "loading" in screen.text)
        await press_all(pilot, KEYS)
        loaded.set()
        await until_reading(pilot, screen)
        assert pilot.app.return_code is None


@pytest.mark.parametrize("condition", ["nothing yet", "running"])
async def test_every_key_is_safe_in_each_view(condition):
    screen = Screen()
    async with screen.at() as pilot:
        app = pilot.app
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        for number, view in enumerate(VIEWS):
            for key in KEYS:
                if not isinstance(screen.view, view):
                    app.main.action_view(number)
                await press_all(pilot, [key])
                if len(app.screen_stack) > 1:
                    await press_all(pilot, ["escape"])
            assert app.return_code is None, view


class UnusedKey(Key):
    """A key that no widget used, on its way from the focused widget to the app."""

    is_forwarded = True


async def test_an_unused_key_that_arrives_after_all_screens_were_removed_is_dropped():
    screen = Screen(views="")
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
    assert not screen.app.screen_stack
    await screen.app.on_event(UnusedKey("pageup", None))


@pytest.mark.parametrize("seed", range(3))
async def test_random_keys_are_safe(seed):
    chosen = random.Random(seed)
    screen = Screen(read_only=seed == 2)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await press_all(pilot, chosen.choices(KEYS, k=15))
        await become(pilot, screen, ["running", "failed", "finished"][seed])
        await press_all(pilot, chosen.choices([*KEYS, "q", "ctrl+c", "ctrl+p"], k=40))
