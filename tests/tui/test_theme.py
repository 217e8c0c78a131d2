"""Themes: every text can be read, ours are exact in 256 colours, the chosen one is remembered."""

import os
import subprocess
import sys
from itertools import pairwise

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from support.screen import Screen, open_view, screen_rows, wait_until
from textual.color import Color

from vae_tui.tui import theme
from vae_tui.tui.theme import ChosenTheme
from vae_tui.tui.views.train import TrainView

VIEWS = "123456"
PALETTE = {RichColor.from_ansi(number).get_truecolor() for number in range(16, 256)}


def colours_of_text(screen):
    """Yield text, colour and ground of each run of text on the screen, pictures and lines aside."""
    for row in screen_rows(screen.app):
        for segment in row:
            style = segment.style
            if style is not None and any(character.isalnum() for character in segment.text):
                assert style.color is not None and style.bgcolor is not None, segment
                yield segment.text, style.color, style.bgcolor


def luminance(channels) -> float:
    """Return the relative luminance as WCAG 2.2 defines it, written down from its text."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: RichColor, other: RichColor) -> float:
    lights = [
        luminance([channel / 255 for channel in colour.get_truecolor()]) for colour in (one, other)
    ]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


async def test_in_each_theme_all_text_can_be_read_and_in_ours_is_exact_in_256_colours():
    screen, faint, inexact = Screen(), set(), set()
    ours = {one.name for one in theme.THEMES}
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        assert ours < set(screen.app.available_themes)
        for name in screen.app.available_themes:
            screen.app.theme = name
            for view in VIEWS:
                await pilot.press(view)
                await pilot.pause()
                for text, colour, ground in colours_of_text(screen):
                    shown = (name, view, text.strip(), colour.name, ground.name)
                    if contrast(colour, ground) < theme.LEAST_CONTRAST - 0.05:  # rounded colours
                        faint.add(shown)
                    if (
                        name in ours
                        and not {colour.get_truecolor(), ground.get_truecolor()} <= PALETTE
                    ):
                        inexact.add(shown)
    assert not faint
    assert not inexact


async def test_all_text_beside_a_drawing_can_be_read_in_each_theme():
    screen, faint = Screen(views="3"), set()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("w", "space", "right", "right", "down")
        await pilot.pause()
        for name in screen.app.available_themes:
            screen.app.theme = name
            await pilot.pause()
            for text, colour, ground in colours_of_text(screen):
                if contrast(colour, ground) < theme.LEAST_CONTRAST - 0.05:  # rounded colours
                    faint.add((name, text.strip(), colour.name, ground.name))
    assert not faint


async def test_text_can_be_read_in_the_16_colours_nearest_to_our_themes():
    screen, faint = Screen(), set()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        for ours in theme.THEMES:
            screen.app.theme = "nord"  # a theme of the name of the current one is not applied
            screen.app.register_theme(theme.in_16_colours(ours))
            screen.app.theme = ours.name
            for view in VIEWS:
                await pilot.press(view)
                await pilot.pause()
                for text, *colours in colours_of_text(screen):
                    nearest = [one.downgrade(ColorSystem.STANDARD) for one in colours]
                    if contrast(*nearest) < 3.0:
                        names = (one.name for one in colours)
                        faint.add((ours.name, view, text.strip(), *names))
    assert not faint


async def test_heat_ramps_run_from_the_background_to_ever_more_contrast():
    screen = Screen(views="")
    async with screen.at(120, 40):
        for name in screen.app.available_themes:
            screen.app.theme = name
            ramp = theme.heat_ramp(name, screen.app.theme_variables)
            colours = [RichColor.parse(colour) for colour in ramp]
            steps = [contrast(colours[0], colour) for colour in colours]
            assert steps == sorted(steps), name
            if name.startswith("vae-"):
                assert {colour.get_truecolor() for colour in colours} <= PALETTE
                assert all(1.02 * one < other for one, other in pairwise(steps)), (name, steps)


async def test_a_theme_from_the_palette_is_shown_at_once_and_remembered(tmp_path):
    chosen = ChosenTheme(tmp_path / "state" / "theme", {})
    screen = Screen(views="1", chosen_theme=chosen)
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        assert screen.app.theme == theme.DEFAULT
        await pilot.press("ctrl+p", *"light vae", "enter")
        await wait_until(pilot, lambda: screen.app.theme == "vae-light")
        await pilot.pause()
        view = screen.app.query_one(TrainView)
        assert view.background_colors[1] == Color.parse("#ffffff")
    assert chosen.load() == "vae-light"
    assert ChosenTheme(tmp_path / "state" / "theme", {"TEXTUAL_THEME": "nord"}).load() == "nord"


def test_of_palette_and_config_file_the_newer_choice_is_shown(tmp_path):
    file = tmp_path / "theme"

    def configured(name: str) -> ChosenTheme:
        return ChosenTheme(file, {}, name)

    assert configured("").found() == ("", "")
    assert configured("nord").found() == ("nord", "this file")
    configured("").save("vae-light")
    assert configured("").found() == ("vae-light", "chosen in the palette")
    assert configured("nord").load() == "nord"  # set in the file since
    configured("nord").save("dracula")
    assert configured("nord").load() == "dracula"
    assert configured("gruvbox").load() == "gruvbox"  # edited again
    assert configured("").load() == "dracula"


def test_a_theme_that_is_not_there_is_named_with_the_nearest():
    assert (
        theme.why_unknown("") == theme.why_unknown("vae-light") == theme.why_unknown("nord") == ""
    )
    assert theme.why_unknown("vae-lite") == "no theme 'vae-lite'; did you mean vae-light?"
    assert theme.why_unknown("textual-ansi").startswith("no theme")


@pytest.mark.parametrize("name", ["vae-light", "nord"])
def test_the_theme_of_the_environment_colours_the_screen(name):
    code = """
import os, pathlib
from vae_tui.tui.terminal_app import TerminalApp
from vae_tui.tui.theme import ChosenTheme
app = TerminalApp(ChosenTheme(pathlib.Path("none"), os.environ))
print(app.theme, app.theme_variables["background"])
"""
    environment = {**os.environ, "TEXTUAL_THEME": name}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    shown, background = done.stdout.split()
    assert shown == name
    assert Color.parse(background).hex == {"vae-light": "#FFFFFF", "nord": "#2E3440"}[name]


@pytest.mark.parametrize("content", [b"", b"no-such-theme", b"\xff", b"x" * 10_000])
async def test_a_damaged_or_foreign_choice_is_passed_over(tmp_path, content):
    (tmp_path / "theme").write_bytes(content)
    screen = Screen(views="", chosen_theme=ChosenTheme(tmp_path / "theme", {}))
    async with screen.at() as pilot:
        await pilot.pause()
        assert screen.app.theme == theme.DEFAULT


@pytest.mark.parametrize("name", ["vae-dark", "vae-light", "vae-colour-blind", "nord"])
async def test_the_tab_and_the_focused_frame_have_other_colours_than_the_data(name):
    screen = Screen(views="1")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        screen.app.theme = name
        await pilot.pause()
        roles = ("train", "tab", "focus", "rule")
        assert len({screen.app.console.get_style(role).color.name for role in roles}) == 4
