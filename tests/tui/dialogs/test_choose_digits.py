"""Interpolation between digits that the user chooses."""

from functools import partial

from support.fake_networks import probe, random_network
from support.run_events import CONFIG, STARTED, losses
from support.screen import Screen, become, screen_text, until_reading, wait_until

from vae_tui.tui.dialogs.choose_digits import ChooseDigitsDialog
from vae_tui.tui.terminal_app import TerminalApp

walk_screen = partial(Screen, views="3")


async def test_interpolation_of_a_run_of_an_unknown_data_set_asks_for_two_numbers():
    import dataclasses

    screen = walk_screen(config=dataclasses.replace(CONFIG, dataset="of-somebody-else"))
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("i", "3", "8")
        await wait_until(pilot, lambda: screen.caption("caption").startswith("3 into 8 "))


async def test_interpolation_offers_only_classes_that_the_probe_holds():
    screen = walk_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        screen.reader.report(STARTED, losses(3))
        screen.reader.load(random_network(3), probe([4, 7, 4]))
        await wait_until(pilot, lambda: screen.app.scene.probe is not None)
        await pilot.press("i", "3")
        assert isinstance(pilot.app.screen, ChooseDigitsDialog)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen.caption("caption").startswith("4 into 7 "))


async def test_interpolation_before_the_first_weights_says_that_it_needs_them():
    screen = walk_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await pilot.press("i")
        await wait_until(pilot, lambda: "a morph needs the first" in screen.text)
        assert not isinstance(pilot.app.screen, ChooseDigitsDialog)


async def test_a_class_after_the_tenth_is_chosen_by_its_mark():
    app = TerminalApp()
    chosen = []
    async with app.run_test(size=(80, 24)) as pilot:
        names = [f"kind {label}" for label in range(12)]
        app.push_screen(ChooseDigitsDialog(range(12), names, (3, 8)), chosen.append)
        await wait_until(pilot, lambda: "A kind 10  B kind 11" in screen_text(app))
        assert "0-B choose" in screen_text(app)
        await pilot.press("B", "0")
        await wait_until(pilot, lambda: chosen == [(11, 0)])


async def test_class_names_that_look_like_markup_are_shown_as_text():
    app = TerminalApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(ChooseDigitsDialog([0, 1], ["[/b] cat", "[red]dog"], (0, 1)))
        await wait_until(pilot, lambda: "0 [/b] cat  1 [red]dog" in screen_text(app))
