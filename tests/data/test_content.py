"""Files whose size is right and whose content is not."""

import dataclasses
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from vae_tui.data import idx_files
from vae_tui.data.catalogue import DATASETS, Dataset
from vae_tui.data.content import content_id
from vae_tui.errors import VaeTuiError


def contents() -> list[bytes]:
    """Return four idx files: two images and labels to train, one of each to test."""
    random = np.random.default_rng(3)
    shapes = ((2, 28, 28), (2,), (1, 28, 28), (1,))
    return [
        struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
        + random.integers(0, 10, shape, dtype=np.uint8).tobytes()
        for shape in shapes
    ]


KNOWN = dataclasses.replace(
    DATASETS["mnist"],
    train_count=2,
    test_count=1,
    content_ids=tuple(content_id(content) for content in contents()),
)


def put(files: list[bytes], data_dir: Path, suffix: str = "") -> None:
    folder = KNOWN.raw_folder(data_dir)
    folder.mkdir(parents=True)
    for name, content in zip(KNOWN.files, files, strict=True):
        packed = gzip.compress(content) if suffix else content
        (folder / f"{name}{suffix}").write_bytes(packed)


def test_the_id_of_a_content_is_gits():
    assert content_id() == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert content_id(b"hel", b"lo\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_each_published_file_is_known_once():
    ids = [one for dataset in DATASETS.values() for one in dataset.content_ids]
    assert len(ids) == len(set(ids)) == 3 * 4


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_the_published_content_is_accepted_however_it_is_packed(tmp_path, suffix):
    put(contents(), tmp_path, suffix)
    assert len(idx_files.read(KNOWN, tmp_path).train) == 2


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("number", range(4))
def test_one_changed_bit_is_refused_with_the_file_and_what_to_do(tmp_path, suffix, number):
    files = contents()
    files[number] = files[number][:-1] + bytes([files[number][-1] ^ 1])
    put(files, tmp_path, suffix)
    with pytest.raises(VaeTuiError) as raised:
        idx_files.read(KNOWN, tmp_path)
    path = KNOWN.raw_folder(tmp_path) / f"{KNOWN.files[number]}{suffix}"
    assert str(raised.value) == (
        f"{path} cannot be used: its size is right, but its content is not MNIST's "
        "(VAE_TUI_UNCHECKED_DATA=1 accepts it); "
        "delete it and run with `--dataset mnist` to fetch it again"
    )


def test_files_of_another_data_set_are_recognised(tmp_path, monkeypatch):
    other = Dataset("other", "Other", "OtherFolder", content_ids=KNOWN.content_ids)
    monkeypatch.setitem(DATASETS, "other", other)
    expected = dataclasses.replace(KNOWN, content_ids=("0" * 40,) * 4)
    put(contents(), tmp_path)
    with pytest.raises(VaeTuiError, match="its content is Other's, which belongs into OtherFolder"):
        idx_files.read(expected, tmp_path)


def test_a_variable_accepts_any_content(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_TUI_UNCHECKED_DATA", "1")
    files = contents()
    files[0] = files[0][:-1] + b"\xff"
    put(files, tmp_path)
    assert idx_files.read(KNOWN, tmp_path).train[-1, -1] == 255


@pytest.mark.parametrize("balanced", [True, False])
def test_of_a_balanced_data_set_one_changed_label_is_refused(tmp_path, balanced, monkeypatch):
    dataset = dataclasses.replace(
        KNOWN, train_count=20, test_count=10, content_ids=(), is_balanced=balanced
    )
    folder = dataset.raw_folder(tmp_path)
    folder.mkdir(parents=True)
    for name, count in zip(dataset.files, (20, 20, 10, 10), strict=True):
        shape = (count, 28, 28) if "images" in name else (count,)
        values = np.arange(count, dtype=np.uint8) % 10 if len(shape) == 1 else np.zeros(shape, "u1")
        header = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
        (folder / name).write_bytes(header + values.tobytes())
    assert len(idx_files.read(dataset, tmp_path).train) == 20
    labels = folder / dataset.files[1]
    changed = labels.read_bytes()
    labels.write_bytes(changed[:-1] + b"\x03")
    if balanced:
        said = r"class 3 has 3 labels, not 2 \(VAE_TUI_UNCHECKED_DATA=1 accepts it\); delete it"
        with pytest.raises(VaeTuiError, match=said):
            idx_files.read(dataset, tmp_path)
        monkeypatch.setenv("VAE_TUI_UNCHECKED_DATA", "1")
        idx_files.read(dataset, tmp_path)
    else:
        idx_files.read(dataset, tmp_path)


def test_emnist_is_known_to_be_balanced():
    emnist = DATASETS["emnist"]
    assert (emnist.is_balanced, emnist.train_count % 10, emnist.test_count % 10) == (True, 0, 0)


def test_a_data_set_whose_content_is_not_known_is_accepted(tmp_path):
    put(contents(), tmp_path)
    idx_files.read(dataclasses.replace(KNOWN, content_ids=()), tmp_path)
