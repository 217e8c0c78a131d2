"""Exec to first paint and to first digits, beside an app of one line of text."""

import argparse
import shutil
import subprocess
from pathlib import Path

from support.terminal import PROGRAM
from table import Row
from watched import CHECKPOINTS, DIGITS, MINIMAL, PAINTED, Watched, row


def start(folder: Path, options: argparse.Namespace) -> list[Row]:
    """Start each program in turn, so often as asked."""
    shutil.copytree(CHECKPOINTS, folder / "runs")
    attach = [*PROGRAM, "attach", "mnist-d20"]
    minimal, attached, attached_digits, trained, trained_digits = ([] for _ in range(5))
    _first_paint(MINIMAL, folder)  # the first of all reads files that the others find in memory
    _paint_and_digits(attach, folder)
    for number in range(options.rounds):
        minimal.append(_first_paint(MINIMAL, folder))
        paint, digits = _paint_and_digits(attach, folder)
        attached.append(paint)
        attached_digits.append(digits)
        name = f"timed-{number}"
        train = [*PROGRAM, "train", "--dataset", "digits", "--epochs", "5000", "--name", name]
        paint, digits = _paint_and_digits(train, folder)
        subprocess.run(
            [*PROGRAM, "stop", name, "--runs-dir", str(folder / "runs")],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        trained.append(paint)
        trained_digits.append(digits)
    return [
        row("first paint: minimal app", minimal, "s", minimal, ""),
        row("first paint: attach", attached, "s", minimal, "1.5x"),
        row("first paint: train", trained, "s", minimal, "1.5x"),
        row("first digits: attach", attached_digits, "s", minimal, "1.0 s"),
        row("first digits: train", trained_digits, "s", minimal, ""),
    ]


def _first_paint(command: list[str], folder: Path) -> float:
    screen = Watched(command, folder)
    seconds = screen.until(PAINTED)
    screen.kill()
    return seconds


def _paint_and_digits(command: list[str], folder: Path) -> tuple[float, float]:
    screen = Watched(command, folder)
    seconds = screen.until(PAINTED), screen.until(DIGITS)
    screen.kill()
    return seconds
