import subprocess
import sys
from pathlib import Path

import pytest

from vae_tui.data.catalogue import DATASETS, is_present, resolve
from vae_tui.errors import UsageError


def put_files(data_dir: Path, name: str, suffix: str = "") -> None:
    dataset = DATASETS[name]
    raw_folder = dataset.raw_folder(data_dir)
    raw_folder.mkdir(parents=True)
    for file in dataset.files:
        (raw_folder / f"{file}{suffix}").touch()


def test_every_data_set_is_listed_under_its_own_name_and_has_ten_classes():
    assert list(DATASETS) == ["digits", "mnist", "fashion-mnist", "kmnist", "emnist"]
    for name, dataset in DATASETS.items():
        assert dataset.name == name
        assert len(set(dataset.classes)) == 10
        assert len(set(dataset.files)) == 4


def test_digits_train_150_epochs_and_full_sets_20():
    epochs = {name: dataset.default_epochs for name, dataset in DATASETS.items()}
    assert epochs.pop("digits") == 150
    assert set(epochs.values()) == {20}


def test_digits_are_present_without_a_data_folder(tmp_path):
    assert is_present("digits", tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "kmnist", "emnist"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_set_is_present_once_all_four_files_are_there(tmp_path, name, suffix):
    assert not is_present(name, tmp_path)
    put_files(tmp_path, name, suffix)
    assert is_present(name, tmp_path)
    (DATASETS[name].raw_folder(tmp_path) / f"{DATASETS[name].files[3]}{suffix}").unlink()
    assert not is_present(name, tmp_path)


def test_auto_is_digits_until_mnist_is_there(tmp_path):
    assert resolve("auto", tmp_path) == "digits"
    put_files(tmp_path, "mnist")
    assert resolve("auto", tmp_path) == "mnist"


def test_a_name_of_a_data_set_stays_itself(tmp_path):
    assert [resolve(name, tmp_path) for name in DATASETS] == list(DATASETS)


@pytest.mark.parametrize(
    ("wrong", "right"), [("mnits", "mnist"), ("MNIST", "mnist"), ("fashion", "fashion-mnist")]
)
def test_a_misspelt_name_is_refused_with_the_nearest_right_one(tmp_path, wrong, right):
    with pytest.raises(UsageError) as refused:
        resolve(wrong, tmp_path)
    assert str(refused.value) == (
        f"unknown data set {wrong!r}: did you mean {right}? "
        "there are auto, digits, mnist, fashion-mnist, kmnist, emnist; "
        f"your own images are a path, such as ./{wrong}"
    )


def test_a_name_like_no_other_is_refused_with_all_names(tmp_path):
    with pytest.raises(UsageError, match=r"^unknown data set 'x': there are auto, digits, .*$"):
        resolve("x", tmp_path)


def test_the_catalogue_imports_neither_numpy_nor_torch():
    script = """
import sys
import vae_tui.data.catalogue
print([name for name in ("numpy", "torch", "torchvision", "textual") if name in sys.modules])
"""
    shown = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert shown.stdout == "[]\n"
