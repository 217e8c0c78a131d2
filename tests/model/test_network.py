import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.tiny_runs import tiny_config

from vae_tui.errors import VaeTuiError
from vae_tui.image_shape import DEFAULT_SHAPE
from vae_tui.model import load_network
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.numpy_network import safetensors_file
from vae_tui.model.probe import load_probe
from vae_tui.model.torch_weights import state_dict
from vae_tui.training.checkpoint import save_probe, save_weights

CONFIG = tiny_config(latent_dim=4, hidden=16)


def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    return dict(Mlp(4, 16).state_dict())


def error_of(path: Path) -> str:
    """Return the one line with which both readers refuse the file."""
    with pytest.raises(VaeTuiError) as raised:
        load_network(path, CONFIG)
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(("d", "h"), [(20, 400), (1, 1), (7, 3)])
def test_numpy_computes_what_torch_computes(tmp_path, d, h):
    torch.manual_seed(d)
    model = Mlp(d, h)
    images = torch.randint(0, 256, (9, 784), dtype=torch.uint8)
    codes = 2 * torch.randn(9, d)
    save_weights(tmp_path / "w.safetensors", model.state_dict(), 1, DEFAULT_SHAPE)
    network = load_network(tmp_path / "w.safetensors", tiny_config(latent_dim=d, hidden=h))
    with torch.no_grad():
        posterior = model.encode(images.float() / 255)
        pictures = 255 * torch.sigmoid(model.decode(codes))
    mean, logvar = network.encode(images.numpy().reshape(-1, 28, 28))
    np.testing.assert_allclose(mean, posterior.mean, atol=1e-5)
    np.testing.assert_allclose(logvar, posterior.logvar, atol=1e-5)
    decoded = network.decode(codes.numpy())
    assert decoded.dtype == np.uint8
    assert decoded.shape == (9, 28, 28)
    assert np.abs(decoded.astype(float).reshape(9, 784) - pictures.numpy()).max() <= 0.501
    assert network.latent_dim == d


def test_certain_pixels_are_black_and_white_without_a_warning(tmp_path):
    state = weights()
    for name in ("decoder.0.weight", "decoder.0.bias", "decoder.2.weight"):
        state[name] = torch.zeros_like(state[name])
    state["decoder.2.bias"] = torch.where(torch.arange(784) < 392, 1e30, -1e30)
    save_weights(tmp_path / "w.safetensors", state, 1, DEFAULT_SHAPE)
    with np.errstate(all="raise"):
        picture = load_network(tmp_path / "w.safetensors", CONFIG).decode(np.zeros((1, 4), "f4"))
    assert picture[0].ravel().tolist() == [255] * 392 + [0] * 392


def test_no_codes_give_no_pictures(tmp_path):
    save_weights(tmp_path / "w.safetensors", weights(), 1, DEFAULT_SHAPE)
    network = load_network(tmp_path / "w.safetensors", CONFIG)
    assert network.decode(np.empty((0, 4), np.float32)).shape == (0, 28, 28)


def test_half_precision_weights_are_read_and_draw_nearly_the_same(tmp_path):
    codes = np.random.default_rng(1).standard_normal((5, 4)).astype(np.float32)
    for half in (False, True):
        save_weights(tmp_path / f"{half}.safetensors", weights(), 1, DEFAULT_SHAPE, half=half)
    whole, halved = (
        load_network(tmp_path / f"{half}.safetensors", CONFIG).decode(codes).astype(int)
        for half in (False, True)
    )
    assert np.abs(whole - halved).max() <= 2


@pytest.mark.parametrize(("step", "known"), [(0, 0), (470, 470), (10**14, 10**14)])
def test_the_step_of_the_weights_is_read(tmp_path, step, known):
    save_weights(tmp_path / "w.safetensors", weights(), step, DEFAULT_SHAPE)
    os.utime(tmp_path / "w.safetensors", (1_000, 2_000))
    network = load_network(tmp_path / "w.safetensors", CONFIG)
    assert (network.step, network.saved_at) == (known, 2_000)


@pytest.mark.parametrize("metadata", [None, {}, {"step": "-1"}, {"step": "9" * 50}, {"step": "x"}])
def test_weights_that_name_no_step_are_of_step_0(tmp_path, metadata):
    save_file(weights(), tmp_path / "w.safetensors", metadata)
    assert load_network(tmp_path / "w.safetensors", CONFIG).step == 0


@pytest.mark.parametrize("name", list(Mlp(4, 16).state_dict()))
def test_a_tensor_of_another_shape_is_refused_by_name_and_shapes(tmp_path, name):
    wrong = torch.zeros(3, 5)
    path = tmp_path / "w.safetensors"
    save_weights(path, {**weights(), name: wrong}, 1, DEFAULT_SHAPE)
    right = tuple(weights()[name].shape)
    assert error_of(path) == f"{path}: {name} is (3, 5), this run's network has {right}"


def test_a_missing_tensor_is_refused_by_name(tmp_path):
    state = weights()
    del state["decoder.0.bias"]
    save_weights(tmp_path / "w.safetensors", state, 1, DEFAULT_SHAPE)
    assert error_of(tmp_path / "w.safetensors").endswith("has no tensor decoder.0.bias")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_weight_that_is_not_finite_is_refused_by_name(tmp_path, bad):
    state = weights()
    state["encoder.2.bias"] = state["encoder.2.bias"].clone()
    state["encoder.2.bias"][3] = bad
    save_weights(tmp_path / "w.safetensors", state, 1, DEFAULT_SHAPE)
    assert error_of(tmp_path / "w.safetensors").endswith("encoder.2.bias is not finite")


def test_weights_of_a_type_that_numpy_lacks_are_refused_in_one_line(tmp_path):
    state = {name: value.to(torch.bfloat16) for name, value in weights().items()}
    save_file(state, tmp_path / "w.safetensors")
    error_of(tmp_path / "w.safetensors")


class Trap:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_pickle_dressed_as_weights_is_refused_and_never_run(tmp_path):
    path, sprung = tmp_path / "w.safetensors", tmp_path / "sprung"
    path.write_bytes(pickle.dumps(Trap(sprung)))
    error_of(path)
    torch.save({"decoder.0.bias": Trap(sprung)}, path)
    error_of(path)
    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.exists()  # it would have


@pytest.mark.parametrize("share", [0, 1, 4, 8, 9, 100, 700, -1])
def test_a_truncated_file_is_refused(tmp_path, share):
    path = tmp_path / "w.safetensors"
    save_weights(path, weights(), 1, DEFAULT_SHAPE)
    path.write_bytes(path.read_bytes()[:share])
    error_of(path)


def test_a_file_that_claims_a_huge_header_is_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes((2**63 - 1).to_bytes(8, "little") + b"{}")
    error_of(path)


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path):
    assert error_of(tmp_path / "w.safetensors").endswith("is not there")
    error_of(tmp_path)


def put_probe(path: Path, images: torch.Tensor, labels: torch.Tensor) -> Path:
    save_probe(path, images, labels, DEFAULT_SHAPE)
    return path


def test_the_probe_comes_back_as_it_was_saved(tmp_path):
    images = torch.randint(0, 256, (30, 784), dtype=torch.uint8)
    labels = (torch.arange(30) % 10).to(torch.uint8)
    probe = load_probe(put_probe(tmp_path / "p.safetensors", images, labels), CONFIG)
    assert np.array_equal(probe.images, images.numpy().reshape(-1, 28, 28))
    assert np.array_equal(probe.labels, labels.numpy())
    assert probe.of_class(3).tolist() == [3, 13, 23]


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (torch.zeros(3, 784), torch.zeros(4)),
        (torch.zeros(0, 784), torch.zeros(0)),
        (torch.zeros(3, 783), torch.zeros(3)),
        (torch.zeros(3, 784), torch.full((3,), 10)),
        (torch.zeros(3, 28, 28), torch.zeros(3)),
    ],
    ids=["more labels", "empty", "783 pixels", "label 10", "three dimensions"],
)
def test_a_probe_whose_images_and_labels_do_not_fit_is_refused(tmp_path, images, labels):
    path = put_probe(tmp_path / "p.safetensors", images.to(torch.uint8), labels.to(torch.uint8))
    with pytest.raises(VaeTuiError) as raised:
        load_probe(path, CONFIG)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def parts(file):
    """Return header and body of a safetensors file; its metadata has no fixed order."""
    end = 8 + int.from_bytes(file[:8], "little")
    return json.loads(file[8:end]), file[end:]


def test_exported_weights_are_those_of_the_file_byte_for_byte(tmp_path):
    save_weights(tmp_path / "w.safetensors", weights(), 7, DEFAULT_SHAPE)
    network = load_network(tmp_path / "w.safetensors", CONFIG)
    (header, body), (saved_header, saved_body) = map(
        parts, (safetensors_file(network), (tmp_path / "w.safetensors").read_bytes())
    )
    assert (header, body) == (saved_header, saved_body)
    assert all(torch.equal(value, weights()[name]) for name, value in state_dict(network).items())
