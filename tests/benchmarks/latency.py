"""How long a key takes to its picture while a run trains on every core.

    python tests/benchmarks/latency.py [--json] [--data-dir DIRECTORY]

Starts a real run, attaches the real screen in a pseudo-terminal of 80x24, and measures from the
writing of a key to the last byte of the burst of output that changes the picture's rows. Stops the
trainer at the end. Exit 1 when the limits of the issue are not kept.
"""

import argparse
import json
import os
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.terminal import PROGRAM, Terminal

PRESSES, WARM_UP = 60, 10
HELD_SECONDS, HELD_RATE = 3.0, 30.0
WATCHED_SECONDS = 1.5
"""After the key was let go."""
QUIET_SECONDS = 0.02
"""A burst has ended when nothing has come for so long."""
PAUSE_SECONDS = 0.15
"""Between two presses, so that each is measured alone."""
PATIENCE_SECONDS = 3.0
MEDIAN_LIMIT_MS, P95_LIMIT_MS, SETTLE_LIMIT_MS = 30.0, 60.0, 200.0


@dataclass(frozen=True, slots=True)
class Part:
    """Of the terminal, where a view's pictures are: bars and captions follow the training."""

    top: int
    bottom: int
    columns: int


RIGHT, LEFT = "\x1b[C", "\x1b[D"
VIEWS = {"walk": ("3", (RIGHT, LEFT), Part(1, 15, 28)), "samples": ("2", (" ",), Part(2, 23, 80))}
"""The key of a view, the keys pressed there in turn, and where its pictures are."""

IN_THE_PAST = re.compile(r"time .* [\d,]+ *$", re.MULTILINE)
"""The timeline, which ends with the step of the weights when they are not the newest."""


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--data-dir", help="of MNIST; the digits that ship unless given")
    parser.add_argument("--idle", action="store_true", help="let the trainer pause, to compare")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), options.data_dir, idle=options.idle)
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        for name, value in found.items():
            sys.stdout.write(f"{name:24} {value:8.1f}\n")
    kept = all(
        found[f"{view}_median_ms"] < MEDIAN_LIMIT_MS
        and found[f"{view}_p95_ms"] < P95_LIMIT_MS
        and found[f"{view}_held_settles_ms"] < SETTLE_LIMIT_MS
        for view in VIEWS
    )
    return 0 if kept else 1


def measured(folder: Path, data_dir: str | None, *, idle: bool) -> dict[str, float]:
    """Start a run in ``folder``, measure on its screen, stop it."""
    environment = {"VAE_TUI_RUNS_DIR": str(folder / "runs"), "VAE_TUI_DATA_DIR": str(folder)}
    training = ["train", "--name", "busy", "--epochs", "5000", "--device", "cpu"]
    if data_dir:
        training += ["--dataset", "mnist", "--data-dir", str(Path(data_dir).resolve()), "--offline"]
    else:
        training += ["--dataset", "digits"]
    found: dict[str, float] = {"cores": len(os.sched_getaffinity(0))}
    with Terminal([*PROGRAM, *training], environment=environment, cwd=folder) as first:
        first.wait_for("running", 60)
        first.type("qk")
        first.wait_for_end()
    try:
        with Terminal([*PROGRAM, "attach", "busy"], environment=environment, cwd=folder) as screen:
            screen.wait_for("reconstructions", 60)
            if idle:
                screen.type("p")
                screen.wait_for("paused")
            for name, (view, keys, part) in VIEWS.items():
                screen.type(view)
                screen.wait_for("from the prior" if name == "walk" else "seed 1")
                found |= {f"{name}_{what}": ms for what, ms in of_view(screen, keys, part).items()}
            screen.type("qk")
            screen.wait_for_end()
    finally:
        subprocess.run(
            [*PROGRAM, "stop", "busy"], env={**os.environ, **environment}, cwd=folder,
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
    return found


def of_view(screen: Terminal, keys: tuple[str, ...], part: Part) -> dict[str, float]:
    """Return the milliseconds of single presses, and of the time after a key held down."""
    latencies, missed = [], 0
    for number in range(WARM_UP + PRESSES):
        screen.read(PAUSE_SECONDS)
        seconds = until_changed(screen, keys[number // 8 % len(keys)], part)
        if number < WARM_UP:
            continue
        if seconds is None:
            missed += 1
        else:
            latencies.append(1000 * seconds)
    cuts = statistics.quantiles(latencies, n=20, method="inclusive")
    return {
        "median_ms": statistics.median(latencies),
        "p95_ms": cuts[18],
        "worst_ms": max(latencies),
        "missed": missed,
        "held_settles_ms": 1000 * until_settled(screen, keys, part),
    }


def until_changed(screen: Terminal, key: str, part: Part) -> float | None:
    """Press a key; return the seconds to the end of the burst that changes the picture, if any."""
    before = cells(screen, part)
    began = time.perf_counter()
    screen.type(key)
    while time.perf_counter() - began < PATIENCE_SECONDS:
        last = take_burst(screen, began + PATIENCE_SECONDS)
        if last is not None and cells(screen, part) != before:
            return last - began
    return None


def until_settled(screen: Terminal, keys: tuple[str, ...], part: Part) -> float:
    """Hold a key down; return the seconds from its last press to the last change of the picture.

    Back in time, where newer weights change nothing of the picture.
    """
    screen.type(",")
    screen.wait_for(IN_THE_PAST.search)
    presses, came = int(HELD_SECONDS * HELD_RATE), []
    began = time.perf_counter()
    for number in range(presses):
        came += take_until(screen, began + number / HELD_RATE)
        screen.type(keys[number // 30 % len(keys)])
    released = settled = time.perf_counter()
    after = take_until(screen, released + WATCHED_SECONDS)
    feed(screen, [block for _, block in came])
    shown = cells(screen, part)
    for when, block in after:
        feed(screen, [block])
        if (now := cells(screen, part)) != shown:
            shown, settled = now, when
    screen.type("\x1b[F")  # end: back to now
    screen.wait_for(lambda text: not IN_THE_PAST.search(text))
    return settled - released


def take_until(screen: Terminal, deadline: float) -> list[tuple[float, bytes]]:
    """Take in what comes until a moment; return each block with the time when it came."""
    came = []
    while (left := deadline - time.perf_counter()) > 0:
        if select.select([screen.descriptor], [], [], left)[0]:
            block = os.read(screen.descriptor, 1 << 16)
            came.append((time.perf_counter(), block))
    return came


def take_burst(screen: Terminal, deadline: float) -> float | None:
    """Take in what comes until it falls silent; return when the last of it came."""
    last, drawn = None, []
    while (now := time.perf_counter()) < deadline:
        patience = deadline - now if last is None else QUIET_SECONDS
        if not select.select([screen.descriptor], [], [], patience)[0]:
            break
        drawn.append(os.read(screen.descriptor, 1 << 16))
        last = time.perf_counter()
    feed(screen, drawn)
    return last


def feed(screen: Terminal, drawn: list[bytes]) -> None:
    """Show what has come; apart from the reading, since pyte takes longer than the program."""
    screen.show(b"".join(drawn))


def cells(screen: Terminal, part: Part) -> list[list[tuple[str, str, str]]]:
    """Return characters and colours of a part."""
    buffer = screen.screen.buffer
    return [
        [(cell.data, cell.fg, cell.bg) for cell in (buffer[y][x] for x in range(part.columns))]
        for y in range(part.top, part.bottom)
    ]


if __name__ == "__main__":
    sys.exit(main())
