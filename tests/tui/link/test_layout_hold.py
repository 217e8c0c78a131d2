"""What the terminal gets of the layouts that follow each other."""

import pytest
from support.screen import Screen, become, screen_text, until_reading, wait_until

from vae_tui.tui.link.layout_hold import LayoutHold


class Terminal:
    """What is on the screen of an app when its picture is no longer held."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.is_held = False
        self.shown: list[str] = []

    def hold(self, _seconds: float) -> None:
        self.is_held = True

    def release(self) -> None:
        self.is_held = False
        self.shown.append(screen_text(self._screen.app))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_terminal_gets_a_view_for_the_first_time_in_its_last_layout(size):
    screen = Screen()
    async with screen.at(*size) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        for number in (1, 2, 3, 4, 5):
            terminal = Terminal(screen)
            LayoutHold().begin(screen.app.main, terminal)
            assert terminal.is_held
            screen.app.main.action_view(number)
            await wait_until(pilot, lambda terminal=terminal: terminal.shown)
            for _ in range(5):
                await pilot.pause()
            assert terminal.shown == [screen.text], f"{number} at {size}"


async def test_of_two_switches_in_a_row_the_second_one_decides():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        terminal, hold = Terminal(screen), LayoutHold()
        for number in (2, 3):
            hold.begin(screen.app.main, terminal)
            screen.app.main.action_view(number)
        await wait_until(pilot, lambda: terminal.shown)
        for _ in range(5):
            await pilot.pause()
        assert terminal.shown == [screen.text]
        assert "Map of test images" in screen.text


async def test_the_screens_own_subscription_outlives_a_hold():
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        main, terminal, layouts = screen.app.main, Terminal(screen), []
        main.screen_layout_refresh_signal.subscribe(main, layouts.append, immediate=True)
        LayoutHold().begin(main, terminal)
        await wait_until(pilot, lambda: terminal.shown)
        before = len(layouts)
        main.refresh(layout=True)
        await wait_until(pilot, lambda: len(layouts) > before)
