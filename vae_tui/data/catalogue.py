"""The data sets by name: the location and presence of their files. Reads no image."""

from dataclasses import dataclass
from pathlib import Path

from vae_tui.errors import UsageError
from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.text import did_you_mean


def _idx_files(train: str, test: str) -> tuple[str, ...]:
    kinds = ("images-idx3-ubyte", "labels-idx1-ubyte")
    return tuple(f"{part}-{kind}" for part in (train, test) for kind in kinds)


ARRAY_SUFFIXES = (".npy", ".npz")
"""Of a user's own images in an array."""
DESCRIPTION = "description.json"
"""File in the folder of a user's own images that is written last."""

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
    is_balanced: bool = False
    """Every class has equally many images, in training and in test."""
    is_transposed: bool = False
    """The files hold the images column by column."""
    content_ids: tuple[str, ...] = ()
    """What ``git hash-object`` prints for each of the files; empty where that is not known.

    EMNIST's is not: of its files the size, the range of the labels and their balance are checked.
    """

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
        Dataset("mnist", "MNIST", "MNIST", download_bytes=11_594_722,
                content_ids=("bbce27659e0fc2b7ed2a64c127849380a477099b",
                             "d6b4c5db3b52063d543fb397aede09aba0dc5234",
                             "1170b2cae98de7a524b163fcc379ac8f00925b12",
                             "d1c3a970612bbd2df47a3c0697f82bd394abc450")),
        Dataset("fashion-mnist", "Fashion-MNIST", "FashionMNIST", classes=_CLOTHES,
                download_bytes=30_878_645,
                content_ids=("ff2f5a96367a3c1656f09c93649f07143ff8b11e",
                             "30424ca2ea876655f5bba14f9f07132769687975",
                             "37bac79bc6f002d965f363e0b20514904504a4d9",
                             "2195a4d0957e013db98d03e51697e2315816cce2")),
        Dataset("kmnist", "KMNIST", "KMNIST", classes=_KANA, download_bytes=21_240_888,
                content_ids=("3cf037df1ccd08cf71c7e9465ca6bc729e79a251",
                             "180cd088d65c3b75d97d046ad75476d1176666e0",
                             "1adcabe5a6e822ca4ae03c51ca387e9ca736ad11",
                             "6e9269c40e2642f2ac5bda1536e4a56c582e5be1")),
        Dataset("emnist", "EMNIST digits", "EMNIST",
                _idx_files("emnist-digits-train", "emnist-digits-test"), 240_000, 40_000,
                download_bytes=561_753_746, is_balanced=True, is_transposed=True),
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


def is_path(dataset: str) -> bool:
    """Return whether it is the path of a user's own images, not a name from the catalogue."""
    has_marks = "/" in dataset or dataset.startswith(("~", ".")) or dataset.endswith(ARRAY_SUFFIXES)
    return has_marks or (dataset not in ("auto", *DATASETS) and Path(dataset).exists())


def own_folder(data_dir: Path, checksum: str) -> Path:
    """Return the folder of a user's own images, converted; it need not exist."""
    return data_dir / "own" / checksum


def is_present(name: str, data_dir: Path, checksum: str = "") -> bool:
    """Return whether the files exist; only reading them finds damage.

    ``checksum`` is that of a user's own images.
    """
    if checksum:
        return (own_folder(data_dir, checksum) / DESCRIPTION).is_file()
    dataset = DATASETS[name]
    if dataset.folder is None:
        return True
    raw_folder = dataset.raw_folder(data_dir)
    return all(find_file(raw_folder, file) is not None for file in dataset.files)


def resolve(name: str, data_dir: Path) -> str:
    """Return a known data set's name; for ``auto`` MNIST if present, else digits; or UsageError."""
    if name == "auto":
        return "mnist" if is_present("mnist", data_dir) else "digits"
    if name in DATASETS or is_path(name):
        return name
    names = ["auto", *DATASETS]
    known = f"there are {', '.join(names)}; your own images are a path, such as ./{name}"
    hint = did_you_mean(name, names, known)
    raise UsageError(f"unknown data set {name!r}: {hint}")
