"""Bytes a second to the terminal, and what a key takes on a slow link.

    python tests/benchmarks/link.py [rates|slow] [--json] [--seconds N] [--quick]

``rates``: each view at 80x24 and 200x60, in 256 colours and truecolor: while the shipped digits are
trained, while that run is paused, and of an ended run (idle). ``slow``: Samples at 120x40 on a link
of 20 KB/s, on a pseudo-terminal that is read slowly and never answers, and on a link that buffers
everything as SSH does; the ended run, a live one, and a live one where keys follow each other
quickly. A key's effect begins with the first changed cell of what it changes: of the caption, and
of the picture; the last byte of the picture is shown too. Exit 1 when a limit is not kept.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from support.slow_terminal import SlowTerminal
from support.terminal import PROGRAM, Terminal
from table import Row, add_json_option, print_table

SHIPPED = {"VAE_TUI_RUNS_DIR": str(Path(__file__).parents[2] / "checkpoints")}
VIEWS = {
    "1": "Train", "2": "Samples", "3": "Walk", "4": "Map", "5": "Dimensions", "6": "Runs",
}  # fmt: skip
SIZES = ((80, 24), (200, 60))
COLOURS = {"256": {}, "truecolor": {"COLORTERM": "truecolor"}}
SETTLE_SECONDS, QUIET_SECONDS = 6.0, 2.0
"""Until a view is drawn; the rate in the top line is a mean, and falls silent after it."""
SLOW_RATE, SLOW_SIZE = 20_000, (120, 40)
PRESSES = 8
TRAIN_LIMIT, EFFECT_LIMIT = 12_000, 0.4


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("rates", "slow"))
    parser.add_argument("--seconds", type=float, default=15.0, help="that a live view is watched")
    parser.add_argument("--quick", action="store_true", help="80x24 in 256 colours only")
    add_json_option(parser)
    options = parser.parse_args()
    rows, kept = [], True
    with tempfile.TemporaryDirectory() as folder:
        environment = {"VAE_TUI_RUNS_DIR": folder}
        start(environment)
        try:
            if options.part != "slow":
                rates = of_rates(environment, options.seconds, options.quick)
                rows += rates
                kept &= all(map(is_rate_kept, rates))
            if options.part != "rates":
                slow = of_slow_links(environment)
                rows += slow
                kept &= all(row["effect worst s"] <= EFFECT_LIMIT for row in slow)  # type: ignore[operator]
        finally:
            stop(environment)
    print_table(rows, as_json=options.json)
    return 0 if kept else 1


def start(environment: dict[str, str]) -> None:
    """Start a trainer that outlasts the measurement."""
    training = ["train", "--name", "live", "--dataset", "digits", "--epochs", "9999"]
    with Terminal([*PROGRAM, *training], environment=environment) as first:
        first.wait_for("reconstructions", 60)
        first.type("qk")
        first.wait_for_end()


def stop(environment: dict[str, str]) -> None:
    """End the trainer."""
    subprocess.run(
        [*PROGRAM, "stop", "live"], env={**os.environ, **environment},
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip


def is_rate_kept(row: Row) -> bool:
    """Tell whether a rate is as the issue asks."""
    if row["state"] != "training":
        return row["bytes/s"] == 0
    is_limited = row["view"] == "Train" and row["size"] == "80x24"
    return not is_limited or row["bytes/s"] < TRAIN_LIMIT  # type: ignore[operator]


def of_rates(environment: dict[str, str], seconds: float, is_quick: bool) -> list[Row]:
    """Return the bytes a second of each view."""
    rows: list[Row] = []
    for columns, lines in SIZES[:1] if is_quick else SIZES:
        for colours, more in dict(list(COLOURS.items())[: 1 if is_quick else 2]).items():
            what = {"columns": columns, "rows": lines}
            labels = {"size": f"{columns}x{lines}", "colours": colours}
            live = [*PROGRAM, "attach", "live"]
            with Terminal(live, environment={**environment, **more}, **what) as screen:
                screen.wait_for("reconstructions", 60)
                rows += [{**labels, "state": "training", **row} for row in watched(screen, seconds)]
                screen.type("1p")
                screen.wait_for("paused")
                rows += [
                    {**labels, "state": "paused", **row} for row in watched(screen, QUIET_SECONDS)
                ]
                screen.type("p")
                screen.wait_for("running")
                screen.type("qk")
                screen.wait_for_end()
            ended = [*PROGRAM, "attach", "mnist-d20"]
            with Terminal(ended, environment={**SHIPPED, **more}, **what) as screen:
                screen.wait_for("reconstructions", 60)
                rows += [
                    {**labels, "state": "ended", **row} for row in watched(screen, QUIET_SECONDS)
                ]
                screen.type("q")
                screen.wait_for_end()
    return rows


def watched(screen: Terminal, seconds: float) -> list[Row]:
    """Return the bytes of the first drawing of each view, and a second after it."""
    rows: list[Row] = []
    for key, name in VIEWS.items():
        before = screen.bytes_received
        is_first = not rows
        screen.type(f"6{key}" if is_first else key)  # the first view is on the screen already
        # What a run that has just been paused has left to draw comes with the first view.
        take(screen, SETTLE_SECONDS if is_first or seconds > QUIET_SECONDS else QUIET_SECONDS)
        drawn, began = screen.bytes_received, time.monotonic()
        take(screen, seconds)
        rate = (screen.bytes_received - drawn) / (time.monotonic() - began)
        rows.append({"view": name, "drawn bytes": drawn - before, "bytes/s": round(rate)})
    screen.type("1")
    take(screen, 0.5)
    return rows


def take(screen: Terminal, seconds: float) -> None:
    """Take in what comes, for all of so many seconds."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        screen.read(left)


def of_slow_links(environment: dict[str, str]) -> list[Row]:
    """Return how long keys take on slow links."""
    rows: list[Row] = []
    for name, buffers in {"full pty, silent": False, "buffers, answers": True}.items():
        for what, run, runs, every in (
            ("ended run", "mnist-d20", SHIPPED, 2.5),
            ("training", "live", environment, 2.5),
            ("training, keys in a row", "live", environment, 0.5),
        ):
            columns, lines = SLOW_SIZE
            with SlowTerminal(
                [*PROGRAM, "attach", run], rate=SLOW_RATE, buffers=buffers, answers=buffers,
                environment=runs, columns=columns, rows=lines,
            ) as screen:  # fmt: skip
                screen.wait_for("reconstructions", 60)
                screen.type("2")
                screen.wait_for("seed 1", 60)
                screen.read(8)
                times = [of_key(screen, number, every) for number in range(2, 2 + PRESSES)]
                screen.type("qk" if run == "live" else "q")
                screen.wait_for_end()
            captions, pictures = zip(*[(one, two) for one, two, _ in times], strict=True)
            effects = sorted(map(max, captions, pictures))
            rows.append(
                {
                    "link": name,
                    "what": what,
                    "caption median s": statistics.median(captions),
                    "picture begins median s": statistics.median(pictures),
                    "effect worst s": effects[-1],
                    "picture complete median s": statistics.median(last for _, _, last in times)
                    if run != "live"
                    else None,
                }
            )
    return rows


def of_key(screen: SlowTerminal, seed: int, every: float) -> tuple[float, float, float]:
    """Press space; return the seconds to the caption, to the first changed cell, to the last byte.

    Of a run that trains, pictures change by themselves: there the cell may be another's.
    """
    before = cells(screen)
    began = time.monotonic()
    screen.type(" ")
    caption = picture = None
    last, count = 0.0, screen.bytes_received
    while (since := time.monotonic() - began) < every or caption is None or picture is None:
        screen.read(0.005)
        since = time.monotonic() - began
        if screen.bytes_received != count:
            last, count = since, screen.bytes_received
            if caption is None and f"seed {seed}" in screen.text:
                caption = since
            if picture is None and cells(screen) != before:
                picture = since
        if since > 20:
            raise AssertionError(f"no effect of a key in 20 s\n{screen.text}")
    return caption, picture, last


def cells(screen: Terminal) -> list[tuple[str, str, str]]:
    """Return the cells of the picture: all under the caption, above the keys."""
    columns, lines = SLOW_SIZE
    buffer = screen.screen.buffer
    places = ((y, x) for y in range(3, lines - 1) for x in range(columns))
    return [(cell.data, cell.fg, cell.bg) for cell in (buffer[y][x] for y, x in places)]


if __name__ == "__main__":
    sys.exit(main())
