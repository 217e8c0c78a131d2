"""The keys that the views name in their texts are those that work."""

import re

import pytest
from support.fake_networks import random_network
from support.screen import Screen, open_view, wait_until

from vae_tui.tui.all_views import VIEWS

NAMED = {
    0: {"train.axis": "f2", "app.sample": "f3", "train.recent": "f4"},
    2: {"walk.mark-a": "f2"},
    5: {"runs.open": "f2", "runs.overlay": "f3"},
}
"""Other keys for the bindings that the help of each view names."""


@pytest.mark.parametrize("number", range(len(VIEWS)))
async def test_the_help_of_a_view_names_the_keys_that_the_user_has(number):
    names = set(re.findall(r"\{(.+?)\}", VIEWS[number].HELP))
    assert names == NAMED.get(number, {}).keys()
    screen = Screen(views=str(number + 1))
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, str(number + 1))
        usual = screen.view.explanation
        assert "{" not in usual
        focused = screen.app.screen.focused
        screen.app.screen.set_focus(None)
        assert screen.view.explanation == usual
        screen.app.screen.set_focus(focused)
        screen.app.set_keymap(NAMED.get(number, {}))
        for key in NAMED.get(number, {}).values():
            assert not re.search(rf"\b{key}\b", usual)
            assert re.search(rf"\b{key}\b", screen.view.explanation)


async def test_the_advice_for_older_weights_names_the_key_that_returns_to_the_newest():
    screen = Screen(views="5")
    async with screen.at(120, 40) as pilot:
        screen.app.set_keymap({"app.now": "f9"})
        await open_view(pilot, screen, "5")
        screen.reader.report(kept=(18,))
        await wait_until(pilot, lambda: screen.app.scene.run.kept == (18,))
        await pilot.press("comma")
        screen.reader.load_kept(random_network(18))
        await wait_until(pilot, lambda: screen.app.scene.is_past)
        await wait_until(pilot, lambda: "f9 returns to them" in screen.text)
        await pilot.press("f9")
        await wait_until(pilot, lambda: "returns to them" not in screen.text)
        assert not screen.app.scene.is_past
