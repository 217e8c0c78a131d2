"""The names of the views with the keys that switch to them."""

from support.screen import Screen, open_view, wait_until


async def test_the_tabs_show_remapped_keys():
    screen = Screen(views="3")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        assert screen.text.splitlines()[1].startswith(" 1 Train  2 Samples  3 Walk ")
        screen.app.set_keymap({"app.view1": "f1", "app.view3": "w"})
        await wait_until(pilot, lambda: screen.text.splitlines()[1].startswith(" f1 Train "))
        assert screen.text.splitlines()[1].startswith(" f1 Train  2 Samples  w Walk ")
        await pilot.press("w")
        assert screen.app.main.view is screen.app.main.views[2]
        await pilot.click("TabBar", offset=(2, 0))
        await wait_until(pilot, lambda: screen.app.main.view is screen.app.main.views[0])
