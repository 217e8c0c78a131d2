"""Images are converted once, and the test images stay the test images."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from vae_tui.data.catalogue import DESCRIPTION, is_present, own_folder
from vae_tui.data.idx_files import load
from vae_tui.data.own.cache import read_part
from vae_tui.data.own.convert import LEAST_IMAGES, choose_shape, convert
from vae_tui.data.own.source import open_source
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.image_shape import ImageShape

SHAPE = ImageShape(8, 8, 1)


def image(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 255, (8, 8), dtype=np.uint8)


def folder_of(path, numbers, classes=("cats", "dogs")):
    for number in numbers:
        file = path / classes[number % len(classes)] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image(number)).save(file)
    return path


@pytest.fixture
def pictures(tmp_path):
    return folder_of(tmp_path / "pictures", range(100))


def converted(pictures, tmp_path, shape=SHAPE):
    found = convert(open_source(pictures), shape, tmp_path / "data")
    parts = [
        read_part(tmp_path / "data", found.checksum, name, shape) for name in ("train", "test")
    ]
    return found, *parts


def test_every_image_is_in_one_part_with_its_label(pictures, tmp_path):
    found, train, test = converted(pictures, tmp_path)
    assert found.classes == ("cats", "dogs")
    assert (found.train, found.test) == (len(train.images), len(test.images))
    rows = {bytes(row): label for part in (train, test)
            for row, label in zip(part.images, part.labels, strict=True)}  # fmt: skip
    assert rows == {image(number).tobytes(): number % 2 for number in range(100)}


def test_about_a_tenth_are_test_images(tmp_path):
    images = np.random.default_rng(1).integers(0, 255, (4_000, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "a.npy", images)
    assert 300 < converted(tmp_path / "a.npy", tmp_path)[0].test < 500


def test_test_images_stay_so_when_others_are_added_renamed_or_resized(pictures, tmp_path):
    _, _, before = converted(pictures, tmp_path)
    folder_of(pictures, range(100, 200))
    (pictures / "cats" / "0.png").rename(pictures / "cats" / "other.png")
    found, _, after = converted(pictures, tmp_path)
    assert found.train + found.test == 200
    assert set(map(bytes, before.images)) <= set(map(bytes, after.images))
    assert len(before.images) < len(after.images)
    assert converted(pictures, tmp_path, ImageShape(4, 4, 1))[0].test == len(after.images)


def test_equal_images_are_in_the_same_part(tmp_path):
    pictures = folder_of(tmp_path / "pictures", range(40))
    shutil.copytree(pictures / "cats", pictures / "copies")
    _, train, test = converted(pictures, tmp_path)
    assert not set(map(bytes, train.images)) & set(map(bytes, test.images))


def test_the_second_time_nothing_is_converted(pictures, tmp_path):
    convert(open_source(pictures), SHAPE, tmp_path)
    calls = []
    found = convert(open_source(pictures), SHAPE, tmp_path, lambda *done: calls.append(done))
    assert calls == []
    assert found.train + found.test == 100


def test_progress_is_reported_up_to_all(pictures, tmp_path):
    calls = []
    convert(open_source(pictures), SHAPE, tmp_path, lambda *done: calls.append(done))
    assert calls == [(64, 100), (100, 100)]


def test_damaged_files_are_counted_and_named_and_the_others_used(pictures, tmp_path):
    (pictures / "cats" / "0.png").write_bytes(b"no image")
    (pictures / "dogs" / "new.png").write_bytes((pictures / "dogs" / "1.png").read_bytes()[:60])
    found, _, _ = converted(pictures, tmp_path)
    assert found.unusable_count == 2
    assert [name for name, _ in found.unusable] == ["cats/0.png", "dogs/new.png"]
    assert found.train + found.test == 99


def test_what_a_killed_conversion_left_is_removed_an_hour_later(pictures, tmp_path):
    parent = own_folder(tmp_path / "data", "x").parent
    old, new = parent / ".converting-old", parent / ".converting-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "train.npy").write_bytes(b"x" * 1_000)
    for path in (old / "train.npy", old):
        os.utime(path, (0, 0))
    converted(pictures, tmp_path)
    assert not old.exists()
    assert (new / "train.npy").exists()  # perhaps another process is still writing it


@pytest.mark.parametrize("count", [1, LEAST_IMAGES - 1])
def test_too_few_images_are_refused_and_leave_nothing_behind(tmp_path, count):
    pictures = folder_of(tmp_path / "pictures", range(count))
    with pytest.raises(UsageError, match=f"{count} usable images are too few, {LEAST_IMAGES} are"):
        convert(open_source(pictures), SHAPE, tmp_path / "data")
    assert list((tmp_path / "data" / "own").iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_one_line(pictures, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(VaeTuiError, match="cannot be written: Not a directory"):
        convert(open_source(pictures), SHAPE, tmp_path / "data")


def test_the_rest_of_an_interrupted_move_is_replaced(pictures, tmp_path):
    found = convert(open_source(pictures), SHAPE, tmp_path)
    (own_folder(tmp_path, found.checksum) / DESCRIPTION).unlink()
    assert not is_present("", tmp_path, found.checksum)
    assert convert(open_source(pictures), SHAPE, tmp_path) == found
    assert is_present("", tmp_path, found.checksum)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "train-images").write_bytes(b"short"),
        lambda folder: (folder / "test-labels").write_bytes(b""),
        lambda folder: (folder / "train-labels").unlink(),
        lambda folder: (folder / DESCRIPTION).write_text("[]"),
        lambda folder: (folder / DESCRIPTION).write_text("{"),
        lambda folder: (folder / "test-labels").write_bytes(
            b"\xff" * json.loads((folder / DESCRIPTION).read_text())["test"]
        ),
    ],
)
def test_a_damaged_conversion_is_refused_in_words(pictures, tmp_path, spoil):
    found = convert(open_source(pictures), SHAPE, tmp_path)
    spoil(own_folder(tmp_path, found.checksum))
    with pytest.raises(VaeTuiError, match=r"damaged|are not in"):
        load(str(pictures), tmp_path, SHAPE, found.checksum)


def test_images_of_another_shape_than_the_runs_are_refused(pictures, tmp_path):
    found = convert(open_source(pictures), SHAPE, tmp_path)
    with pytest.raises(VaeTuiError, match="has images of 8x8x1, not 9x9x1"):
        load(str(pictures), tmp_path, ImageShape(9, 9, 1), found.checksum)


@pytest.mark.parametrize(
    ("sizes", "mode", "size", "shape"),
    [
        ([(20, 20)], "L", None, "20x20x1"),
        ([(20, 20)], "L", 12, "12x12x1"),
        ([(20, 20), (21, 21)], "L", None, "32x32x1"),
        ([(20, 30)], "L", None, "32x32x1"),
        ([(65, 65)], "L", None, "32x32x1"),
        ([(5, 5)], "L", None, "32x32x1"),
        ([(20, 20)], "RGB", None, "20x20x3"),
    ],
)
def test_the_shape_is_their_own_if_it_is_one_and_small(tmp_path, sizes, mode, size, shape):
    for number in range(6):
        colour = 9 if mode == "L" else (9, 99, 199)
        Image.new(mode, sizes[number % len(sizes)], colour).save(tmp_path / f"{number}.png")
    assert str(choose_shape(open_source(tmp_path), size)) == shape


def test_images_of_which_none_can_be_read_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match="none of its images can be read"):
        choose_shape(open_source(tmp_path), None)


def test_converted_images_are_as_private_as_other_new_files(pictures, tmp_path):
    before = os.umask(0o077)
    try:
        found = convert(open_source(pictures), SHAPE, tmp_path)
    finally:
        os.umask(before)
    folder = own_folder(tmp_path, found.checksum)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))
