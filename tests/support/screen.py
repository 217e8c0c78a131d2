"""The app with fakes at its seams, and what its screen shows."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from support.clocks import Clock
from support.fake_networks import one_gaussian, probe, random_network
from support.fake_readers import FakeReader, FakeRuns
from support.fake_steering import FakeSteering
from support.idle_loop import QuickPilot
from support.run_events import CONDITIONS, CONFIG, NOW
from textual.app import App
from textual.errors import NoWidget
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen as TextualScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from vae_tui.arrays import Floats
from vae_tui.latent.mixture import Mixture
from vae_tui.latent.posterior import Posteriors
from vae_tui.latent.projection import Embedding
from vae_tui.model.numpy_network import Network
from vae_tui.run.config import RunConfig
from vae_tui.tui.all_views import VIEWS
from vae_tui.tui.app import VaeApp
from vae_tui.tui.dialogs.draw import DrawDialog
from vae_tui.tui.dialogs.open_image import OpenImageDialog
from vae_tui.tui.ports import LateImports
from vae_tui.tui.state.run_view import RunView
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.theme import ChosenTheme
from vae_tui.tui.views.view import View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.frame.notice import Notice
from vae_tui.tui.widgets.frame.status import Status
from vae_tui.tui.widgets.latent_bars import LatentBars
from vae_tui.tui.widgets.pictures import Pictures

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


def embed(codes: Floats, start: Floats | None) -> Iterator[Embedding]:
    """Put codes on their first two dimensions, in two rounds: t-SNE without the wait."""
    flat = codes[:, :2] if codes.shape[1] > 1 else np.repeat(codes, 2, axis=1)
    yield Embedding(codes, flat / 2, progress=0.5)
    yield Embedding(codes, flat, progress=1.0)


class RecordingApp(VaeApp):
    """An app that remembers the notes it has shown."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.notes: list[str] = []

    def notify(self, message: str, **more: Any) -> None:
        self.notes.append(message)
        super().notify(message, **more)


def _stand_in(view: type[View]) -> type[View]:
    """Return a view of the same name and title without widgets; to show it fails the test.

    The first view is shown before a test opens another.
    """

    def on_show(_: View) -> None:
        assert view is VIEWS[0], f"this test is not about {view.TITLE}"

    nothing = {"redraw": lambda _: None, "watch_scene": lambda _: None, "on_show": on_show}
    return type(view.__name__, (View,), {"TITLE": view.TITLE, **nothing})


class Screen:
    """An app with everything at its seams, to be entered as ``async with screen.at(80, 24)``.

    ``views`` holds the keys of the views that the test is about; none for a test of the frame or of
    a dialog. The others get no widgets: to mount all of them takes four times as long as the rest
    of the start.
    """

    def __init__(
        self,
        *,
        live: bool = True,
        name: str = "digits-1123-0713",
        config: RunConfig = CONFIG,
        steering: FakeSteering | None = None,
        read_only: bool = False,
        load: Callable[[], None] = lambda: None,
        views: str = "123456",
        more_views: Callable[[], Sequence[type[View]]] | None = None,
        folder: Path | None = None,
        embed: Callable[[Floats, Floats | None], Iterator[Embedding]] = embed,
        fit_mixture: Callable[[Posteriors], Mixture] = one_gaussian,
        chosen_theme: ChosenTheme | None = None,
        **scene: Any,
    ) -> None:
        view = RunView(name, config, live=live, epochs=config.epochs)
        self.clock = Clock(NOW)
        self.reader = FakeReader(view)
        self.runs = FakeRuns()
        self.steering = steering or FakeSteering()

        def parts(_: str | None) -> LateImports:
            load()
            shown = [
                one if str(number) in views else _stand_in(one)
                for number, one in enumerate(VIEWS, start=1)
            ]
            at_once, more = (shown, tuple) if more_views is None else (VIEWS[:1], more_views)
            first = Scene(view, **scene)
            slow = embed, fit_mixture
            dialogs = lambda: DrawDialog, lambda: OpenImageDialog
            return LateImports(at_once, self.reader, *slow, first, self.runs, *dialogs, more)

        self.app = RecordingApp(
            name,
            name,
            parts,
            None if read_only else self.steering,
            UTF8,
            folder or Path(tempfile.gettempdir()),
            self.clock,
            chosen_theme,
        )

    def at(self, width: int = 80, height: int = 24) -> "_Running":
        return _Running(self, width, height)

    @property
    def view(self) -> View:
        current = self.app.query_one(ContentSwitcher).current
        return self.app.query_one(f"#{current}", View)

    def pictures(self, name: str = "") -> Pictures:
        return self.view.query_one(f"#{name}" if name else Pictures, Pictures)

    def caption(self, name: str = "") -> str:
        return plain(self.view.query_one(f"#{name}" if name else Caption, Caption))

    @property
    def notice(self) -> str:
        return plain(self.app.screen_stack[0].query_one(Notice))

    @property
    def status(self) -> str:
        return plain(self.app.screen_stack[0].query_one(Status))

    @property
    def text(self) -> str:
        """The text of the screen, row by row."""
        return screen_text(self.app)


class _Running:
    def __init__(self, screen: Screen, width: int, height: int) -> None:
        self._screen = screen
        self._test = screen.app.run_test(size=(width, height), notifications=True)

    async def __aenter__(self) -> Pilot[None]:
        await self._test.__aenter__()
        return QuickPilot(self._screen.app)

    async def __aexit__(self, *error: Any) -> None:
        """End the app as a user does; ``run_test`` removes its widgets while it runs on."""
        if self._screen.app.return_code is None:
            self._screen.app.exit()
        await self._test.__aexit__(*error)


def screen_text(app: App[Any]) -> str:
    """Return the text of the screen on top, row by row."""
    return "\n".join(row.text for row in screen_rows(app))


def screen_rows(app: App[Any]) -> list[Strip]:
    """Return the rows of the screen on top, with their styles.

    Each visible widget is rendered once; at every column where a widget's region begins or ends,
    Textual says which widget is on top. Empty before the first layout.
    """
    screen = app.screen
    width, height = screen.size
    regions = list(_regions(screen))
    lines: dict[Widget, list[Strip]] = {}
    rows = []
    for y in range(height):
        here = [region for region in regions if region.y <= y < region.bottom]
        edges = {edge for region in here for edge in (region.x, region.right)} | {width}
        row, left = [], 0
        while left < width:
            try:
                widget, region = screen.get_widget_at(left, y)
            except NoWidget:
                return []  # not laid out yet
            right = min(region.right, *(edge for edge in edges if edge > left))
            if widget not in lines:
                lines[widget] = widget.render_lines(region.reset_offset)
            row.append(lines[widget][y - region.y].crop(left - region.x, right - region.x))
            left = right
        rows.append(Strip.join(row))
    return rows


def _regions(screen: TextualScreen[Any]) -> Iterator[Region]:
    """Yield the visible regions of all widgets that have a place on the screen."""
    for widget in screen.walk_children(Widget):
        with contextlib.suppress(NoWidget):
            yield screen.find_widget(widget).visible_region


async def wait_until(
    pilot: Pilot[None], condition: Callable[[], object], seconds: float = 60
) -> None:
    """Wait for a condition; the message holds the screen when it does not come.

    Between two looks the app gets four times as long as a look takes: reading the whole screen
    takes longer than what the app has to do.
    """
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if condition():
            break
        if began > deadline:
            shown = screen_text(pilot.app)
            raise AssertionError(f"not within {seconds} s; the screen:\n{shown}")
        await asyncio.sleep(max(0.005, 4 * (time.monotonic() - began)))
    await pilot.pause()


async def until_reading(pilot: Pilot[None], screen: Screen) -> None:
    """Wait until the views are mounted and the reader follows the run."""
    await wait_until(pilot, screen.reader.follows.is_set)


async def open_view(
    pilot: Pilot[None], screen: Screen, key: str, condition: str = "running"
) -> None:
    """Bring the screen into a condition and a view up."""
    await until_reading(pilot, screen)
    await become(pilot, screen, condition)
    await pilot.press(key)
    await pilot.pause()


async def new_weights(pilot: Pilot[None], screen: Screen, network: Network) -> None:
    """Let newer weights come, and wait until they are drawn with."""
    screen.reader.load(network)
    await wait_until(pilot, lambda: screen.app.scene.network is network)


async def become(pilot: Pilot[None], screen: Screen, condition: str) -> None:
    """Bring a screen that is reading into a condition: one of `CONDITIONS`."""
    reader = screen.reader
    happened, changes, has_weights = CONDITIONS[condition]
    if happened:
        reader.report(*happened, **changes)
    elif changes:
        reader.report(**changes)
    if has_weights:
        reader.load(random_network(540), probe())
    await wait_until(pilot, lambda: screen.app.scene.run is reader.view)
    if has_weights:
        await wait_until(pilot, lambda: screen.app.scene.probe is not None)
    await pilot.pause()


def walk_code(screen: Screen) -> Floats:
    """Return the code whose bars Walk shows."""
    return np.array(screen.view.query_one(LatentBars).bars.values, np.float32)


def plain(widget: Drawing) -> str:
    """Return what a widget of text rows shows, its markup and its filling left out."""
    return "\n".join(strip.text.rstrip() for strip in widget.rows).strip()
