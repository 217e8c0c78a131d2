"""The keys in the lower border of a dialog are those that work."""

import pytest
from support.screen import Screen, become, until_reading, wait_until

KEYMAP = {
    "settings.apply": "f2",
    "settings.save": "ctrl+w",
    "settings.keep": "f3",
    "settings.cancel": "f4",
    "more.cancel": "f5",
    "ends.accept": "f6",
    "help.close": "f7",
    "leave.keep": "f8",
    "leave.cancel": "n",
}


@pytest.mark.parametrize(
    ("condition", "opened_by", "usual", "remapped"),
    [
        ("running", "c", "enter apply · tab next · ctrl+s save now · esc cancel",
         "f2 apply · tab next · ctrl+w save now · f4 cancel"),
        ("stopped", "c", "enter resume with these · ctrl+k keep for later · esc cancel",
         "f2 resume with these · f3 keep for later · f4 cancel"),
        ("finished", "p", "enter train · esc cancel", "enter train · f5 cancel"),
        ("running", "i", "0-9 choose · enter 3 into 8 · esc cancel",
         "0-9 choose · f6 3 into 8 · esc cancel"),
        ("running", "question_mark", "↑↓ scroll · esc close", "↑↓ scroll · f7 close"),
        ("running", "q", "↑↓ choose · enter keep · s stop · esc cancel",
         "↑↓ choose · f8 keep · s stop · n cancel"),
    ],
)  # fmt: skip
async def test_the_hints_follow_remapped_keys(condition, opened_by, usual, remapped):
    for keymap, hints in (({}, usual), (KEYMAP, remapped)):
        screen = Screen(views="3")
        async with screen.at() as pilot:
            screen.app.set_keymap(keymap)
            await until_reading(pilot, screen)
            await become(pilot, screen, condition)
            await pilot.press(opened_by)
            await wait_until(pilot, lambda hints=hints, screen=screen: hints in screen.text)


async def test_the_answers_of_leaving_show_their_remapped_keys():
    screen = Screen(views="")
    async with screen.at() as pilot:
        screen.app.set_keymap(KEYMAP)
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q")
        await wait_until(pilot, lambda: "f8  Keep training" in screen.text)
        assert "n  Cancel" in screen.text
        await pilot.press("n")
        await wait_until(pilot, lambda: screen.app.screen is screen.app.main)
