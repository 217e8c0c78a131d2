"""Bytes and milliseconds of a 4x8 grid of digits: ours, chafa's, timg's, rich-pixels'.

    python tests/benchmarks/pictures.py [--json]

The digits are the first 32 test images of the shipped run, and what its decoder makes of 32 codes
of the prior: 224x56 cells. Ours is measured from the bytes of the pictures through the widget, the
compositor and `ScreenDiff` to the bytes that would be written. The others write to a pipe; their
milliseconds include decoding and start-up, so only the bytes are compared. Milliseconds are CPU
time, which other processes may prolong. Exit 1 when a limit is not kept.
"""

import argparse
import asyncio
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.app import ComposeResult

sys.path.insert(0, str(Path(__file__).parent))

from table import Row, add_json_option, print_table

from vae_tui.arrays import Bytes
from vae_tui.latent.codes import samples
from vae_tui.model import load_network
from vae_tui.model.probe import load_probe
from vae_tui.run.config import RunConfig, from_json
from vae_tui.terminal.tiles import tile
from vae_tui.tui.link.screen_diff import ScreenDiff
from vae_tui.tui.terminal_app import TerminalApp
from vae_tui.tui.widgets.pictures import Pictures

RUN = Path(__file__).parents[2] / "checkpoints" / "mnist-d20"
COLUMNS, ROWS, SIDE = 8, 4, 28
TIMES = 15
FULL_LIMITS = {"256": 60_000, "truecolor": 75_000}
MILLISECONDS_LIMIT, DIGIT_LIMIT = 9.0, 4_000


class Grid(TerminalApp):
    """One widget, as Samples has it."""

    CSS = f"Pictures {{ width: {COLUMNS * SIDE}; height: {ROWS * SIDE // 2}; }}"

    def compose(self) -> ComposeResult:
        """The grid."""
        yield Pictures()


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--colours", choices=FULL_LIMITS, help="only these, as a list of objects")
    options = parser.parse_args()
    if options.colours:
        print_table(measured(options.colours), as_json=True)
        return 0
    # A process each: Rich keeps the codes of the first colour system it writes a style in.
    again = [sys.executable, __file__, "--colours"]
    rows: list[Row] = []
    for colours in FULL_LIMITS:
        done = subprocess.run([*again, colours], stdout=subprocess.PIPE, check=True)
        rows += json.loads(done.stdout)
    print_table(with_ratios(rows), as_json=options.json)
    kept = all(
        row["full bytes"] < FULL_LIMITS[str(row["colours"])]
        and row["full ms"] < MILLISECONDS_LIMIT
        and row["one digit bytes"] < DIGIT_LIMIT
        for row in rows
        if row["by"] == "vae-tui" and row["pictures"] == "test digits"
    )
    return 0 if kept else 1


def measured(colours: str) -> list[Row]:
    """Measure everybody in one colour system."""
    rows: list[Row] = []
    for name, digits in {"test digits": probe(), "decoded": decoded()}.items():
        rows += [asyncio.run(ours(name, digits, colours)), *others(name, digits, colours)]
    return rows


def config() -> RunConfig:
    return from_json((RUN / "config.json").read_text())


def probe() -> Bytes:
    """Return test digits; one more than the grid holds."""
    return load_probe(RUN / "probe.safetensors", config()).images[: COLUMNS * ROWS + 1]


def decoded() -> Bytes:
    """Return decoded samples; one more than the grid holds."""
    network = load_network(RUN / "weights.safetensors", config())
    return network.decode(samples(network, COLUMNS * ROWS + 1, 1))


async def ours(name: str, digits: Bytes, colours: str) -> Row:
    """Measure the program's own way, Textual's share of it included."""
    console = Console(color_system=colours, force_terminal=True)  # type: ignore[arg-type]
    grid, other = digits[:-1], digits[:-1].copy()
    other[COLUMNS + 3] = digits[-1]
    app = Grid()
    async with app.run_test(size=(COLUMNS * SIDE, ROWS * SIDE // 2)) as pilot:
        pictures = app.query_one(Pictures)
        pictures.pixels, pictures.columns = SIDE, COLUMNS
        await pilot.pause()
        full, digit = [], []
        diff = ScreenDiff()
        for _ in range(TIMES):
            shown(app, pictures, np.zeros_like(grid), diff, console)
            diff.invalidate()
            full.append(shown(app, pictures, grid, diff, console))
            digit.append(shown(app, pictures, other, diff, console))
            assert shown(app, pictures, other, diff, console)[0] == 0
    return {
        "pictures": name,
        "colours": colours,
        "by": "vae-tui",
        "full bytes": full[-1][0],
        "full ms": statistics.median(ms for _, ms in full),
        "one digit bytes": digit[-1][0],
        "one digit ms": statistics.median(ms for _, ms in digit),
    }


def shown(
    app: Grid, pictures: Pictures, digits: Bytes, diff: ScreenDiff, console: Console
) -> tuple[int, float]:
    """Show digits; return the bytes it takes and the milliseconds."""
    began = time.thread_time()
    pictures.images = digits
    compositor = app.screen._compositor
    compositor.update_widgets({pictures})
    update = compositor.render_update(screen_stack=app._background_screens)
    text = ""
    if isinstance(update, CompositorUpdate):
        diff.update(update.render_segments(console))
        text = diff.changes()
    return len(text.encode()), 1000 * (time.thread_time() - began)


def others(name: str, digits: Bytes, colours: str) -> list[Row]:
    """Measure the reference programs that are installed."""
    picture = tile(digits[:-1].reshape(-1, SIDE, SIDE), COLUMNS)
    size = f"{COLUMNS * SIDE}x{ROWS * SIDE // 2}"
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "grid.png")
        Image.fromarray(picture).save(path)
        chafa_colours = {"256": "256", "truecolor": "full"}[colours]
        commands = {
            "chafa": ["chafa", "-f", "symbols", "--symbols", "vhalf+space+solid", "--size", size,
                      "--font-ratio", "0.5", "--stretch", "-c", chafa_colours, path],
            "timg": ["timg", "-ph", f"-g{size}", path, *(["--color8"] * (colours == "256"))],
        }  # fmt: skip
        for program, command in commands.items():
            row: dict[str, object] = {"pictures": name, "colours": colours, "by": program}
            if shutil.which(program):
                written = subprocess.run(command, capture_output=True, check=False).stdout
                found.append({**row, "full bytes": len(written)})
            else:
                found.append({**row, "by": f"{program}: not installed"})
        row = {"pictures": name, "colours": colours, "by": "rich-pixels"}
        if importlib.util.find_spec("rich_pixels"):
            found.append({**row, **rich_pixels(picture, colours)})
        else:
            found.append({**row, "by": "rich-pixels: not installed"})
    return found


def rich_pixels(picture: Bytes, colours: str) -> Row:
    """Measure rich-pixels, rendered by Rich."""
    from rich_pixels import Pixels  # type: ignore[import-not-found]

    image = Image.fromarray(picture).convert("RGB")
    taken, text = [], ""
    for _ in range(5):
        console = Console(
            color_system=colours, force_terminal=True, width=COLUMNS * SIDE  # type: ignore[arg-type]
        )  # fmt: skip
        began = time.thread_time()
        with console.capture() as capture:
            console.print(Pixels.from_image(image))
        text = capture.get()
        taken.append(1000 * (time.thread_time() - began))
    return {"full bytes": len(text.encode()), "full ms": statistics.median(taken)}


def with_ratios(rows: list[Row]) -> list[Row]:
    """Add how many times the bytes of ours each takes."""
    own = {
        (row["pictures"], row["colours"]): row["full bytes"]
        for row in rows
        if row["by"] == "vae-tui"
    }
    return [
        {**row, "times ours": row["full bytes"] / own[row["pictures"], row["colours"]]}  # type: ignore[operator]
        if "full bytes" in row
        else row
        for row in rows
    ]


if __name__ == "__main__":
    sys.exit(main())
