"""The footer: which keys are in it, and what a click does."""

import pytest
from support.screen import Screen, open_view, plain, wait_until

from vae_tui.tui.keys.active_keys import KeyHint
from vae_tui.tui.widgets.frame.key_bar import SEPARATOR, KeyBar, fitted

HINTS = (
    KeyHint("l", "Log", "l", 2, is_of_view=True),
    KeyHint("p", "Pause", "p", 1),
    KeyHint("e", "Export", "e", 4),
    KeyHint("?", "Help", "question_mark", 0),
    KeyHint("q", "Leave", "q", 0),
)


def text_of(width: int) -> str:
    footer = fitted(HINTS, width)
    return (" " * footer.gap).join(text for text, _ in footer.parts())


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (99, f"l Log  {SEPARATOR}  p Pause  e Export  ? Help  q Leave"),
        (43, f"l Log {SEPARATOR} p Pause e Export ? Help q Leave"),
        (36, f"l Log {SEPARATOR} p Pause +1 ? Help q Leave"),
        (30, "p Pause +2 ? Help q Leave"),
        (20, "+3 ? Help q Leave"),
    ],
)
def test_keys_that_do_not_fit_are_left_out_and_counted(width, text):
    assert text_of(width) == text
    assert len(text) + 2 <= width


def test_what_is_shown_fits_and_nothing_is_left_out_without_a_sign():
    for width in range(20, 60):
        footer = fitted(HINTS, width)
        assert len(text_of(width)) + 2 <= width
        assert footer.hidden == len(HINTS) - len(footer.hints), width
        assert bool(footer.hidden) == (f"+{footer.hidden}" in text_of(width))


async def test_a_click_on_each_key_presses_it():
    screen = Screen(views="2")
    async with screen.at(160, 40) as pilot:
        await open_view(pilot, screen, "2")
        bar = screen.app.query_one(KeyBar)
        for label, press in (("p Pause", "pause"), ("? Help", "help")):
            column = plain(bar).index(label) + 1
            await pilot.click(KeyBar, offset=(column + len(label) - 1, 0))
            if press == "pause":
                await wait_until(pilot, lambda: screen.steering.sent == ["pause"])
            else:
                await wait_until(pilot, lambda: screen.app.screen is not screen.app.main)
