"""The process that downloads: ``python -m vae_tui.data.download_child NAME FOLDER``.

Apart from the program because importing torchvision takes seconds and 500 MB, and because a
process can be ended while a connection hangs. It ends by itself, leaving nothing, when its
standard input does, that is when whoever started it is gone.
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
"""The line on stdout that says: the import is over, the connecting begins."""

Download = Callable[[Path], object]
"""Puts a data set into a folder, in torchvision's layout."""


def download_emnist(
    folder: Path, url: str = datasets.EMNIST.url, md5: str = datasets.EMNIST.md5
) -> None:
    """Download EMNIST and extract its digits: torchvision extracts all six splits, 1.8 GB."""
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
    """Be the child process: download, and end early if whoever started it does."""
    threading.Thread(target=_end_with_standard_input, args=(folder,), daemon=True).start()
    print(STARTED, flush=True)  # noqa: T201
    return download(name, folder, downloads)


def download(name: str, folder: Path, downloads: Mapping[str, Download] = DOWNLOADS) -> int:
    """Download ``name`` into ``folder``; return the exit status, with the reason on stderr."""
    try:
        downloads[name](folder)
    except Exception as error:  # the whole process: its last words are its report
        print(f"\n{reason_of(error)}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def reason_of(error: Exception) -> str:
    """Return one line of words for an error of torchvision's.

    Its own text for a failed download is a line with the file, then two for each mirror.
    """
    text = (isinstance(error, OSError) and error.strerror) or str(error)
    attempts = re.findall(r"Tried \w+://([^/]+)\S*, got:\n(.*)", text)
    if attempts:
        text = ", ".join(f"{host}: {why}" for host, why in attempts)
    text = re.sub(r"<urlopen error (?:\[Errno -?\d+\] )?(.*?)>", r"\1", text)
    text = text.replace("File not found or corrupted.", "wrong checksum")
    return " ".join(text.split()) or type(error).__name__


def _end_with_standard_input(folder: Path) -> None:
    # Not sys.stdin: a thread that waits in it aborts the interpreter when the main one ends.
    while os.read(0, 1024):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
