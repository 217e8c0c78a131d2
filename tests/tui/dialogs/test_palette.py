"""The palette: what the keys do here, found by name, however fast it is typed."""

import asyncio
from functools import partial

import pytest
from support.fake_networks import random_network
from support.fake_readers import listed
from support.key_presses import press_at_once
from support.run_events import NOW
from support.screen import Screen, become, open_view, until_reading, wait_until
from textual.command import CommandList
from textual.events import Click
from textual.widgets import OptionList

from vae_tui.run.events import SettingChanged
from vae_tui.tui.dialogs.help import HelpDialog
from vae_tui.tui.dialogs.palette import Commands, Palette

bare_screen = partial(Screen, views="")

CHANGED = SettingChanged(time=NOW, step=540, name="beta", old=1.0, new=4.0, command_id="x")


def offered(screen):
    """Return the names in the list."""
    found = screen.app.screen.query_one(OptionList)
    return [str(option.prompt).splitlines()[0] for option in found.options]


async def test_the_palette_offers_what_the_keys_do_and_nothing_else():
    screen = Screen(views="12356")
    async with screen.at(120, 60) as pilot:
        await open_view(pilot, screen, "1")
        for view in "12356":
            await pilot.press(view)
            keys = [label for label, *_ in screen.app.get_system_commands(screen.app.main)]
            assert {"Pause the training", "Change settings", "Leave", "Go to Map"} <= set(keys)
            await pilot.press("ctrl+p")
            await wait_until(pilot, lambda keys=keys: offered(screen)[: len(keys)] == keys)
            await pilot.press("escape")
            await wait_until(pilot, lambda: screen.app.screen is screen.app.main)


async def choose(pilot, screen, words):
    """Run the first command that the palette finds for the words."""
    await pilot.press("ctrl+p")
    await wait_until(pilot, lambda: offered(screen))
    for letter in words:
        await pilot.press({" ": "space", ":": "colon", "-": "minus"}.get(letter, letter))
    await pilot.press("enter")
    await wait_until(pilot, lambda: screen.app.screen is screen.app.main)


async def test_the_palette_goes_to_views_times_and_themes_in_words():
    screen = Screen(views="14")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(kept=(2, 90, 540), weights_step=540)
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        await choose(pilot, screen, "go to map")
        assert screen.view.id == "mapview"
        await choose(pilot, screen, "back to epoch 5")
        assert screen.reader.requested_steps == [90]
        screen.reader.load_kept(random_network(90))
        await wait_until(pilot, lambda: screen.app.scene.is_past)
        await choose(pilot, screen, "return to the newest")
        assert not screen.app.scene.is_past
        await choose(pilot, screen, "theme: vae-light")
        assert screen.app.theme == "vae-light"


async def test_the_palette_opens_runs_that_are_listed_while_it_is_open():
    screen = bare_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("ctrl+p")
        await wait_until(pilot, lambda: screen.runs.listings)
        screen.runs.list(listed("digits-1123-0713"), listed("mnist-vae"))
        await wait_until(pilot, lambda: screen.app.scene.runs is not None)
        await pilot.press(*"open", "space", *"run")
        await wait_until(pilot, lambda: offered(screen) == ["Open run mnist-vae"])
        await pilot.press("escape")
        await wait_until(pilot, screen.runs.listings[0].is_set)


@pytest.mark.parametrize(
    ("condition", "there", "missing"),
    [
        ("nothing yet", {"Go to Map", "Leave"},
         {"Draw new samples", "Morph one class into another", "Pause the training",
          "Change settings", "Write what is shown to a file", "Return to the newest weights",
          "Go back or forth through the kept weights", "Go to Train"}),
        ("running", {"Pause the training", "Draw new samples", "Change settings"},
         {"Undo the last change of a setting", "Resume the training"}),
        ("finished", {"Train more epochs", "Change settings"}, {"Pause the training"}),
        ("diverged", {"Roll back to the last good weights and halve the learning rate"},
         {"Resume the training"}),
    ],
)  # fmt: skip
async def test_the_palette_offers_nothing_that_cannot_work_now(condition, there, missing):
    screen = Screen(views="1")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1", condition)
        names = {one.title for one in screen.app.get_system_commands(screen.app.main)}
        assert there <= names
        assert not missing & names


async def test_each_word_that_is_typed_is_part_of_the_name_or_description():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("ctrl+p", *"pau", "space", *"train")
        await wait_until(pilot, lambda: offered(screen) == ["Pause the training"])
        await pilot.press(*"xyz")
        await wait_until(pilot, lambda: "No matches found" in screen.text)
        await pilot.press("enter", "escape")
        await wait_until(pilot, lambda: screen.app.screen is screen.app.main)
        assert screen.steering.sent == []


@pytest.mark.parametrize(
    ("enters", "shown"),
    [
        (1, {"Samples"}),
        (3, {"Walk"}),  # the second enter walks from the first sample; the third does nothing there
        (9, {"Walk"}),
        (60, {"Samples", "Walk"}),  # more than the key queue holds back
    ],
)
async def test_a_burst_of_enter_runs_the_first_command_once(enters, shown):
    screen = Screen(views="123")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        first = next(iter(screen.app.get_system_commands(screen.app.main))).title
        assert first == "Go to Samples"
        for titles in (shown, {"Train"}, shown):
            press_at_once(pilot, "ctrl+p" + " enter" * enters)
            await wait_until(pilot, lambda titles=titles: screen.view.TITLE in titles)
            await wait_until(pilot, lambda: screen.app.screen is screen.app.main)
            assert pilot.app.return_code is None


async def test_enter_runs_what_was_typed_before_it_though_the_search_is_slower():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(CHANGED)
        await wait_until(pilot, lambda: "app.undo" in screen.app.main.steering)
        for typed, sent in (
            ("p a u s e enter", ["pause"]),
            ("u n d o enter", ["undo"]),
            ("p a u s e escape enter", []),
        ):
            screen.steering.sent.clear()
            press_at_once(pilot, f"ctrl+p {typed}")
            press_at_once(pilot, "question_mark")  # comes after them
            await wait_until(pilot, lambda: isinstance(screen.app.screen, HelpDialog))
            assert screen.steering.sent == sent, typed
            await pilot.press("escape")
            await wait_until(pilot, lambda: screen.app.screen is screen.app.main)


async def test_enter_waits_for_a_slow_search(monkeypatch):
    done, search = asyncio.Event(), Commands.search

    async def slow_search(self, query):
        await done.wait()
        async for hit in search(self, query):
            yield hit

    monkeypatch.setattr(Commands, "search", slow_search)
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("ctrl+p")
        await wait_until(pilot, lambda: offered(screen))
        await pilot.press(*"pause", "enter")
        assert isinstance(screen.app.screen, Palette)
        done.set()
        await wait_until(pilot, lambda: screen.app.screen is screen.app.main)
        await wait_until(pilot, lambda: screen.steering.sent == ["pause"])


async def test_the_palette_opens_over_the_main_screen_only_and_once():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        press_at_once(pilot, "i ctrl+p escape ctrl+p ctrl+p")
        await wait_until(pilot, lambda: isinstance(screen.app.screen, Palette))
        assert len(screen.app.screen_stack) == 2


@pytest.mark.parametrize("turns_of_the_loop", [0, 2, 4, 8])
async def test_the_screen_ends_in_order_while_the_palette_opens(turns_of_the_loop):
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        pilot.app.push_screen(Palette(lambda: ()))
        for _ in range(turns_of_the_loop):
            await asyncio.sleep(0)
        pilot.app.exit()
        await pilot.pause()


async def test_a_key_that_moves_in_the_list_does_nothing_while_there_is_none():
    screen = bare_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        for key in ("pagedown", "pageup", "down", "up", "ctrl+home", "ctrl+end"):
            await pilot.press("ctrl+p")
            await screen.app.screen.query_one(CommandList).remove()
            await pilot.press(key, "escape")
            await wait_until(pilot, lambda: screen.app.screen is screen.app.main)


async def test_a_click_outside_of_the_screen_does_nothing_and_one_beside_the_palette_closes_it():
    screen = bare_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await pilot.press("ctrl+p")
        await wait_until(pilot, lambda: offered(screen))
        palette = screen.app.screen
        for x, y in ((9, 39), (0, 23)):
            assert screen.app.screen is palette
            where = dict.fromkeys(("x", "screen_x"), x) | dict.fromkeys(("y", "screen_y"), y)
            click = Click(palette, **where, delta_x=0, delta_y=0, button=1, shift=False,
                          meta=False, ctrl=False)  # fmt: skip
            palette.post_message(click)
            await pilot.pause()
        await wait_until(pilot, lambda: screen.app.screen is screen.app.main)


@pytest.mark.parametrize("name", ["x[/b]", "[red]x", "[@click=app.exit]x[/]"])
async def test_a_run_whose_name_looks_like_markup_is_offered_by_its_name(name):
    screen = bare_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("ctrl+p")
        await wait_until(pilot, lambda: screen.runs.listings)
        screen.runs.list(listed("digits-1123-0713"), listed(name))
        await wait_until(pilot, lambda: screen.app.scene.runs is not None)
        await pilot.press(*"open", "space", *"run")
        await wait_until(pilot, lambda: offered(screen) == [f"Open run {name}"])
        await pilot.press(*["backspace"] * 8)
        await wait_until(pilot, lambda: f"Open run {name}" in offered(screen))
        await pilot.press("escape")
        await wait_until(pilot, lambda: screen.app.screen is screen.app.main)


@pytest.mark.parametrize("width", range(1, 10))
async def test_the_palette_is_drawn_however_narrow_the_screen_becomes(width):
    screen = Screen(views="1")
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("ctrl+p")
        await wait_until(pilot, lambda: offered(screen))
        await pilot.resize_terminal(width, 24)
        await pilot.resize_terminal(80, 24)
        await wait_until(pilot, lambda: offered(screen))
