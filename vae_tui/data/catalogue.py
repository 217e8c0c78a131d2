"""The data sets by name: the location and presence of their files. Reads no image."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from vae_tui.errors import UsageError
from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape


@dataclass(frozen=True, slots=True)
class Dataset:
    """One data set of labelled images in four idx files."""

    name: str
    """As given to ``--dataset``."""
    title: str
    """As shown to the user."""
    folder: str | None
    """torchvision's folder for it in the data folder; None: inside this package."""
    files: tuple[str, str, str, str]
    """Train images, train labels, test images, test labels; without ``.gz``."""
    train_count: int
    test_count: int
    classes: tuple[str, ...]
    default_epochs: int = 20
    download_bytes: int | None = None
    """Size of the download; None if there is nothing to download."""
    shape: ImageShape = DEFAULT_SHAPE
    is_transposed: bool = False
    """The files hold the images column by column."""

    def raw_folder(self, data_dir: Path) -> Path:
        """Return the folder of the four files, which need not exist.

        Raises:
            ValueError: The data set is inside the package.
        """
        if self.folder is None:
            raise ValueError(f"{self.name} is inside the package, not in a data folder")
        return data_dir / self.folder / "raw"


_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_EMNIST_FILES = (
    "emnist-digits-train-images-idx3-ubyte",
    "emnist-digits-train-labels-idx1-ubyte",
    "emnist-digits-test-images-idx3-ubyte",
    "emnist-digits-test-labels-idx1-ubyte",
)
_DIGITS = tuple("0123456789")
_CLOTHES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        Dataset("digits", "digits", None, _FILES, 4_500, 500, _DIGITS, default_epochs=150),
        Dataset(
            "mnist", "MNIST", "MNIST", _FILES, 60_000, 10_000, _DIGITS, download_bytes=11_594_722
        ),
        Dataset(
            "fashion-mnist",
            "Fashion-MNIST",
            "FashionMNIST",
            _FILES,
            60_000,
            10_000,
            _CLOTHES,
            download_bytes=30_878_645,
        ),
        Dataset(
            "kmnist", "KMNIST", "KMNIST", _FILES, 60_000, 10_000, _KANA, download_bytes=21_240_888
        ),
        Dataset(
            "emnist",
            "EMNIST digits",
            "EMNIST",
            _EMNIST_FILES,
            240_000,
            40_000,
            _DIGITS,
            download_bytes=561_753_746,
            is_transposed=True,
        ),
    )
}
"""Every data set, by name."""


def class_names(name: str) -> tuple[str, ...]:
    """Return the names of a data set's classes; the digits for an unknown data set."""
    known = DATASETS.get(name)
    return known.classes if known else _DIGITS


def find_file(raw_folder: Path, file: str) -> Path | None:
    """Return the path of ``file``, extracted or as ``.gz``; None if there is neither."""
    for path in (raw_folder / file, raw_folder / f"{file}.gz"):
        if path.is_file():
            return path
    return None


def is_present(name: str, data_dir: Path) -> bool:
    """Return whether the four files exist; only reading them finds damage."""
    dataset = DATASETS[name]
    if dataset.folder is None:
        return True
    raw_folder = dataset.raw_folder(data_dir)
    return all(find_file(raw_folder, file) is not None for file in dataset.files)


def resolve(name: str, data_dir: Path) -> str:
    """Return a data set's name; ``auto`` is MNIST where it is present, else digits.

    Raises:
        UsageError: No data set has this name.
    """
    if name == "auto":
        return "mnist" if is_present("mnist", data_dir) else "digits"
    if name in DATASETS:
        return name
    names = ["auto", *DATASETS]
    nearest = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    raise UsageError(f"unknown data set {name!r}: {hint}there are {', '.join(names)}")
