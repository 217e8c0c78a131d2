"""The screen beside the training: what each costs the other, and the memory of both."""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import latency
from support.terminal import PROGRAM
from table import Row
from watched import DIGITS, MINIMAL, PAINTED, Watched, memory_peak, row

from vae_tui.run.folder import Run

VIEWS, VIEW_SECONDS = "12364\t", 2.0
SETTLE_SECONDS, WINDOW_SECONDS = 1.5, 5.0
"""Left out after the screen has come or gone, and then measured."""
PAIRS_A_ROUND = 3
"""Other users of the machine change its speed by more than the screen does, but not as quickly."""


def training(folder: Path, options: argparse.Namespace) -> list[Row]:
    """Measure images a second in turn: nobody watches, the Train view is attached.

    The ratio is the median of those of neighbours.
    """
    alone: list[float] = []
    watched: list[float] = []
    with _trainer(folder, options) as run:
        for _ in range(PAIRS_A_ROUND * options.rounds):
            alone.append(_images_per_second(run))
            screen = Watched([*PROGRAM, "attach", run.name], folder)
            screen.until(DIGITS)
            watched.append(_images_per_second(run, screen))
            screen.kill()
    values = row("training with the Train view", watched, "images/s", alone, "0.95")
    ratios = [one / other for one, other in zip(watched, alone, strict=True)]
    return [{**values, "worst": min(watched), "ratio": statistics.median(ratios)}]


def memory(folder: Path, options: argparse.Namespace) -> list[Row]:
    """Bring up every view while a run trains; return the largest resident sizes."""
    minimal = Watched(MINIMAL, folder)
    minimal.until(PAINTED)
    reference = [minimal.memory_peak()]
    minimal.kill()
    with _trainer(folder, options) as run:
        screen = Watched([*PROGRAM, "attach", run.name], folder)
        screen.until(DIGITS)
        first = screen.memory_peak()
        for view in VIEWS:
            screen.type(view)
            screen.take(VIEW_SECONDS)
        all_views = screen.memory_peak()
        pid = run.pid()
        assert pid is not None
        trainer = memory_peak(pid)
        screen.kill()
    return [
        row("peak memory: screen, Train view", [first], "MB", reference, "120 MB"),
        row("peak memory: screen, six views", [all_views], "MB", reference, "120 MB"),
        row("peak memory: trainer", [trainer], "MB", reference, ""),
    ]


def keys(folder: Path, options: argparse.Namespace) -> list[Row]:
    """Measure key to picture while a run trains, against the same while it is paused."""
    found = {
        idle: latency.measured(folder / str(idle), options.data_dir, idle=idle)
        for idle in (False, True)
        if not (folder / str(idle)).mkdir()
    }
    limits = {"median_ms": "30 ms", "p95_ms": "60 ms"}
    return [
        row(f"key to picture, {view}, {what}", [found[False][f"{view}_{what}"]], "ms",
            [found[True][f"{view}_{what}"]], limit)
        for view in latency.VIEWS for what, limit in limits.items()
    ]  # fmt: skip


@contextlib.contextmanager
def _trainer(folder: Path, options: argparse.Namespace) -> Iterator[Run]:
    """Start a trainer that nobody watches; wait until it trains; stop it in the end."""
    runs = str(folder / "runs")
    kind = ["--dataset", "digits"]
    if options.data_dir:
        kind = [
            "--dataset",
            "mnist",
            "--offline",
            "--data-dir",
            str(Path(options.data_dir).resolve()),
        ]
    train = [*PROGRAM, "train", "--headless", "--name", "busy", "--epochs", "50000", *kind]
    process = subprocess.Popen(
        [*train, "--runs-dir", runs], cwd=folder, env={**os.environ, "VAE_TUI_RUNS_DIR": runs},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    run = Run(folder / "runs" / "busy")
    try:
        deadline = time.monotonic() + 60
        while not _losses(run):
            assert time.monotonic() < deadline and process.poll() is None, "no training began"
            time.sleep(0.1)
        yield run
    finally:
        subprocess.run(
            [*PROGRAM, "stop", "busy", "--runs-dir", runs],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        process.wait(60)


def _images_per_second(run: Run, screen: Watched | None = None) -> float:
    """Return images a second by the wall clock, from the steps in the log."""
    _pass(screen, SETTLE_SECONDS)
    began = len(_losses(run))
    _pass(screen, WINDOW_SECONDS)
    losses = _losses(run)[began:]
    first, last = losses[0], losses[-1]
    config = run.config()
    return (last["step"] - first["step"]) * config.batch_size / (last["time"] - first["time"])


def _pass(screen: Watched | None, seconds: float) -> None:
    if screen is None:
        time.sleep(seconds)
    else:
        screen.take(seconds)


def _losses(run: Run) -> list[dict[str, float]]:
    if not run.events.exists():
        return []
    lines = run.events.read_bytes().splitlines()
    return [json.loads(line) for line in lines if line.startswith(b'{"event":"losses_measured"')]
