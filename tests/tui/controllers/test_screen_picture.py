"""The screen is saved as it is shown."""

import xml.etree.ElementTree as ET

from support.screen import Screen, open_view, screen_rows, wait_until
from support.views import exported
from textual.app import App
from textual.widgets import Label

from vae_tui.tui.controllers.screen_picture import screen_picture
from vae_tui.tui.link.driver import rows_of

SVG = "{http://www.w3.org/2000/svg}"


async def test_the_rows_of_a_screen_are_what_its_widgets_render():
    screen = Screen(views="12345")
    async with screen.at(120, 40) as pilot:
        for view in "12345":
            await open_view(pilot, screen, view)
            assert [row.text for row in rows_of(screen.app.screen)] == [
                row.text for row in screen_rows(screen.app)
            ]


async def test_the_palette_saves_the_screen_as_svg(tmp_path):
    screen = Screen(views="2", folder=tmp_path)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("ctrl+p", *"save the screen", "enter")
        await wait_until(pilot, lambda: list(tmp_path.glob("*.svg")))
        (path,) = tmp_path.glob("*.svg")
        await wait_until(pilot, lambda: f"written: {path}" in screen.app.notes)
    root = ET.parse(path).getroot()
    assert root.attrib["viewBox"] == f"0 0 {120 * 8} {40 * 16}"
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"Walk", "Dimensions", "Prior samples"} <= words


async def test_a_screen_that_cannot_be_saved_is_reported(tmp_path):
    screen = Screen(views="2", folder=tmp_path / "missing")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("ctrl+p", *"save the screen", "enter")
        await wait_until(
            pilot, lambda: any("cannot be written" in note for note in screen.app.notes)
        )


async def test_the_note_of_an_export_offers_the_screen_where_its_line_has_room(tmp_path):
    offer = "the palette saves the screen as SVG"
    for width, is_offered in ((200, True), (60, False)):
        screen = Screen(views="2", folder=tmp_path)
        async with screen.at(width, 30) as pilot:
            await open_view(pilot, screen, "2")
            path = await exported(pilot, screen)
            assert (f"written: {path} · {offer}" in screen.app.notes) == is_offered


async def test_wide_characters_shift_nothing_after_them():
    class Wide(App):
        def compose(self):
            yield Label("日本 x")

    async with Wide().run_test(size=(40, 3)) as pilot:
        root = ET.fromstring(screen_picture(pilot.app.screen, "wide"))
    places = {text.text: text.attrib["x"] for text in root.iter(f"{SVG}text")}
    assert places == {"日 本": "0", "x": "40"}
