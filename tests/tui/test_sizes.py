"""Any size of the terminal, and any change of it."""

import pytest
from support.layout_faults import until_whole
from support.screen import Screen, become, until_reading, wait_until

SIZES = [(60, 20), (120, 40), (200, 60), (40, 10), (1, 1), (80, 24)]


@pytest.mark.parametrize("condition", ["nothing yet", "running"])
async def test_any_size_and_any_change_of_size_is_survived_in_each_view(condition):
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        for view in "123456":
            for width, height in SIZES:
                await pilot.resize_terminal(width, height)
                await pilot.press(view)
                await pilot.pause()
                small = width < 60 or height < 20
                if (width, height) == (40, 10):
                    assert "needs 60x20, has 40x10" in screen.text
                if not small:
                    await until_whole(pilot, screen, (view, width, height))


async def test_a_view_has_its_keys_again_after_there_was_too_little_room():
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        for view in "123456":
            await pilot.press(view)
            await pilot.pause()
            own = screen.app.main.keys_here()[0]
            assert own, view
            await pilot.resize_terminal(40, 10)
            await wait_until(pilot, lambda: "needs 60x20, has 40x10" in screen.text)
            await pilot.pause()
            await pilot.resize_terminal(80, 24)
            await until_whole(pilot, screen, view)
            assert screen.app.main.keys_here()[0] == own, view


async def test_a_screen_that_shrank_and_grew_under_a_question_is_whole_after_it():
    screen = Screen(views="1")
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q")
        await pilot.resize_terminal(40, 10)
        await pilot.press("c")
        await wait_until(pilot, lambda: "needs 60x20, has 40x10" in screen.text)
        await pilot.press("q")
        await pilot.resize_terminal(80, 24)
        await pilot.press("c")
        await wait_until(pilot, lambda: "KL nats/image" in screen.text)
        await until_whole(pilot, screen)
