"""The screen of the repository's own run as SVG files, and how two of them compare."""

import asyncio
import os
import re
import shutil
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.clocks import Clock
from support.fake_networks import one_gaussian
from support.fake_steering import FakeSteering
from support.processes import PATIENCE_SECONDS
from textual.pilot import Pilot

from vae_tui.latent.tsne import embeddings
from vae_tui.run.folder import Run
from vae_tui.run.summary import summarise
from vae_tui.terminal.half_blocks import palette_for
from vae_tui.tui.all_views import VIEWS
from vae_tui.tui.app import VaeApp
from vae_tui.tui.controllers.screen_picture import screen_picture
from vae_tui.tui.dialogs.draw import DrawDialog
from vae_tui.tui.dialogs.open_image import OpenImageDialog
from vae_tui.tui.feed.run_reader import RunReader
from vae_tui.tui.feed.runs_reader import RunsFolder
from vae_tui.tui.ports import LateImports
from vae_tui.tui.state.run_view import RunView
from vae_tui.tui.state.scene import Scene

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "snapshots"
UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
_SVG = "{http://www.w3.org/2000/svg}"
_RECTANGLE = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z")
MOST_DIFFERENT = 0.01
"""Of the pixels of all pictures: another processor rounds some values of pixels differently."""
_SAME_COLOUR = 24
"""Largest difference of a channel, 0 to 255, of two colours that count as the same."""


def copied_run(folder: Path) -> Run:
    """Copy the repository's run to ``folder/checkpoints``; its files are as old as its events."""
    source = ROOT / "checkpoints" / "mnist-d20"
    target = folder / "checkpoints" / source.name
    shutil.copytree(source, target)
    run = Run(target)
    ended = end_of(run)
    for path in [*target.rglob("*"), target]:
        os.utime(path, (ended, ended))
    return run


def end_of(run: Run) -> float:
    """Return the time of the run's last event, Unix seconds."""
    times = re.findall(rb'"time":([0-9.]+)', run.events.read_bytes())
    return float(times[-1])


def app_of(run: Run) -> VaeApp:
    """Return the app that shows a finished run, an hour after its end, in 256 colours."""
    config = run.config()
    folder = Path("checkpoints")

    def load(_: str | None) -> LateImports:
        view = RunView(
            run.name, config, live=False, unread=1.0, epochs=summarise(run).epochs, damage=""
        )
        scene = Scene(view, palette=palette_for("256", True), unicode=True)
        others = RunsFolder(folder, run.path, None, folder)
        slow = embeddings, one_gaussian
        dialogs = lambda: DrawDialog, lambda: OpenImageDialog
        return LateImports(VIEWS, RunReader(run, view), *slow, scene, others, *dialogs)

    clock = Clock(end_of(run) + 3600)
    return VaeApp(run.name, run.name, load, FakeSteering(), UTF8, Path("exports"), clock, None)


def picture(pilot: Pilot[Any], title: str) -> str:
    """Return the screen as SVG."""
    return screen_picture(pilot.app.screen, title)


async def settled(pilot: Pilot[Any], title: str) -> str:
    """Return the screen as SVG once it has stayed the same for two seconds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    last, since = "", time.monotonic()
    while time.monotonic() < deadline:
        await pilot.pause()
        if (now := picture(pilot, title)) != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > 2:
            return now
        await asyncio.sleep(0.1)
    raise AssertionError("the screen does not come to rest")


def differences(shown: str, expected: str) -> str:
    """Return in words how two SVGs of a screen differ beyond rounding; empty if they do not.

    Words, places and styles of text are the same, digits may differ; so may a few pixels and dots.
    """
    texts, others = _texts(shown), _texts(expected)
    if texts != others:
        return f"gone: {sorted(others - texts)}; new: {sorted(texts - others)}"
    pixels, before = _pixels(shown), _pixels(expected)
    grounds = _ground(shown), _ground(expected)
    if not _is_same(*grounds):
        return f"the ground was {grounds[1]}, it is {grounds[0]}"
    places = pixels.keys() | before.keys()
    different = sum(not _is_same(pixels.get(at), before.get(at)) for at in places)
    if different > MOST_DIFFERENT * len(places):
        return f"{different} of {len(places)} pixels, dots and points differ"
    return ""


def _ground(svg: str) -> str:
    """Return the colour of all pixels that are not drawn."""
    rectangle = ET.fromstring(svg).find(f"{_SVG}rect")
    assert rectangle is not None
    return rectangle.attrib["fill"]


def _texts(svg: str) -> Counter[tuple[int, int, str, str]]:
    """Return place, text and colour of what has letters; digits, whose values may differ, are 0."""
    found = ((x, y, re.sub(r"\d", "0", text), colour) for x, y, text, colour in _all_texts(svg))
    return Counter(each for each in found if re.search("[a-z]", each[2], re.IGNORECASE))


def _all_texts(svg: str) -> Iterator[tuple[int, int, str, str]]:
    for style in ET.fromstring(svg).iter(f"{_SVG}g"):
        for text in style.findall(f"{_SVG}text"):
            place = int(text.attrib["x"]), int(text.attrib["y"])
            yield (*place, text.text or "", style.attrib["fill"])


def _pixels(svg: str) -> dict[tuple[str, int, int], str]:
    """Return the colours of pixels that differ from the ground, of dots, and of points of a map."""
    found = {
        ("point", x + 8 * index, y): colour
        for x, y, text, colour in _all_texts(svg)
        for index, mark in enumerate(text)
        if text.replace(" ", "").isdigit() and mark != " "
    }
    for kind, group in (("half cell", _SVG + "g/"), ("shape", "")):
        for path in ET.fromstring(svg).findall(f"{group}{_SVG}path"):
            if "fill" not in path.attrib or path.attrib["fill"] == "none":
                continue
            for rectangle in _RECTANGLE.findall(path.attrib["d"]):
                left, top, width, height = map(int, rectangle)
                for y in range(top, top + height):
                    for x in range(left, left + width):
                        found[kind, x, y] = path.attrib["fill"]
    return found


def _is_same(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one == other
    channels = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return all(abs(a - b) <= _SAME_COLOUR for a, b in channels)
