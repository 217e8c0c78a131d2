"""What is found at a path: images, classes, or one clear line."""

import os
import pickle

import numpy as np
import pytest
from PIL import Image

from vae_tui.data.own.source import NO_CLASSES, open_source
from vae_tui.errors import UsageError


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (9, 9)).save(folder / name)


def names(source):
    return [str(file.relative_to(source.path)) for file in source.files]


def test_sub_folders_are_classes_in_the_order_of_their_numbers(tmp_path):
    put(tmp_path, "10/a.png", "2/b.PNG", "2/deep/c.jpg", "1/d.webp")
    source = open_source(tmp_path)
    assert source.classes == ("1", "2", "10")
    assert dict(zip(names(source), source.labels.tolist(), strict=True)) == {
        "1/d.webp": 0, "2/b.PNG": 1, "2/deep/c.jpg": 1, "10/a.png": 2
    }  # fmt: skip


@pytest.mark.parametrize("files", [("a.png", "b.png"), ("a.png", "cats/b.png"), ("cats/a.png",)])
def test_without_two_sub_folders_or_with_images_beside_them_there_are_no_classes(tmp_path, files):
    put(tmp_path, *files)
    source = open_source(tmp_path)
    assert source.classes == NO_CLASSES
    assert source.labels.tolist() == [0] * len(files)


def test_more_folders_than_a_label_can_count_are_no_classes(tmp_path):
    put(tmp_path, *(f"{number}/a.png" for number in range(257)))
    assert open_source(tmp_path).classes == NO_CLASSES


def test_other_and_hidden_files_are_no_images(tmp_path):
    put(tmp_path, "a.png", ".hidden.png", "__MACOSX/a.png", ".git/b.png")
    (tmp_path / "README.md").touch()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "gone.png").symlink_to("nowhere")
    assert names(open_source(tmp_path)) == ["a.png"]


def test_links_in_a_circle_are_followed_once(tmp_path):
    put(tmp_path, "cats/a.png", "dogs/b.png")
    (tmp_path / "cats" / "up").symlink_to(tmp_path)
    (tmp_path / "dogs" / "cats").symlink_to(tmp_path / "cats")
    assert len(open_source(tmp_path)) == 2


def test_a_changed_image_changes_the_signature_and_an_untouched_folder_does_not(tmp_path):
    put(tmp_path, "a.png", "b.png")
    before = open_source(tmp_path).signature
    assert open_source(tmp_path).signature == before
    (tmp_path / "a.png").write_bytes(b"other")
    assert open_source(tmp_path).signature != before


def saved(path, **arrays):
    np.savez(path, **arrays)
    return path


GREY = np.arange(4 * 9 * 9, dtype=np.uint8).reshape(4, 9, 9)


def test_an_array_is_read_with_its_labels_as_classes(tmp_path):
    source = open_source(saved(tmp_path / "a.npz", images=GREY, labels=[3, 10, 3, 2]))
    assert source.classes == ("2", "3", "10")
    assert source.labels.tolist() == [1, 2, 1, 0]
    assert (source.array == GREY).all()


def test_the_only_array_of_a_file_needs_no_name_and_npy_no_labels(tmp_path):
    np.save(tmp_path / "b.npy", GREY)
    for path in (saved(tmp_path / "a.npz", x=GREY), tmp_path / "b.npy"):
        source = open_source(path)
        assert (len(source), source.classes) == (4, NO_CLASSES)


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"images": GREY, "labels": [1, 2]}, r"labels of shape \(2,\) for 4 images"),
        ({"images": GREY / 255}, "holds float64; images should be uint8"),
        ({"images": GREY[0]}, r"has the shape \(9, 9\); it should be \(N, H, W\)"),
        ({"images": GREY[..., None, None]}, "it should be"),
        ({"images": GREY[:0]}, "it should be"),
        ({"a": GREY, "b": GREY}, "it holds 'a', 'b'; call the array of the images 'images'"),
        ({}, "it holds nothing"),
    ],
)
def test_an_array_that_cannot_be_images_is_refused_in_one_line(tmp_path, arrays, why):
    with pytest.raises(UsageError, match=why) as raised:
        open_source(saved(tmp_path / "a.npz", **arrays))
    assert "\n" not in str(raised.value)


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_nothing_in_an_array_file_is_unpickled(tmp_path, suffix):
    path, sprung = tmp_path / f"a{suffix}", tmp_path / "sprung"
    objects = np.array([Trap(sprung)], dtype=object)
    np.savez(path, images=objects) if suffix == ".npz" else np.save(path, objects)
    with pytest.raises(UsageError, match="cannot be read"):
        open_source(path)
    path.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(UsageError, match="cannot be read"):
        open_source(path)
    assert not sprung.exists()


def test_damaged_array_files_are_refused_whatever_byte_is_wrong(tmp_path):
    good = saved(tmp_path / "a.npz", images=GREY, labels=[1, 1, 2, 2]).read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(300):
        bad = bytearray(good)
        bad[rng.integers(len(bad))] ^= 1 << rng.integers(8)
        (tmp_path / "a.npz").write_bytes(bad[: rng.integers(1, len(bad) + 1)])
        try:
            open_source(tmp_path / "a.npz")
        except UsageError as error:
            assert "\n" not in str(error)


def test_what_is_neither_folder_nor_array_is_refused(tmp_path):
    (tmp_path / "a.txt").touch()
    for name, why in (
        ("a.txt", "is neither a folder"),
        ("b", "not found"),
        (".", "no image files"),
    ):
        with pytest.raises(UsageError, match=why):
            open_source(tmp_path / name)
