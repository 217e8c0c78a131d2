"""The process that downloads: ``python -m vae_tui.data.download_child NAME FOLDER``.

A separate process because importing torchvision takes seconds and 500 MB, and because it can be
killed while a connection hangs. It removes its files and exits when its standard input is closed,
that is when the parent process is gone.
"""

import gzip
import os
import re
import shutil
import sys
import threading
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from torchvision import datasets
from torchvision.datasets.utils import download_url

from vae_tui.data.catalogue import DATASETS

STARTED = "started"
"""Printed to stdout after the imports, before the connection."""

Download = Callable[[Path], object]
"""Downloads a data set into a folder, in torchvision's layout."""


def download_emnist(
    folder: Path, url: str = datasets.EMNIST.url, md5: str = datasets.EMNIST.md5
) -> None:
    """Download EMNIST and extract only its digits; torchvision extracts 1.8 GB, all six splits."""
    dataset = DATASETS["emnist"]
    raw_folder = dataset.raw_folder(folder)
    download_url(url, raw_folder, filename="gzip.zip", md5=md5)
    with zipfile.ZipFile(raw_folder / "gzip.zip") as archive:
        for file in dataset.files:
            with (
                archive.open(f"gzip/{file}.gz") as compressed,
                gzip.open(compressed) as content,
                (raw_folder / file).open("wb") as extracted,
            ):
                shutil.copyfileobj(content, extracted, 1 << 20)


DOWNLOADS: Mapping[str, Download] = {
    "mnist": lambda folder: datasets.MNIST(folder, download=True),
    "fashion-mnist": lambda folder: datasets.FashionMNIST(folder, download=True),
    "kmnist": lambda folder: datasets.KMNIST(folder, download=True),
    "emnist": download_emnist,
}


def main(name: str, folder: Path, downloads: Mapping[str, Download] = DOWNLOADS) -> int:
    """Download in this process; exit early when the parent process is gone."""
    threading.Thread(target=_exit_with_standard_input, args=(folder,), daemon=True).start()
    print(STARTED, flush=True)  # noqa: T201
    return download(name, folder, downloads)


def download(name: str, folder: Path, downloads: Mapping[str, Download] = DOWNLOADS) -> int:
    """Download ``name`` into ``folder``; return the exit status, the error is on stderr."""
    try:
        downloads[name](folder)
    except Exception as error:  # the whole process: the message is what it reports
        print(f"\n{reason_of(error)}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def reason_of(error: Exception) -> str:
    """Return an error of torchvision in one line.

    torchvision's message for a failed download names the file, then has two lines per mirror.
    """
    text = (isinstance(error, OSError) and error.strerror) or str(error)
    attempts = re.findall(r"Tried \w+://([^/]+)\S*, got:\n(.*)", text)
    if attempts:
        text = ", ".join(f"{host}: {why}" for host, why in attempts)
    text = re.sub(r"<urlopen error (?:\[Errno -?\d+\] )?(.*?)>", r"\1", text)
    text = text.replace("File not found or corrupted.", "wrong checksum")
    return " ".join(text.split()) or type(error).__name__


def _exit_with_standard_input(folder: Path) -> None:
    # Not sys.stdin: a thread blocked in it aborts the interpreter at exit.
    while os.read(0, 1024):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
