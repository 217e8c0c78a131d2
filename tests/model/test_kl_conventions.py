"""Beta in other programs' terms: their losses have the gradient of this program's, scaled."""

import pytest
import torch
from support.tiny_runs import tiny_config
from torch.nn import functional

from vae_tui.image_shape import ImageShape
from vae_tui.model import build
from vae_tui.model.gradient import AutogradGradient
from vae_tui.run.kl_weight.conventions import beta_elsewhere, conventions

SHAPE, COUNT, DIMENSIONS, BETA = ImageShape(8, 8, 3), 5, 4, 3.0


def kl_of(mean, logvar):
    return 0.5 * (logvar.exp() - logvar - 1 + mean**2)


# Each as the other program writes it, from images, their reconstructions and the posterior.
def summed_squares(x, copy, mean, logvar, weight):
    return (
        functional.mse_loss(copy, x, reduction="sum") / len(x)
        + weight * kl_of(mean, logvar).sum(1).mean()
    )


def bce_over_pixels(x, copy, mean, logvar, weight):
    return functional.binary_cross_entropy(copy, x) + weight * kl_of(mean, logvar).sum(1).mean()


def bce_and_kl_over_all(x, copy, mean, logvar, weight):
    return functional.binary_cross_entropy(copy, x) + weight * kl_of(mean, logvar).mean()


def pytorch_vae(x, copy, mean, logvar, weight):
    kl = -0.5 * torch.sum(1 + logvar - mean**2 - logvar.exp(), dim=1)
    return functional.mse_loss(copy, x) + weight * torch.mean(kl, dim=0)


def mse_and_kl_over_all(x, copy, mean, logvar, weight):
    return functional.mse_loss(copy, x) + weight * kl_of(mean, logvar).mean()


@pytest.mark.parametrize(
    ("reconstruction", "index", "other"),
    [
        ("bce", 0, bce_over_pixels),
        ("bce", 1, bce_and_kl_over_all),
        ("mse", 0, summed_squares),
        ("mse", 1, pytorch_vae),
        ("mse", 2, mse_and_kl_over_all),
    ],
)
def test_the_gradients_of_both_losses_are_proportional(reconstruction, index, other):
    config = tiny_config(
        latent_dim=DIMENSIONS, hidden=9, image_shape=SHAPE, reconstruction=reconstruction
    )
    torch.manual_seed(1)
    model = build(config)
    pixels = torch.randint(0, 256, (COUNT, SHAPE.pixels)).to(torch.uint8)
    noise = torch.randn(COUNT, DIMENSIONS)
    weight = conventions(config)[index].factor * BETA
    images = pixels / 255
    logits, posterior = model(images, noise)
    loss = other(images, torch.sigmoid(logits), posterior.mean, posterior.logvar, weight)
    theirs = torch.cat(
        [grad.flatten() for grad in torch.autograd.grad(loss, list(model.parameters()))]
    )
    ours = AutogradGradient(model, "fp32", reconstruction)
    ours.forward_backward(pixels, noise, torch.tensor(BETA), 1 / COUNT)
    scale = ours.values.norm() / theirs.norm()
    torch.testing.assert_close(theirs * scale, ours.values, rtol=1e-3, atol=1e-4)


def test_the_betas_of_the_courses_network():
    bce, mse = (tiny_config(latent_dim=20, reconstruction=kind) for kind in ("bce", "mse"))
    assert [one.factor for one in conventions(bce)] == pytest.approx([1 / 784, 20 / 784])
    _, kld_weight, normalised = conventions(mse)
    assert kld_weight.factor == pytest.approx(2 / 784)
    assert normalised.factor == pytest.approx(2 * 20 / 784)
    assert "beta 4 is 0.0051 with the reconstruction averaged" in beta_elsewhere(bce, 4.0)
    assert "PyTorch-VAE's kld_weight" in beta_elsewhere(mse, 4.0)
    assert "PyTorch-VAE" not in beta_elsewhere(bce, 4.0)
