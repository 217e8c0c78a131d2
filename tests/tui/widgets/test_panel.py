"""Frames of the views: one of them is bright, all have a title and room inside."""

import re

import pytest
from support.screen import Screen, open_view
from textual.content import Content
from textual.geometry import Spacing

from vae_tui.tui.widgets.panel import Panel, frame_of

FRAMED = ((100, 30), (120, 40), (200, 60))


async def panels(pilot, screen, view):
    """Return the visible panels of a view."""
    await pilot.press(view)
    await pilot.pause()
    return [panel for panel in screen.view.query(Panel) if panel.region]


async def test_each_view_has_one_bright_frame():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        bright = screen.app.theme_variables["focus"].lower()
        for view in "123456":
            shown = await panels(pilot, screen, view)
            colours = [panel.styles.border_top[1].hex.lower() for panel in shown]
            assert shown, view
            assert sum(colour == bright for colour in colours) == 1, (view, colours)


@pytest.mark.parametrize("size", FRAMED)
async def test_no_panel_has_content_beside_its_frame(size):
    screen = Screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        for view in "123456":
            for panel in await panels(pilot, screen, view):
                columns, rows = frame_of(panel)
                assert panel.size == (panel.region.width - columns, panel.region.height - rows)
                inside = panel.region.shrink(Spacing(1, 2, 1, 2))
                for child in filter(lambda one: one.region, panel.query("*")):
                    assert inside.contains_region(child.region), (view, panel, child)


@pytest.mark.parametrize("size", FRAMED)
async def test_the_title_of_a_panel_is_a_name_before_its_numbers(size):
    screen = Screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        titles = []
        for view in "123456":
            for panel in await panels(pilot, screen, view):
                titles.append(Content.from_markup(panel.border_title or "").plain)
        assert len(titles) >= 11
        for title in titles:
            assert re.match(r"[A-Z][A-Za-z]+\b", title), titles
            assert "~" not in title, titles
