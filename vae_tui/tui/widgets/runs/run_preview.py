"""A run at a glance: its settings, the curve of its test loss, samples of its newest weights."""

import math
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

from rich.text import Text
from textual.reactive import var
from textual.strip import Strip

from vae_tui.arrays import Bytes
from vae_tui.run.summary import Summary
from vae_tui.terminal.half_blocks import Palette, side_by_side
from vae_tui.terminal.tiles import GAP, fitting, scale
from vae_tui.text import cut, duration, printable
from vae_tui.tui.charts.sparkline import sparkline
from vae_tui.tui.state.losses import test_loss_name
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.pictures import GRID_SIZES
from vae_tui.tui.widgets.runs.run_columns import started_text

FACTS_CELLS, MOST_LEFT = 30, 60
"""Columns for the facts, and for facts and curve at most."""
LEAST_CURVE = 16
"""Columns of the curve."""
LEAST_SAMPLES, MOST_SAMPLES = 8, 48
LEAST_ROWS = 4
MOST_GAP, MOST_ROW_GAP = 4, 2
"""Cells between two columns and two rows of samples, at most."""
FILLED = 0.95
"""Samples are as large as they can be while they fill this share of what the best size fills."""


@dataclass(frozen=True, slots=True, eq=False)
class RunGlance:
    """The content of a preview."""

    summary: Summary
    samples: Bytes | None = None
    """uint8 (`MOST_SAMPLES`, H, W); None where there are no weights."""
    why_not: str = ""
    """Why there are no samples; empty while that is not known."""
    palette: Palette = Palette.COLOURS_256
    unicode: bool = True


class RunPreview(Drawing):
    """Draws ``glance``: facts, curve and samples side by side, as much as there is room for."""

    glance: var[RunGlance | None] = var(None)
    watch_glance = Drawing.redraw

    def _draw(self) -> None:
        glance, (width, height) = self.glance, self.size
        if glance is None or height < LEAST_ROWS or width < FACTS_CELLS:
            self.show_rows([])
            return
        facts = _facts(glance.summary, glance.unicode)[:height]
        left = facts
        if height - len(facts) > LEAST_ROWS:  # the curve below the facts, else beside them
            wide = min(max(width // 3, FACTS_CELLS), MOST_LEFT)
            left = [*facts, Text(), *_curve(glance, wide, height - len(facts) - 1)]
        else:
            wide = FACTS_CELLS
            if (room := min(width - 2 * FACTS_CELLS, MOST_LEFT)) >= LEAST_CURVE:
                curve = _curve(glance, room, height)
                facts += [Text() for _ in curve[len(facts) :]]
                for line, beside in zip(facts, curve, strict=False):
                    line.truncate(FACTS_CELLS, pad=True)
                    line.append_text(beside)
                wide += room
        samples = self._samples(glance, width - wide - 2 * GAP, height)
        self.show_rows(
            [
                Strip.join([line.adjust_cell_length(wide + 2 * GAP), pictures])
                for line, pictures in zip_longest(
                    map(self.strip, left), samples, fillvalue=Strip([])
                )
            ]
        )

    def _samples(self, glance: RunGlance, width: int, height: int) -> list[Strip]:
        """Return at least `LEAST_SAMPLES` where they fit, as large as possible, or why not."""
        if glance.samples is None:
            words = f"no samples: {glance.why_not}" if glance.why_not else ""
            return [
                self.strip(Text.assemble((line, "quiet"))) for line in wrap(words, max(width, 1))
            ]
        grids = [
            (fitting(width, pixels), (height + 1) // (pixels // 2 + 1), pixels)
            for pixels in GRID_SIZES
        ]
        enough = [grid for grid in grids if grid[0] * grid[1] >= LEAST_SAMPLES]
        areas = {grid: grid[0] * grid[1] * grid[2] ** 2 for grid in enough or grids[-1:]}
        most = max(areas.values())
        columns, rows, pixels = next(grid for grid in areas if areas[grid] >= FILLED * most)
        if columns < 1 or rows < 1:
            return []
        samples = scale(glance.samples[: columns * rows], pixels)
        gap, row_gap = (
            min(max((room - count * size) // max(count - 1, 1), GAP), most)
            for room, count, size, most in (
                (width, columns, pixels, MOST_GAP),
                (height, rows, pixels // 2, MOST_ROW_GAP),
            )
        )
        strips: list[Strip] = []
        for first in range(0, len(samples), columns):
            row = side_by_side(
                samples[first : first + columns], gap, glance.palette, self.picture_ground
            )
            strips += [*map(Strip, row), *[Strip([])] * row_gap]
        return strips[:-row_gap]


def _facts(run: Summary, unicode: bool) -> list[Text]:
    """Return the settings and results of a run, a line each."""
    name = test_loss_name(run.model, run.reconstruction, unicode=unicode)
    facts = (
        ("best test", f"{run.best_test_loss:.2f} {name}"),
        ("last test", f"{run.test_loss:.2f} {name}"),
        ("epoch", f"{run.epoch:.1f} of {run.epochs}"),
        ("data", printable(run.dataset)),
        ("model, d", f"{run.model} {run.reconstruction}, {run.latent_dim}"),
        ("beta, lr", f"{run.beta:g}, {run.lr:g}"),
        ("started", started_text(run)),
        ("took", duration(run.seconds)),
        ("step", f"{run.step:,}"),
    )
    room = FACTS_CELLS - 12
    return [
        Text.assemble(
            (f" {name:10}", "quiet"), cut("-" if value.startswith("nan") else value, room)
        )
        for name, value in facts
    ]


def _curve(glance: RunGlance, width: int, height: int) -> list[Text]:
    """Return the test losses as bars, with the highest and lowest value and the last epoch."""
    losses = [loss for loss in glance.summary.losses if math.isfinite(loss)]
    if not losses:
        return [Text("no test yet", "quiet")]
    shown = losses[1:]  # without the untrained network's
    if len(shown) < 2:
        return [Text("the curve begins with the second epoch", "quiet")]
    high, low = f"{max(shown):.1f}", f"{min(shown):.1f}"
    label = max(len(high), len(low)) + 1
    bars = shown
    if len(shown) < width - label:  # each as wide as the others, without a slope between them
        bars = [shown[cell * len(shown) // (width - label)] for cell in range(width - label)]
    rows = sparkline(bars, width - label, height - 1, unicode=glance.unicode)
    lines = []
    for y, row in enumerate(rows):
        name = high if y == 0 else low if y == len(rows) - 1 else ""
        lines.append(Text.assemble((f"{name:>{label - 1}} ", "quiet"), (row, "band")))
    first = f"{'':{label}}test loss, nats"
    epochs = f"epoch {glance.summary.epoch:.0f}"
    room = max(width - len(first), 0)
    line = f"{first}{epochs:>{room}}" if room > len(epochs) + 2 else first
    lines.append(Text.assemble((line, "quiet")))
    return lines
