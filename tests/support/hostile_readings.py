"""Reads hostile run folders in every way the program has, and reports what went wrong.

A process of its own, so that a crash, a hang or a memory blown up is seen from outside: a line of
JSON on stdin for each run, a line on stdout before each reading and one for each trouble.
"""

import asyncio
import contextlib
import io
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.fake_networks import one_gaussian
from support.garbage import collect_less
from support.idle_loop import IdleLoop, QuickPilot
from support.tiny_runs import random_images, tiny_trainer

from vae_tui.cli.main import main
from vae_tui.errors import VaeTuiError
from vae_tui.run.control import RunSteering
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.text import printable
from vae_tui.training.checkpoint import restore
from vae_tui.training.command_source import CommandFile
from vae_tui.training.patient_writer import PatientWriter
from vae_tui.training.recorder import Recorder
from vae_tui.tui.all_views import VIEWS
from vae_tui.tui.app import VaeApp
from vae_tui.tui.dialogs.draw import DrawDialog
from vae_tui.tui.dialogs.open_image import OpenImageDialog
from vae_tui.tui.feed.run_reader import RunReader
from vae_tui.tui.feed.runs_reader import RunsFolder
from vae_tui.tui.ports import LateImports
from vae_tui.tui.state.run_view import RunView
from vae_tui.tui.state.scene import Scene

SECONDS = 120
"""A reading that takes longer hangs. Looking at every view takes over 20 s on a busy machine."""
MEGABYTES = 300
"""More than so much for one reading of a small network is no longer bounded."""
IMAGES = random_images()
SEES = ["1", "2", "3", "6", "4", "tab", "comma", "full_stop", "end", "question_mark", "escape", "1"]
FIRST = ["runs"], ["attach", "RUN"]
DRAWN = (
    ["sample", "RUN", "-n", "4", "-o", "a.png"],
    ["decode", "RUN", "--z", "0,0,0,0", "-o", "a.png"],
    ["morph", "RUN", "0", "1", "-o", "a.gif"],
    ["map", "RUN", "-o", "a.png"],
    ["export", "RUN", "-o", "a.safetensors"],
)
LINES: dict[str, tuple[list[str], ...]] = {
    "config.json": (*FIRST, *DRAWN, ["stop", "RUN"], ["export", "RUN", "-o", "a.csv"]),
    "events.jsonl": (
        *(*FIRST, ["runs", "--json"], ["export", "RUN", "-o", "a.csv"], ["pause", "RUN"]),
    ),
    "commands.jsonl": (*FIRST, ["stop", "RUN"]),
    "weights.safetensors": (*DRAWN, ["export", "RUN", "-o", "a.pt"]),
    "history/20.safetensors": tuple([*line, "--step", "20"] for line in DRAWN),
    "probe.safetensors": DRAWN,
    "name": (*FIRST, *DRAWN, ["stop", "RUN"], ["export", "RUN", "-o", "a.csv"]),
}
EVALUATED = ["eval", "RUN"]
"""Measures for half a second: only of runs that are looked at on the screen too."""
OFTEN = (*FIRST, ["sample", "RUN", "-o", "a.png"])


class Hang(BaseException):
    """A reading took too long."""


class OneRound(threading.Event):
    """Lets a reader look at everything once."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    def is_set(self) -> bool:
        self._asked += 1
        return self._asked > 1


def readings(run: Run, file: str, *, on_screen: bool) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield names and ways to read a run whose ``file`` is hostile."""
    more_lines = [EVALUATED] if file == "name" and on_screen else []
    for line in (*LINES.get(file, OFTEN), *more_lines):
        given = [run.path.name if word == "RUN" else word for word in line]
        more = ["--runs-dir", str(run.path.parent)]
        yield " ".join(line), lambda given=given, more=more: command(run, file, [*given, *more])
    yield "the screen's reader", lambda: look_once(run)
    if file in ("state.pt", "events.jsonl", "commands.jsonl"):
        yield "the trainer", lambda: train_on(run)
    if on_screen:
        yield "the screen", lambda: watch_on_idle_loop(run)


def command(run: Run, file: str, line: list[str]) -> str:
    """Run a command; return what is wrong with its answer, or nothing."""
    sys.argv[1:] = line
    out, errors = io.StringIO(), io.StringIO()
    code: object = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code
    return wrong_with(code, out.getvalue(), errors.getvalue(), (run.path.name, file))


def wrong_with(code: object, out: str, errors: str, names: tuple[str, ...]) -> str:
    """Return what is wrong with a command's answer, or nothing."""
    text = out + errors
    lines = errors.splitlines()
    if code not in (0, 1, 2):
        return f"exit code {code}"
    if odd := [letter for letter in text if not letter.isprintable() and letter != "\n"]:
        return f"{odd[:5]!r} reach the terminal: {text[:300]!r}"
    if "root:x:" in text or any(len(line) > 4_000 for line in lines):
        return f"prints too much: {text[:300]!r}"
    if not all(line.startswith("vae-tui: ") for line in lines) or "--debug shows" in errors:
        return f"no word of ours: {errors[:300]!r}"
    known = {printable(" ".join(name.split())) for name in names}
    ended_failed = code == 1 and "failed at step" in out
    if code and not ended_failed and not any(name in errors for name in known):
        return f"does not say which file: {errors!r:.300}"
    return ""


def look_once(run: Run) -> None:
    with contextlib.suppress(VaeTuiError):
        config = run.config()
        reader = RunReader(run, RunView(run.name, config, epochs=config.epochs))
        reader.request_step(20)
        reader.follow(lambda message: None, OneRound())


def train_on(run: Run) -> None:
    """Do what a trainer does with the files it finds."""
    trainer = tiny_trainer()
    with contextlib.suppress(VaeTuiError):
        restore(trainer, run.trainer_state)
        next(trainer.run(CommandFile(run.commands, 0)))
    commands = CommandFile(run.commands, 0)
    while found := commands.take(0.0):
        for wish in found:
            for event in trainer.obey(wish):
                append(run.path / "answers.jsonl", repr(event).encode() + b"\n")
    with contextlib.suppress(VaeTuiError, OSError):
        writer = PatientWriter(run, trainer, lambda: True, int)
        Recorder(run, trainer, writer).begin(IMAGES)


def watch_on_idle_loop(run: Run) -> None:
    with asyncio.Runner(loop_factory=IdleLoop) as runner:
        runner.run(watch(run))


async def watch(run: Run) -> None:
    """Look at every view."""
    try:
        config = run.config()
    except VaeTuiError:
        return
    view = RunView(run.name, config, epochs=config.epochs)
    read = threading.Event()

    class Reader(RunReader):
        def _read_files(self, post: Callable[[Any], object]) -> None:
            super()._read_files(post)
            read.set()

    app = VaeApp(
        run.name, run.name,
        lambda _: LateImports(
            VIEWS, Reader(run, view), lambda codes, start: iter(()), one_gaussian, Scene(view),
            RunsFolder(run.path.parent, run.path), lambda: DrawDialog, lambda: OpenImageDialog,
        ),
        RunSteering(run, config), {"LANG": "C.UTF-8"}, run.path.parent,
    )  # fmt: skip
    async with app.run_test(size=(100, 30)):
        pilot = QuickPilot(app)
        while not read.is_set():
            await pilot.pause(0.01)
        for key in SEES:
            await pilot.press(key)
        await pilot.pause()
        app.exit()


def memory(name: str) -> int:
    """Return VmRSS or VmHWM in megabytes."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{name}:\s+(\d+)", status)
    assert found
    return int(found[1]) // 1024


def attempt(name: str, read: Callable[[], Any]) -> str:
    """Return what went wrong with one reading, or nothing."""

    def late(*_: object) -> None:
        raise Hang

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    Path("/proc/self/clear_refs").write_text("5")
    before, began = memory("VmRSS"), time.monotonic()
    try:
        trouble = read() or ""
    except Hang:
        trouble = f"hangs for {SECONDS} s"
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        import traceback

        trouble = f"raises {type(error).__name__}: {str(error)[:300]!r} " + "".join(
            traceback.format_tb(error.__traceback__)[-3:]
        )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    grown = memory("VmHWM") - before
    if not trouble and grown > MEGABYTES:
        trouble = f"takes {grown} MB"
    NEEDED.append((time.monotonic() - began, grown))
    return trouble


NEEDED: list[tuple[float, int]] = []


def read_all() -> None:
    """Answer the lines of stdin."""
    collect_less()
    os.environ.pop("VAE_TUI_RUNS_DIR", None)
    attempt("first", lambda: look_once(Run(Path("/nowhere"))))
    count = 0
    for line in sys.stdin:
        asked = json.loads(line)
        run = Run(Path(os.fsdecode(bytes.fromhex(asked["path"]))))
        os.chdir(run.path.parent)
        for name, read in readings(run, asked["file"], on_screen=asked["on_screen"]):
            say("reading", asked["number"], f"{asked['file']}: {name}")
            count += 1
            if trouble := attempt(name, read):
                say("trouble", asked["number"], f"{asked['file']}: {name}: {trouble}")
    slowest, largest = (max(column) for column in zip(*NEEDED[1:], strict=True))
    say("done", count, f"slowest {slowest:.1f} s, largest {largest} MB")


def say(kind: str, number: int, what: str) -> None:
    os.write(1, json.dumps([kind, number, what]).encode() + b"\n")


if __name__ == "__main__":
    read_all()
