"""The data sets by name: the location and presence of their files. Reads no image."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from vae_tui.errors import UsageError
from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape


def _idx_files(train: str, test: str) -> tuple[str, ...]:
    kinds = ("images-idx3-ubyte", "labels-idx1-ubyte")
    return tuple(f"{part}-{kind}" for part in (train, test) for kind in kinds)


_MNIST_FILES = _idx_files("train", "t10k")
_DIGITS = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set of labelled images in four idx files; the defaults are those of MNIST."""

    name: str
    """As given to ``--dataset``."""
    title: str
    """As shown to the user."""
    folder: str | None
    """torchvision's folder for it in the data folder; None: inside this package."""
    files: tuple[str, ...] = _MNIST_FILES
    """Train images, train labels, test images, test labels; without ``.gz``."""
    train_count: int = 60_000
    test_count: int = 10_000
    classes: tuple[str, ...] = _DIGITS
    default_epochs: int = 20
    download_bytes: int | None = None
    """Size of the download; None if there is nothing to download."""
    shape: ImageShape = DEFAULT_SHAPE
    is_transposed: bool = False
    """The files hold the images column by column."""

    def raw_folder(self, data_dir: Path) -> Path:
        """Return the folder of the four files, which need not exist."""
        if self.folder is None:
            raise ValueError(f"{self.name} is inside the package, not in a data folder")
        return data_dir / self.folder / "raw"


_CLOTHES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        Dataset("digits", "digits", None, _MNIST_FILES, 4_500, 500, default_epochs=150),
        Dataset("mnist", "MNIST", "MNIST", download_bytes=11_594_722),
        Dataset("fashion-mnist", "Fashion-MNIST", "FashionMNIST", classes=_CLOTHES,
                download_bytes=30_878_645),
        Dataset("kmnist", "KMNIST", "KMNIST", classes=_KANA, download_bytes=21_240_888),
        Dataset("emnist", "EMNIST digits", "EMNIST",
                _idx_files("emnist-digits-train", "emnist-digits-test"), 240_000, 40_000,
                download_bytes=561_753_746, is_transposed=True),
    )
}  # fmt: skip
"""Every data set, by name."""


def class_names(name: str) -> tuple[str, ...]:
    """Return the names of a data set's classes; the digits for an unknown data set."""
    known = DATASETS.get(name)
    return known.classes if known else _DIGITS


def find_file(raw_folder: Path, file: str) -> Path | None:
    """Return the path of ``file``, extracted or as ``.gz``; None if there is neither."""
    paths = (raw_folder / file, raw_folder / f"{file}.gz")
    return next((path for path in paths if path.is_file()), None)


def is_present(name: str, data_dir: Path) -> bool:
    """Return whether the four files exist; only reading them finds damage."""
    dataset = DATASETS[name]
    if dataset.folder is None:
        return True
    raw_folder = dataset.raw_folder(data_dir)
    return all(find_file(raw_folder, file) is not None for file in dataset.files)


def resolve(name: str, data_dir: Path) -> str:
    """Return a known data set's name; for ``auto`` MNIST if present, else digits; or UsageError."""
    if name == "auto":
        return "mnist" if is_present("mnist", data_dir) else "digits"
    if name in DATASETS:
        return name
    names = ["auto", *DATASETS]
    nearest = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    raise UsageError(f"unknown data set {name!r}: {hint}there are {', '.join(names)}")
