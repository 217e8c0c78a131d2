"""Attach to a run of 1,000,000 loss events and 85,000 tests, beside one of a thousand."""

import argparse
import random
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from support.terminal import PROGRAM
from table import Row
from watched import CHECKPOINTS, DIGITS, PAINTED, Watched, row

from vae_tui.run.events import (
    EpochEnded,
    Event,
    LossesMeasured,
    MachineMeasured,
    RunEnded,
    RunStarted,
    WeightsSaved,
    encode,
)

SHORT, LONG = 1_000, 1_000_000
LOSSES_A_SECOND, STEPS_A_LOSS, STEPS_AN_EPOCH, SECONDS_A_SAVE = 20, 20, 235, 2

PAUSE_SECONDS = 0.05
LIMITS = {
    "first paint": ("s", "1.5x of minimal"),
    "first digits": ("s", "1.0 s"),
    "complete chart": ("s", "3 s"),
    "key while reading, median": ("s", ""),
    "key while reading, worst": ("s", ""),
    "peak memory": ("MB", "200 MB"),
}


def long_run(folder: Path, options: argparse.Namespace) -> list[Row]:
    """Attach to a short and to a long run in turn, so often as asked."""
    runs = {"short": SHORT, "long": LONG}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
    for name, count in runs.items():
        write_run(folder / "runs" / name, count)
    for _ in range(options.rounds):
        for name, all_of_it in found.items():
            all_of_it.append(attached(folder, name))
    return [
        row(
            f"{LONG:,} events: {what}",
            [one[what] for one in found["long"]],
            unit,
            [one[what] for one in found["short"]],
            limit,
        )
        for what, (unit, limit) in LIMITS.items()
    ]


def write_run(path: Path, count: int) -> None:
    """Make a run of the shipped one's weights, and as many loss events with what comes between."""
    shutil.copytree(CHECKPOINTS / "mnist-d20", path)
    with (path / "events.jsonl").open("wb") as file:
        file.writelines(map(encode, _events(count)))


def attached(folder: Path, name: str) -> dict[str, float]:
    """Attach twice: to see the chart come, and to press keys until it is there."""
    screen = Watched([*PROGRAM, "attach", name], folder)
    found = {
        "first paint": screen.until(PAINTED),
        "first digits": screen.until(DIGITS),
        "complete chart": screen.until(is_whole),
        "peak memory": screen.memory_peak(),
    }
    screen.kill()
    latencies = keys_while_reading(folder, name)
    return found | {
        "key while reading, median": statistics.median(latencies),
        "key while reading, worst": max(latencies),
    }


def is_whole(received: bytes) -> bool:
    """Tell whether the state at the log's end and the chart have come, in whichever order."""
    return b"finished" in received and b"trend" in received


def keys_while_reading(folder: Path, name: str) -> list[float]:
    """Return the seconds from each press of a key to the samples that it asked for."""
    screen = Watched([*PROGRAM, "attach", name], folder)
    screen.until(DIGITS)
    screen.type("2")
    screen.until(b"seed 1 ")
    latencies: list[float] = []
    while b"finished" not in screen.received or not latencies:
        began = time.monotonic()
        drawn = screen.since_now(DIGITS)  # of the caption only the figure that changed is sent
        screen.type(" ")
        screen.until(drawn)
        latencies.append(time.monotonic() - began)
        screen.take(PAUSE_SECONDS)
    screen.kill()
    return latencies


def _events(count: int) -> Iterator[Event]:
    began, chosen = 1_795_422_006.8395, random.Random(1)
    yield RunStarted(
        time=began, step=0, device="cpu", precision="bf16", images=60_000, parameters=652_824,
        steps_per_epoch=STEPS_AN_EPOCH, pid=1, world_size=1,
        epochs=count * STEPS_A_LOSS // STEPS_AN_EPOCH, floor=45.5, collapse=205.8,
    )  # fmt: skip
    for number in range(1, count + 1):
        step, now = number * STEPS_A_LOSS, began + number / LOSSES_A_SECOND
        yield LossesMeasured(
            time=now, step=step, epoch=step / STEPS_AN_EPOCH,
            bce=80 + 400 / (1 + number / 50) + chosen.random(), kl=25 + chosen.random(),
            beta=1.0, lr=0.001, images_per_second=50_000 + 1_000 * chosen.random(),
            memory_bytes=825_065_472, more={"gradient_norm": 10 * chosen.random()},
        )  # fmt: skip
        if step % STEPS_AN_EPOCH < STEPS_A_LOSS:
            yield EpochEnded(
                time=now, step=step, epoch=step // STEPS_AN_EPOCH, train_bce=80 + chosen.random(),
                train_kl=25 + chosen.random(), test_bce=80 + chosen.random(),
                test_kl=25 + chosen.random(), test_bce_at_mean=78 + chosen.random(),
                kl_per_dimension=tuple(chosen.random() for _ in range(20)), active_units=18,
                seconds=STEPS_AN_EPOCH / STEPS_A_LOSS / LOSSES_A_SECOND,
            )  # fmt: skip
        if number % (LOSSES_A_SECOND * SECONDS_A_SAVE) == 0:
            yield MachineMeasured(
                time=now, step=step, cpu_percent=90 + chosen.random(),
                memory_used_bytes=4.0 * 2**30, memory_total_bytes=8.0 * 2**30,
            )  # fmt: skip
            yield WeightsSaved(time=now, step=step, path="weights.safetensors")
    yield RunEnded(time=now, step=step, reason="finished")
