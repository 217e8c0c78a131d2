"""Frames of the views: one of them is bright."""

from support.screen import Screen, open_view

from vae_tui.tui.widgets.panel import Panel


async def test_each_view_has_one_bright_frame():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        bright = screen.app.theme_variables["primary"].lower()
        for view in "123456":
            await pilot.press(view)
            await pilot.pause()
            shown = [panel for panel in screen.view.query(Panel) if panel.region]
            colours = [panel.styles.border_top[1].hex.lower() for panel in shown]
            assert shown, view
            assert sum(colour == bright for colour in colours) == 1, (view, colours)
