"""What stands at the screen's seams in tests: a reader that is told what to tell, a clock, weights.

A fake here is a real value wherever there is one: a small `Network`, a `Probe`, recorded events.
"""

import asyncio
import dataclasses
import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.cells import cell_len
from support.clocks import Clock
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from vae_tui.arrays import Bytes, Floats
from vae_tui.latent.codes import prior
from vae_tui.latent.projection import Embedding
from vae_tui.model.numpy_vae import Network
from vae_tui.model.probe import Probe
from vae_tui.run.commands import Command
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted
from vae_tui.run.summary import Summary
from vae_tui.tui.app import VaeApp
from vae_tui.tui.link.refresh_limiter import RefreshLimiter
from vae_tui.tui.messages import (
    KeptNetworkLoaded,
    NetworkLoaded,
    OverlayAdvanced,
    ProbeLoaded,
    RunAdvanced,
    RunsListed,
)
from vae_tui.tui.ports import Parts
from vae_tui.tui.state.other_runs import Overlay
from vae_tui.tui.state.run_list import ListedRun, RunList
from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views import VIEWS
from vae_tui.tui.views.view import View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.latent_bars import LatentBars
from vae_tui.tui.widgets.pictures import Pictures
from vae_tui.tui.widgets.status import Status

NOW = 1_700_000_000.0
CONFIG = RunConfig(dataset="digits", data_dir="/nowhere", epochs=150)
UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
STARTED = RunStarted(
    time=NOW - 60,
    step=0,
    device="cpu",
    precision="bf16",
    images=4500,
    parameters=652_824,
    steps_per_epoch=18,
    pid=4711,
    world_size=1,
    epochs=150,
    test_images=500,
    floor=46.6,
    collapse=213.8,
)


class FakeReader:
    """Tells what the test tells it to; an update is one frozen view, as the real one's."""

    def __init__(self, view: RunView) -> None:
        self.view = view
        self.wanted_steps: list[int] = []
        self.hastened = 0
        self.follows = threading.Event()
        self.left = threading.Event()

    def follow(self, tell: Callable[[Message], object], leave: threading.Event) -> None:
        self.tell = tell
        self.follows.set()
        leave.wait()
        self.left.set()

    def report(self, *happened: Event, **changes: Any) -> None:
        self.view = dataclasses.replace(advance(self.view, happened), **changes)
        self.tell(RunAdvanced(self.view))

    def travel(self, step: int) -> None:
        self.wanted_steps.append(step)

    def hasten(self) -> None:
        self.hastened += 1

    def load(self, *values: Network | Probe) -> None:
        for value in values:
            known = NetworkLoaded if isinstance(value, Network) else ProbeLoaded
            self.tell(known(value))

    def load_kept(self, network: Network) -> None:
        self.tell(KeptNetworkLoaded(network))


class FakeRuns:
    """Tells of other runs what the test tells it to; remembers what was asked."""

    def __init__(self) -> None:
        self.limiter = RefreshLimiter()
        self.closed: dict[Path, str] = {}
        """Why a run cannot be opened."""
        self.listings: list[threading.Event] = []
        """For each time the list was asked for, what ends it."""
        self.overlays: list[tuple[Path, threading.Event]] = []

    def follow(self, tell: Callable[[Message], object], leave: threading.Event) -> None:
        self.tell = tell
        self.listings.append(leave)
        leave.wait()

    def overlay(
        self, path: Path, tell: Callable[[Message], object], leave: threading.Event
    ) -> None:
        self.tell = tell
        self.overlays.append((path, leave))
        leave.wait()

    def why_closed(self, path: Path) -> str:
        return self.closed.get(path, "")

    def list(self, *rows: ListedRun, found: int | None = None, attached: str = "") -> None:
        here = Path("/runs", attached or "digits-1123-0713")
        count = len(rows) if found is None else found
        self.tell(RunsListed(RunList("checkpoints", here, rows, count)))

    def lay_over(self, path: Path, run: RunView, network: Network | None = None) -> None:
        self.tell(OverlayAdvanced(Overlay(path, run, network)))


def listed(name: str, state: str = "finished", wrong: str = "", **changes: Any) -> ListedRun:
    """Return a row of the list of runs."""
    values: dict[str, Any] = {
        "name": name,
        "state": state,
        "dataset": "mnist",
        "epoch": 12.0,
        "epochs": 20,
        "step": 2820,
        "test_loss": 105.5,
        "best_test_loss": 104.25,
        "pid": None,
        "path": f"/runs/{name}",
        "objective": "bce+kl",
        "next": f"look at it with: vae-tui attach {name}",
        "latent_dim": 20,
        "beta": 4.0,
        "lr": 5e-4,
    }
    return ListedRun(Path("/runs", name), Summary(**{**values, **changes}), wrong)


class FakeSteering:
    """Remembers what was asked."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.sent: list[str] = []
        self.set: list[tuple[str, float]] = []
        self.restarted: list[dict[str, float]] = []
        self._refusal = refusal

    def send(self, command: Command) -> None:
        if self._refusal:
            raise self._refusal
        self.sent.append(command.command)
        if command.command == "set":
            self.set.append((command.setting, command.value))

    def restart(self, **settings: float) -> None:
        if self._refusal:
            raise self._refusal
        self.restarted.append(settings)


def embed(codes: Floats, start: Floats | None) -> Iterator[Embedding]:
    """Put codes on their first two dimensions, in two rounds: t-SNE without the wait."""
    flat = codes[:, :2] if codes.shape[1] > 1 else np.repeat(codes, 2, axis=1)
    yield Embedding(codes, flat / 2, is_done=False)
    yield Embedding(codes, flat, is_done=True)


class RecordingApp(VaeApp):
    """An app that remembers the notes it has shown."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.notes: list[str] = []

    def notify(self, message: str, **more: Any) -> None:
        self.notes.append(message)
        super().notify(message, **more)


class Screen:
    """An app with everything at its seams, to be entered as ``async with screen.at(80, 24)``."""

    def __init__(
        self,
        *,
        live: bool = True,
        name: str = "digits-1123-0713",
        config: RunConfig = CONFIG,
        steering: FakeSteering | None = None,
        read_only: bool = False,
        load: Callable[[], None] = lambda: None,
        folder: Path | None = None,
        embed: Callable[[Floats, Floats | None], Iterator[Embedding]] = embed,
        **scene: Any,
    ) -> None:
        view = RunView(name, config, live=live, epochs=config.epochs)
        self.clock = Clock(NOW)
        self.reader = FakeReader(view)
        self.runs = FakeRuns()
        self.steering = steering or FakeSteering()

        def parts(_: str | None) -> Parts:
            load()
            return Parts(VIEWS, self.reader, embed, Scene(view, **scene), self.runs)

        self.app = RecordingApp(
            name,
            name,
            config,
            parts,
            None if read_only else self.steering,
            UTF8,
            folder or Path(tempfile.gettempdir()),
            self.clock,
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
        return str(self.app.screen_stack[0].query_one("#notice", Static).render())

    @property
    def status(self) -> str:
        return plain(self.app.screen_stack[0].query_one(Status))

    @property
    def text(self) -> str:
        """Everything that stands on the screen, row by row."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)


class _Running:
    def __init__(self, screen: Screen, width: int, height: int) -> None:
        self._screen = screen
        self._test = screen.app.run_test(size=(width, height), notifications=True)

    async def __aenter__(self) -> Pilot[None]:
        pilot = await self._test.__aenter__()
        return pilot

    async def __aexit__(self, *error: Any) -> None:
        await self._test.__aexit__(*error)


async def wait_until(
    pilot: Pilot[None], condition: Callable[[], object], seconds: float = 20
) -> None:
    """Wait for a condition; the message holds the screen when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            strips = pilot.app.screen._compositor.render_strips()
            shown = "\n".join(strip.text for strip in strips)
            raise AssertionError(f"not within {seconds} s; the screen:\n{shown}")
        await asyncio.sleep(0.005)
    await pilot.pause()


async def until_reading(pilot: Pilot[None], screen: Screen) -> None:
    """Wait until the views are up and the reader may tell."""
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
    """Return the code whose bars stand in Walk."""
    return np.array(screen.view.query_one(LatentBars).bars.values, np.float32)


def plain(widget: Drawing) -> str:
    """Return what a widget of text rows shows, its markup and its filling left out."""
    return "\n".join(strip.text.rstrip() for strip in widget.rows).strip()


def random_network(step: int, seed: int | None = None, d: int = 20, hidden: int = 12) -> Network:
    """Return a small network of the real kind; another one for each step."""
    generator = np.random.default_rng(step if seed is None else seed)

    def layer(inputs: int, outputs: int) -> tuple[Any, Any]:
        weights = generator.normal(0, 0.3, (inputs, outputs))
        return weights.astype(np.float32), generator.normal(0, 0.6, outputs).astype(np.float32)

    return Network(
        step=step,
        saved_at=NOW - 2,
        encoder=((layer(784, hidden)[0] / 10, layer(1, hidden)[1]), layer(hidden, 2 * d)),
        decoder=(layer(d, hidden), layer(hidden, 784)),
    )


def flat_network(step: int, grey: int, d: int = 20) -> Network:
    """Return a network that decodes every code to the same ``grey``, from 1 to 254."""
    logit = math.log(grey / (255 - grey))
    zeros = np.zeros

    def layer(inputs: int, outputs: int, bias: float = 0.0) -> tuple[Any, Any]:
        return zeros((inputs, outputs), np.float32), np.full(outputs, bias, np.float32)

    return Network(
        step=step,
        saved_at=NOW - 2,
        encoder=(layer(784, 2), layer(2, 2 * d)),
        decoder=(layer(d, 2), layer(2, 784, logit)),
    )


def probe(labels: Iterable[int] = tuple(range(10)) * 3) -> Probe:
    """Return noisy pictures with these labels."""
    known = np.array(list(labels), np.uint8)
    images = np.random.default_rng(3).integers(0, 256, (len(known), 784), dtype=np.uint8)
    return Probe(images, known)


def samples_of(network: Network, seed: int, count: int) -> Bytes:
    return network.decode(prior(seed, count, network.latent_dim))


def losses(step: int, **changes: Any) -> LossesMeasured:
    values: dict[str, Any] = {
        "time": NOW - 1,
        "step": step,
        "epoch": step / 18,
        "bce": 100 + 400 / (1 + step / 18),
        "kl": 25 - 25 / (1 + step / 18),
        "beta": 1.0,
        "lr": 1e-3,
        "images_per_second": 54_200.0,
        "memory_bytes": 743 << 20,
    }
    return LossesMeasured(**{**values, **changes})


def tested(epoch: int, **changes: Any) -> EpochEnded:
    values: dict[str, Any] = {
        "time": NOW - 1,
        "step": epoch * 18,
        "epoch": epoch,
        "train_bce": 110.0,
        "train_kl": 20.0,
        "test_bce": 100 + 444 / (1 + epoch),
        "test_kl": 24.0,
        "test_bce_at_mean": 91.0,
        "kl_per_dimension": tuple(2.5 - index / 8 for index in range(20)),
        "active_units": 18,
        "seconds": 0.7,
    }
    return EpochEnded(**{**values, **changes})


def ended(reason: str, message: str = "", step: int = 540) -> Event:
    from vae_tui.run.events import RunEnded

    return RunEnded(time=NOW - 1, step=step, reason=reason, message=message)


def _conditions() -> dict[str, tuple[Sequence[Event], dict[str, Any], bool]]:
    from vae_tui.run.events import Diverged, Paused

    trained = (
        STARTED,
        tested(0),
        *(losses(step) for step in range(3, 541, 3)),
        *(tested(epoch) for epoch in range(1, 31)),
    )
    diverged = Diverged(time=NOW - 1, step=543, what="bce", last_good_step=540)
    dead = {"live": False}
    return {
        "nothing yet": ((), {}, False),
        "nothing left": ((), dead, False),
        "started": ((STARTED,), {}, False),
        "running": (trained, {}, True),
        "paused": ((*trained, Paused(time=NOW - 1, step=540)), {}, True),
        "stalled": ((*trained, losses(541, time=NOW - 100)), {}, True),
        "finished": ((*trained, ended("finished")), dead, True),
        "stopped": ((*trained, ended("stopped")), dead, True),
        "failed": ((*trained, ended("failed", "no space left on device")), dead, True),
        "diverged": ((*trained, diverged, ended("failed", "bce is nan")), dead, True),
        "lost": (trained, dead, True),
    }


CONDITIONS = _conditions()
"""What has happened, what else is known of the run, and whether there are weights and a probe."""


async def until_whole(pilot: Pilot[None], screen: Screen, where: object = "") -> None:
    """Wait until nothing is cut or overlaps: a size is told a moment before it is drawn in."""
    for _ in range(200):
        if not faults(screen):
            return
        await pilot.pause(0.02)
    raise AssertionError(f"{where} {faults(screen)}")


def faults(screen: Screen) -> list[str]:
    """Return what is cut or overlaps in what is on the screen now."""
    base = screen.app.screen_stack[0]
    shown = [widget for widget in base.walk_children(Widget) if _is_shown(widget)]
    found = []
    for widget in shown:
        parent = widget.parent
        assert isinstance(parent, Widget)
        if not parent.region.contains_region(widget.region):
            found.append(f"{_name(widget)} {widget.region} leaves {_name(parent)} {parent.region}")
        if isinstance(widget, Drawing):
            rows = [strip.text.rstrip() for strip in widget.rows]
            widest = max(map(cell_len, rows), default=0)
            if widest > widget.size.width:
                found.append(f"{_name(widget)} has {widest} cells for {widget.size.width}: {rows}")
            if len(rows) > widget.size.height:
                found.append(f"{_name(widget)} has {len(rows)} rows for {widget.size.height}")
        for other in parent.children:
            if other is not widget and other in shown and widget.region.overlaps(other.region):
                found.append(f"{_name(widget)} overlaps {_name(other)}")
    return found


def _is_shown(widget: Widget) -> bool:
    return all(one.display for one in (widget, *widget.ancestors) if isinstance(one, Widget)) and (
        not widget.has_class("-textual-system")
    )


def _name(widget: Widget) -> str:
    return f"{type(widget).__name__}#{widget.id}"
