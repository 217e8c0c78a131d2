"""The help of a view."""

from functools import partial

import pytest
from support.screen import Screen, open_view, screen_text, until_reading, wait_until
from textual.events import Resize
from textual.widgets import Static

from vae_tui.tui.dialogs.help import HelpDialog
from vae_tui.tui.keys.active_keys import ExplainedKey
from vae_tui.tui.messages import UserReturned
from vae_tui.tui.terminal_app import TerminalApp

train_screen = partial(Screen, views="1")


async def test_help_tells_each_views_keys_and_the_common_ones():
    screen = Screen(views="1236")
    async with screen.at(110, 70) as pilot:
        await until_reading(pilot, screen)
        for view, title, keys in (
            ("1", "Train", ["Switch the reconstruction loss between", "the trend over a dim band"]),
            ("2", "Samples", ["Raise the temperature", "Lower the temperature"]),
            ("3", "Walk", ["Choose the dimension", "Set the chosen number to 0"]),
            ("6", "Runs", ["Choose a run", "Open this run", "over this run's in Train"]),
        ):
            await pilot.press(view, "question_mark")
            await pilot.pause()
            assert isinstance(pilot.app.screen, HelpDialog)
            for words in (title, *keys, "Pause or resume", "Leave; training may continue"):
                assert words in screen.text
            assert "shift+tab  Go to the previous view" in screen.text
            await pilot.press("escape")
            assert not isinstance(pilot.app.screen, HelpDialog)


async def test_help_keeps_the_news_with_its_brackets():
    screen = train_screen()
    news = "while you were away: it failed: [2J [b] in [/scratch/runs]"
    async with screen.at(100, 60) as pilot:
        await until_reading(pilot, screen)
        screen.reader.post(UserReturned(news))
        await wait_until(pilot, lambda: news in screen.notice)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpDialog)
        assert news in screen.text


class BeforeItsSize(HelpDialog):
    """The help as it is painted before it hears of its size."""

    def on_resize(self, event: Resize) -> None:
        event.prevent_default()


@pytest.mark.parametrize(("width", "is_wide", "has_ids"), [(80, 0, 0), (130, 1, 0), (160, 1, 1)])
async def test_the_help_is_complete_before_it_hears_of_its_size(width, is_wide, has_ids):
    app = TerminalApp()
    async with app.run_test(size=(width, 40)) as pilot:
        keys = [ExplainedKey("w", "Draw an image by hand", ("walk.draw",))]
        await app.push_screen(BeforeItsSize("Walk", "The bars are numbers.", keys, ()))
        await pilot.pause()
        shown = screen_text(app)
        assert "w  Draw an image by hand" in shown
        assert ("walk.draw" in shown) == has_ids
        assert app.screen.has_class("wide") == is_wide


async def test_a_wide_terminal_has_two_columns_and_the_ids_of_the_keys():
    screen = train_screen(views="13")
    async with screen.at(160, 50) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("question_mark")
        await wait_until(pilot, lambda: "walk.mark-a … mark-b" in screen.text)
        row = next(row for row in screen.text.splitlines() if "Keys of this view" in row)
        assert "What it shows" in row
        for id in ("app.view1 … view6", "app.pause", "app.settings", "app.palette", "app.leave"):
            assert id in screen.text
        assert "vae-tui config edit" in screen.text
        assert "arxiv.org/abs/1312.6114" in screen.text


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (119, 40), (120, 40), (200, 60)])
async def test_explanations_hang_beside_their_key_and_no_word_is_broken(size):
    screen = train_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("question_mark")
        await pilot.pause()
        words = {word for one in screen.app.main.keys_here() for key in one
                 for word in key.meaning.split()}  # fmt: skip
        console, keys = screen.app.console, len("shift+tab")
        for table in pilot.app.screen.query("#table0, #table1").results(Static):
            options = console.options.update(width=table.size.width)
            lines = console.render_lines(table.content, options)
            assert lines
            for line in lines:
                text = "".join(segment.text for segment in line)
                assert text[keys : keys + 2] == "  " or not text[: keys + 2].strip()
                meaning = text[keys + 2 :].split("  ")[0]
                assert set(meaning.split()) <= words
