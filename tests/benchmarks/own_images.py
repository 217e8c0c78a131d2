"""Images of one's own: what their conversion takes, and the memory and speed of training.

``python tests/benchmarks/own_images.py --idx FOLDER [--work FOLDER] [--rounds N] [--large COUNT]``
writes Fashion-MNIST, whose four files are in ``--idx`` (Debian's package dataset-fashion-mnist has
them), as 70,000 PNG files in ten folders, converts them and trains on them and on the files
themselves in turn. With ``--large`` it makes an array of that many 28x28 images instead, and trains
with all of it in memory and in windows in turn. ``--write-only`` stops when the images are there.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image
from table import add_json_option, print_table

from vae_tui.data.catalogue import DATASETS
from vae_tui.data.idx_format import read_images, read_labels

FASHION = DATASETS["fashion-mnist"]
SMALL_MEMORY_GB = "1"
"""Assumed available for the run in windows."""
SAMPLE_SECONDS = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--idx", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("own-images"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--write-only", action="store_true")
    options = parser.parse_args()
    own = options.work / (f"{options.large}.npy" if options.large else "fashion-png")
    if not own.exists() and options.large:
        write_array(options.idx, own, options.large)
    elif not own.exists():
        write_pngs(options.idx, own)
    if options.write_only:
        return 0
    contestants = {"own images": (str(own), {})}
    if options.large:
        contestants["in windows"] = (str(own), {"VAE_TUI_MEMORY": SMALL_MEMORY_GB})
    else:
        raw = FASHION.raw_folder(options.work / "data")
        if not raw.exists():
            shutil.copytree(options.idx, raw)
        contestants["its files"] = ("fashion-mnist", {})
    found = defaultdict(list)
    for _ in range(options.rounds):
        for name, (dataset, environment) in contestants.items():
            found[name].append(trained(dataset, environment, options))
    rows = [{"what": name, **medians(each)} for name, each in found.items()]
    print_table(rows, as_json=options.json)
    return 0


def fashion(idx: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return all 70,000 images, (N, 28, 28), and their labels."""
    train, train_labels, test, test_labels = (idx / f"{name}.gz" for name in FASHION.files)
    counts = FASHION.train_count, FASHION.test_count
    images = [
        read_images(file, count, FASHION) for file, count in zip((train, test), counts, strict=True)
    ]
    labels = [
        read_labels(file, count, FASHION)
        for file, count in zip((train_labels, test_labels), counts, strict=True)
    ]
    return np.concatenate(images).reshape(-1, 28, 28), np.concatenate(labels)


def write_pngs(idx: Path, folder: Path) -> None:
    """Write each image into the folder of its class."""
    for index, (image, label) in enumerate(zip(*fashion(idx), strict=True)):
        file = folder / FASHION.classes[label].replace("/", "-") / f"{index:05}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(file)


def write_array(idx: Path, file: Path, count: int) -> None:
    """Write an array of that many images, in the order of their classes; no two are equal."""
    images, labels = fashion(idx)
    images = images[np.argsort(labels, kind="stable")]
    file.parent.mkdir(parents=True, exist_ok=True)
    array = np.lib.format.open_memmap(file, "w+", np.uint8, (count, 28, 28))
    for start in range(0, count, 100_000):
        numbers = np.arange(start, min(start + 100_000, count), dtype=np.uint32)
        block = images[numbers.astype(np.int64) * len(images) // count]
        block.reshape(len(block), -1)[:, :4] = numbers.view(np.uint8).reshape(-1, 4)
        array[start : start + len(block)] = block


def trained(
    dataset: str, environment: dict[str, str], options: argparse.Namespace
) -> dict[str, float]:
    """Train a new run; return seconds of the start, images a second and the peaks of memory."""
    command = [sys.executable, "-m", "vae_tui", "train", "--headless", "--json"]
    command += ["--dataset", dataset, "--epochs", str(options.epochs)]
    command += ["--data-dir", str(options.work / "data"), "--runs-dir", str(options.work / "runs")]
    here = str(Path(__file__).resolve().parents[2])
    began = time.monotonic()
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": here, **environment}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        speeds, peaks, images = [], {}, 0
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "run_started":
                seconds, images = time.monotonic() - began, event["images"]
                sampler = threading.Thread(target=sample, args=(event["pid"], peaks))
                sampler.start()
            elif event["event"] == "epoch_ended" and event["epoch"]:
                speeds.append(images / event["seconds"])
        sampler.join()
    return {"s to the start": seconds, "images/s": statistics.median(speeds), **peaks}


def sample(pid: int, peaks: dict[str, float]) -> None:
    """Note the largest memory of a process, in MB, until it ends."""
    names = {"RssAnon": "MB", "RssFile": "MB mapped"}
    while True:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return
        for name, value in (line.split(":", 1) for line in lines):
            if name in names:
                megabytes = int(value.split()[0]) / 1024
                peaks[names[name]] = max(peaks.get(names[name], 0.0), megabytes)
        time.sleep(SAMPLE_SECONDS)


def medians(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each value; the first start has the conversion."""
    values = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    return {"s to the first start": rows[0]["s to the start"], **values}


if __name__ == "__main__":
    raise SystemExit(main())
