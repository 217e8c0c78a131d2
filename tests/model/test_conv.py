"""The convolutional network: its numpy twin, its state dict in plain torch, its sizes."""

import numpy as np
import pytest
import torch
from support.devices import DEVICES
from support.tiny_runs import tiny_config
from torch import nn

from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.model import ARCHITECTURES, build, choose_architecture, config_or_fallback
from vae_tui.model import load_network as load
from vae_tui.model.conv.module import Conv
from vae_tui.model.gradient import AutogradGradient, gradient_for
from vae_tui.model.numpy_network import Network
from vae_tui.model.step_plan import HANDWRITTEN, StepPlan
from vae_tui.run.runs_folder import create
from vae_tui.training.checkpoint import save_weights

SHAPES = [ImageShape(side, side, channels) for side in (8, 13, 28, 32, 64) for channels in (1, 3)]
ODD_SHAPES = [ImageShape(1, 1, 3), ImageShape(9, 30, 1), ImageShape(64, 5, 3)]


def twins(tmp_path, shape: ImageShape, hidden: int = 128) -> tuple[Conv, Network]:
    """Return a torch module with random weights and its numpy twin, read from a file."""
    torch.manual_seed(shape.pixels)
    config = tiny_config(architecture="conv", latent_dim=20, hidden=hidden, image_shape=shape)
    module = build(config)
    assert isinstance(module, Conv)
    for layer in module.modules():
        if isinstance(layer, nn.GroupNorm):  # 1 and 0 at first: any other order would do
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
    save_weights(tmp_path / "w.safetensors", module.state_dict(), 1, shape)
    return module, load(tmp_path / "w.safetensors", config)


@pytest.mark.parametrize("shape", SHAPES + ODD_SHAPES, ids=str)
def test_the_numpy_twin_computes_what_torch_computes_for_images_of_any_size(tmp_path, shape):
    module, twin = twins(tmp_path, shape)
    images = torch.randint(0, 256, (70, shape.pixels), dtype=torch.uint8)  # more than a block
    codes = 2 * torch.randn(70, 20)
    with torch.no_grad():
        posterior = module.encode(images.float() / 255)
        logits = module.decode(codes)
    mean, logvar = twin.encode(images.numpy().reshape(-1, *shape.array))
    np.testing.assert_allclose(mean, posterior.mean, atol=1e-4)
    np.testing.assert_allclose(logvar, posterior.logvar, atol=1e-4)
    np.testing.assert_allclose(twin.decoder(codes.numpy()), logits, atol=1e-4)
    pictures = twin.decode(codes.numpy())
    assert pictures.shape == (70, *shape.array)
    expected = 255 * torch.sigmoid(logits).numpy()
    assert np.abs(pictures.reshape(70, -1) - expected).max() <= 0.51


def test_the_numpy_twin_takes_no_codes_and_codes_in_double_precision(tmp_path):
    _, twin = twins(tmp_path, ImageShape(13, 13, 3))
    assert twin.decode(np.empty((0, 20), np.float32)).shape == (0, 13, 13, 3)
    codes = np.random.default_rng(1).standard_normal((3, 20))
    np.testing.assert_array_equal(twin.decode(codes), twin.decode(codes.astype(np.float32)))


class PlainConv(nn.Module):
    """What a reader of `Conv`'s docstring writes: torch's own layers, images as (B, C, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 3, 2, 1), nn.GroupNorm(8, 32), nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, 1), nn.GroupNorm(8, 64), nn.ReLU(),
            nn.Conv2d(64, 128, 3, 2, 1), nn.GroupNorm(8, 128), nn.ReLU(),
            nn.Flatten(), nn.Linear(2048, 40),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(20, 2048), nn.ReLU(), nn.Unflatten(1, (128, 4, 4)),
            nn.ConvTranspose2d(128, 64, 3, 2, 1, output_padding=0), nn.GroupNorm(8, 64), nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 3, 2, 1, output_padding=1), nn.GroupNorm(8, 32), nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 3, 2, 1, output_padding=1),
        )  # fmt: skip


def test_a_class_in_plain_torch_loads_the_weights_and_computes_the_same():
    torch.manual_seed(1)
    module, plain = Conv(20, 128), PlainConv()
    plain.load_state_dict(module.state_dict(), strict=True)
    images, codes = torch.rand(5, 1, 28, 28), torch.randn(5, 20)
    with torch.no_grad():
        posterior = module.encode(images.flatten(1))
        torch.testing.assert_close(plain.encoder(images)[:, :20], posterior.mean)
        torch.testing.assert_close(plain.encoder(images)[:, 20:], posterior.logvar)
        torch.testing.assert_close(plain.decoder(codes).flatten(1), module.decode(codes))


def test_colour_images_are_rows_of_pixels_of_three_values():
    torch.manual_seed(1)
    module = Conv(4, 16, image_shape=ImageShape(8, 8, 3))
    images = torch.rand(2, 8, 8, 3)
    with torch.no_grad():
        expected = module.encoder(images.movedim(3, 1).contiguous())[:, :4]
        torch.testing.assert_close(module.encode(images.flatten(1)).mean, expected)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_default_network_has_at_most_a_million_parameters(shape):
    module = Conv(20, ARCHITECTURES["conv"].default_hidden(20), image_shape=shape)
    count = sum(value.numel() for value in module.parameters())
    assert 100_000 < count < 1_000_000
    if shape.height >= 28:
        assert count > 300_000


@pytest.mark.parametrize("device", DEVICES)
def test_its_gradient_is_autograds_and_agrees_with_a_difference_of_losses(device):
    torch.manual_seed(3)
    shape = ImageShape(13, 9, 3)
    model = Conv(4, 16, image_shape=shape).to(device)
    gradient = gradient_for(model, StepPlan("fp32", HANDWRITTEN), "bce")
    assert isinstance(gradient, AutogradGradient)
    pixels = torch.randint(0, 256, (6, shape.pixels), dtype=torch.uint8, device=device)
    noise, beta = torch.randn(6, 4, device=device), torch.tensor(0.7, device=device)

    def loss() -> float:
        reconstruction, kl, _ = gradient.forward_backward(pixels, noise, beta, 1.0)
        return float(reconstruction + beta * kl)

    loss()
    direction = gradient.values / gradient.values.norm()
    slope = float(gradient.values @ direction)
    gradient.weights.data += 1e-3 * direction
    above = loss()
    gradient.weights.data -= 2e-3 * direction
    below = loss()
    assert (above - below) / 2e-3 == pytest.approx(slope, rel=0.01)


def test_the_gradient_of_a_batch_is_the_sum_of_those_of_its_parts():
    torch.manual_seed(1)
    gradient = gradient_for(Conv(4, 32), StepPlan("fp32"), "bce")
    pixels = torch.randint(0, 256, (9, 784), dtype=torch.uint8)
    noise, beta = torch.randn(9, 4), torch.tensor(1.0)
    parts = torch.zeros_like(gradient.values)
    for rows in (slice(0, 5), slice(5, 9)):
        gradient.forward_backward(pixels[rows], noise[rows], beta, 1 / 9)
        parts += gradient.values
    gradient.forward_backward(pixels, noise, beta, 1 / 9)
    torch.testing.assert_close(gradient.values, parts, rtol=1e-4, atol=1e-4)


def test_auto_is_the_mlp_for_28_by_28_grey_images_and_conv_for_all_others():
    assert choose_architecture("auto", DEFAULT_SHAPE) == "mlp"
    for shape in (ImageShape(28, 28, 3), ImageShape(32, 32, 1), ImageShape(8, 8, 1)):
        assert choose_architecture("auto", shape) == "conv"
        assert choose_architecture("mlp", shape) == "mlp"
    assert choose_architecture("conv", DEFAULT_SHAPE) == "conv"


@pytest.mark.parametrize("shape", [ImageShape(8, 8, 1), ImageShape(32, 32, 3)], ids=str)
def test_a_run_whose_config_is_lost_has_the_architecture_and_sizes_of_its_weights(tmp_path, shape):
    config = tiny_config(architecture="conv", latent_dim=3, hidden=24, image_shape=shape)
    run = create(tmp_path, None, config)
    save_weights(run.weights, build(config).state_dict(), 0, shape)
    (run.path / "config.json").write_text("")
    found, _ = config_or_fallback(run)
    assert (found.architecture, found.hidden, found.latent_dim) == ("conv", 24, 3)
    assert load(run.weights, found).image_shape == shape
