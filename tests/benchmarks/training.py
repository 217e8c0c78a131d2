"""Images a second of the trainer, of a plain loop and of its matrix products alone.

``python tests/benchmarks/training.py [--json] [--rounds N] [--data-dir DIR] [--device cuda]``
trains on MNIST where it is in the data folder, else on the shipped digits. Each contestant runs
alone, in a process of its own, one after the other, round after round; the table shows medians,
and the median of the rounds' own ratios to the plain loop. Needs torch and click, no more.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import torch
from references import plain_speed, product_pairs
from table import add_json_option, print_table

from vae_tui.cli.cores import default_threads
from vae_tui.data import idx_files
from vae_tui.data.catalogue import resolve
from vae_tui.model.device import choose_device
from vae_tui.model.step_plan import choose_plan
from vae_tui.run import control
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded
from vae_tui.training.thread_choice import make_products_exact
from vae_tui.training.trainer import Trainer

BATCH = 256
SECONDS = 2.5
"""Measured of each contestant in each round, after it has warmed up."""
WARM_UP_SECONDS = 1.0
REFERENCE = "plain loop"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data-dir", default=".")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(CONTESTANTS[options.only](options))  # noqa: T201
        return 0
    speeds = defaultdict(list)
    for _, name in itertools.product(range(options.rounds), CONTESTANTS):
        speeds[name].append(measured_alone(name, options))
    print_table(list(rows(speeds)), as_json=options.json)
    return 0


def measured_alone(name: str, options: argparse.Namespace) -> float:
    """Return the images a second of one contestant in a fresh process."""
    command = [sys.executable, __file__, "--only", name, "--data-dir", options.data_dir]
    # The trainer's as the program starts it, the others' as a user's shell would.
    is_ours = name.startswith("vae-tui")
    environment = control.environment(config("auto", options)) if is_ours else dict(os.environ)
    here = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (here, environment.get("PYTHONPATH"))))
    found = subprocess.run(
        [*command, "--device", options.device],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(found.stdout.split()[-1])


def rows(speeds: dict[str, list[float]]) -> Iterator[dict[str, object]]:
    reference = speeds[REFERENCE]
    for name, ours in speeds.items():
        peak = speeds.get(f"matrix products {name.split()[-1]}")
        is_peak = name.startswith("matrix")
        yield {
            "what": name,
            "images/s": round(statistics.median(ours)),
            "s/epoch of 60,000": 60_000 / statistics.median(ours),
            "x plain loop": median_ratio(ours, reference),
            "of the products' speed": median_ratio(ours, peak) if peak and not is_peak else None,
        }


def median_ratio(ours: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ours, others, strict=True))


def config(precision: str, options: argparse.Namespace) -> RunConfig:
    return RunConfig(
        dataset=resolve("auto", Path(options.data_dir)),
        data_dir=options.data_dir,
        epochs=1_000,
        batch_size=BATCH,
        device=options.device,
        precision=precision,
        threads=default_threads(1),
    )


class Nobody:
    """A control from which nothing comes."""

    def take(self, wait: float) -> tuple[()]:
        return ()


def our_speed(precision: str, options: argparse.Namespace) -> float:
    """Return the trainer's images a second, without its tests, in whole epochs once warm."""
    make_products_exact()  # as a trainer's process does
    wanted = config(precision, options)
    images = idx_files.load(wanted.dataset, Path(wanted.data_dir))
    device = choose_device(wanted.device)
    trainer = Trainer(wanted, images, device, choose_plan(precision, device))
    epochs, seconds, began = 0, 0.0, time.perf_counter()
    for event in itertools.chain.from_iterable(trainer.run(Nobody())):
        if isinstance(event, EpochEnded) and time.perf_counter() - began > WARM_UP_SECONDS:
            epochs, seconds = epochs + 1, seconds + event.seconds
            if seconds > SECONDS:
                break
    return epochs * len(images.train) / seconds


def loop_speed(options: argparse.Namespace) -> float:
    """Return the plain loop's images a second in a whole epoch."""
    images = idx_files.load(resolve("auto", Path(options.data_dir)), Path(options.data_dir))
    return plain_speed(images, choose_device(options.device), BATCH)


def product_speed(dtype: torch.dtype, options: argparse.Namespace) -> float:
    """Return the images a second if a step were its matrix products and nothing else."""
    device = choose_device(options.device)
    pairs = product_pairs(BATCH, dtype, device)
    counted_from, began, steps = 0.0, time.perf_counter(), 0
    while True:
        for _ in range(20):
            for one, other in pairs:
                one @ other
        if device.type == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        if now - began < 1.0:
            counted_from = now
            continue
        steps += 20
        if now - counted_from > SECONDS:
            return steps * BATCH / (now - counted_from)


CONTESTANTS = {
    REFERENCE: loop_speed,
    "matrix products fp32": lambda options: product_speed(torch.float32, options),
    "matrix products bf16": lambda options: product_speed(torch.bfloat16, options),
    "vae-tui fp32": lambda options: our_speed("fp32", options),
    "vae-tui bf16": lambda options: our_speed("bf16", options),
    "vae-tui default": lambda options: our_speed("auto", options),
}

if __name__ == "__main__":
    sys.exit(main())
