"""States saved and loaded."""

import copy
import random
import zipfile
from pathlib import Path

import pytest
import torch
from support.tiny_runs import tiny_config, tiny_trainer

from vae_tui.errors import VaeTuiError
from vae_tui.training.checkpoint import load_state, restore, save_state


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.fixture
def saved(tmp_path) -> Path:
    save_state(tmp_path / "state.pt", tiny_trainer().state())
    return tmp_path / "state.pt"


def test_no_code_in_a_state_written_by_torch_is_executed(tmp_path):
    path, sprung = tmp_path / "state.pt", tmp_path / "sprung"
    save_state(path, tiny_trainer().state() | {"step": Trap(sprung)})
    with pytest.raises(VaeTuiError, match="nothing in it was executed"):
        load_state(path)
    assert not sprung.exists()
    torch.load(path, weights_only=False)
    assert sprung.exists(), "the trap works where code is executed"


def test_a_state_is_an_archive_without_compression_and_of_limited_size(saved):
    assert load_state(saved, saved.stat().st_size)["step"] == 0
    with pytest.raises(VaeTuiError, match="not a training state"):
        load_state(saved, saved.stat().st_size - 1)
    with zipfile.ZipFile(saved) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert torch.load(saved, weights_only=True)["step"] == 0
    with pytest.raises(VaeTuiError, match="not a training state"):
        load_state(saved)


def test_a_small_archive_whose_members_share_their_bytes_is_refused_by_their_total_size(saved):
    with zipfile.ZipFile(saved, "a") as archive:
        largest = max(archive.infolist(), key=lambda member: member.file_size)
        for number in range(1_000):
            shared = copy.copy(largest)
            shared.filename = f"{largest.filename}{number}"
            archive.filelist.append(shared)
        archive.comment = b"changed"  # so that the list is written
    size = saved.stat().st_size
    assert size < 500 * largest.file_size
    assert load_state(saved, 1_100 * largest.file_size)["step"] == 0
    with pytest.raises(VaeTuiError, match="not a training state"):
        load_state(saved, size)


def test_a_value_that_is_no_state_is_refused(tmp_path):
    torch.save([1, 2], tmp_path / "state.pt")
    with pytest.raises(VaeTuiError, match="not a training state"):
        load_state(tmp_path / "state.pt")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_state_whose_weights_are_not_finite_is_not_trained_on(saved, number):
    state = load_state(saved)
    state["model"]["decoder.0.bias"][3] = number
    save_state(saved, state)
    with pytest.raises(VaeTuiError, match="holds weights that are not finite"):
        restore(tiny_trainer(), saved)


def test_a_state_of_another_network_is_refused_by_shape(saved):
    with pytest.raises(VaeTuiError, match=r"of another network or version: .*size mismatch"):
        restore(tiny_trainer(tiny_config(hidden=15)), saved)


def test_damaged_states_are_refused_whatever_byte_is_wrong(saved):
    content = saved.read_bytes()
    generator = random.Random(1)
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(generator.randrange(1, 20)):
            end = len(damaged) if generator.random() < 0.5 else 2_000
            damaged[generator.randrange(end)] = generator.randrange(256)
        saved.write_bytes(damaged)
        try:
            assert isinstance(load_state(saved), dict)
        except VaeTuiError as error:
            assert "\n" not in str(error)


def test_a_state_that_cannot_be_read_is_not_called_a_forgery(tmp_path):
    (tmp_path / "state.pt").mkdir()
    with pytest.raises(VaeTuiError, match="cannot be read: "):
        load_state(tmp_path / "state.pt")
