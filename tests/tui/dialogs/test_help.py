"""The help of a view."""

from support.screen import Screen, until_reading, wait_until

from vae_tui.tui.dialogs.help import HelpDialog
from vae_tui.tui.messages import UserReturned


async def test_help_tells_each_views_keys_and_the_common_ones():
    screen = Screen()
    async with screen.at(120, 60) as pilot:
        await until_reading(pilot, screen)
        for view, title, keys in (
            ("1", "Train", ["a logarithmic and a linear axis", "the trend over a dim band"]),
            ("2", "Samples", ["Raise the temperature", "Lower the temperature"]),
            ("3", "Walk", ["Choose the dimension", "Set the chosen number to 0"]),
            ("6", "Runs", ["Choose a run", "Open this run", "over this run's in view 1"]),
        ):
            await pilot.press(view, "question_mark")
            await pilot.pause()
            assert isinstance(pilot.app.screen, HelpDialog)
            for words in (title, *keys, "Pause or resume", "Leave; training may continue"):
                assert words in screen.text
            await pilot.press("escape")
            assert not isinstance(pilot.app.screen, HelpDialog)


async def test_help_keeps_the_news_with_its_brackets():
    screen = Screen()
    news = "while you were away: it failed: [2J [b] in [/scratch/runs]"
    async with screen.at(120, 60) as pilot:
        await until_reading(pilot, screen)
        screen.reader.post(UserReturned(news))
        await wait_until(pilot, lambda: news in screen.notice)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpDialog)
        assert news in screen.text
