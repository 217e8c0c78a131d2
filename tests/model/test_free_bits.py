"""Free bits: the KL that the loss uses, and both gradients of it."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from vae_tui.model.gradient import AutogradGradient
from vae_tui.model.mlp.gradient import MlpGradient
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.vae import with_free_bits

KINDS = pytest.mark.parametrize("kind", [AutogradGradient, MlpGradient])


def batch(count: int, latent_dim: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 784), generator=generator).to(torch.uint8)
    return pixels, torch.randn((count, latent_dim), generator=generator)


def trained_a_little(latent_dim: int, hidden: int, seed: int = 0) -> Mlp:
    """Return a network whose KL is below 0.1 nats in some dimensions, and above in others."""
    torch.manual_seed(seed)
    model = Mlp(latent_dim, hidden)
    with torch.no_grad():
        model.encoder[2].weight *= 3
    return model


def plain_losses(model, pixels, noise, beta, free_bits):
    """Return the loss, KL and KL in the loss of a batch, written out once more."""
    images = pixels.to(noise.dtype) / 255
    mean, logvar = model.encoder(images).chunk(2, dim=1)
    logits = model.decoder(mean + noise * torch.exp(logvar / 2))
    bce = functional.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    kl = 0.5 * (logvar.exp() - logvar - 1 + mean**2)
    in_loss = torch.where(kl < free_bits, torch.full_like(kl, free_bits), kl).sum()
    return bce + beta * in_loss, kl.sum(), in_loss


def moved(model: Mlp, direction: list[torch.Tensor], distance: float) -> Mlp:
    """Return a copy whose weights are ``distance`` further in a direction."""
    copied = copy.deepcopy(model)
    with torch.no_grad():
        for parameter, step in zip(copied.parameters(), direction, strict=True):
            parameter.add_(step, alpha=distance)
    return copied


def test_the_larger_one_counts_of_each_image_and_dimension():
    kl = torch.tensor([[0.0, 0.05, 0.3], [2.0, 0.1, 0.0]])
    expected = torch.tensor([[0.1, 0.1, 0.3], [2.0, 0.1, 0.1]])
    assert torch.equal(with_free_bits(kl, 0.1), expected)
    assert with_free_bits(kl, 0.0) is kl


@KINDS
@settings(max_examples=30, deadline=None)
@given(
    count=st.integers(1, 9),
    free_bits=st.sampled_from([0.0, 0.02, 0.1, 1.0, 50.0]),
    beta=st.sampled_from([0.0, 0.3, 1.0, 4.0]),
    seed=st.integers(0, 99),
)
def test_losses_and_gradient_are_those_of_the_formula(kind, count, free_bits, beta, seed):
    model = trained_a_little(4, 8, seed)
    pixels, noise = batch(count, 4, seed)
    loss, kl, in_loss = plain_losses(model, pixels, noise, beta, free_bits)
    expected = torch.autograd.grad(loss / count, list(model.parameters()))
    gradient = kind(model, "fp32", "bce", free_bits)
    found = gradient.forward_backward(pixels, noise, torch.tensor(beta), 1 / count)
    torch.testing.assert_close(found[1:], (kl, in_loss), rtol=1e-5, atol=1e-4)
    flat = torch.cat([grad.flatten() for grad in expected])
    torch.testing.assert_close(gradient.values, flat, rtol=1e-4, atol=1e-5)


@KINDS
def test_the_gradient_is_the_limit_of_finite_differences(kind):
    model = trained_a_little(4, 8)
    exact = copy.deepcopy(model).double()
    pixels, noise = batch(6, 4)
    gradient = kind(model, "fp32", "bce", 0.1)
    gradient.forward_backward(pixels, noise, torch.tensor(2.0), 1.0)
    generator = torch.Generator().manual_seed(1)
    parameters = list(exact.parameters())
    for _ in range(20):
        direction = [torch.randn(one.shape, generator=generator).double() for one in parameters]
        before, after = (moved(exact, direction, distance) for distance in (-1e-5, 1e-5))
        losses = [
            plain_losses(one, pixels, noise.double(), 2.0, 0.1)[0].item() for one in (before, after)
        ]
        along = torch.cat([step.flatten() for step in direction]) @ gradient.values.double()
        assert along.item() == pytest.approx((losses[1] - losses[0]) / 2e-5, rel=1e-3, abs=0.05)


@KINDS
def test_the_parts_of_a_batch_add_up_to_it(kind):
    """So that several processes compute what one does."""
    pixels, noise = batch(9, 4)
    gradient = kind(trained_a_little(4, 8), "fp32", "bce", 0.1)
    beta = torch.tensor(1.0)
    whole, values = gradient.forward_backward(pixels, noise, beta, 1 / 9), gradient.values.clone()
    parts, total = [], torch.zeros_like(values)
    for rows in (slice(0, 5), slice(5, 9)):
        parts.append(gradient.forward_backward(pixels[rows], noise[rows], beta, 1 / 9))
        total += gradient.values
    sums = tuple(sum(terms) for terms in zip(*parts, strict=True))
    torch.testing.assert_close(sums, whole)
    torch.testing.assert_close(total, values, rtol=1e-4, atol=1e-6)


@KINDS
def test_where_every_dimension_is_free_the_kl_has_no_gradient(kind):
    pixels, noise = batch(5, 4)
    found = []
    for beta, free_bits in ((7.0, 100.0), (0.0, 0.0)):
        gradient = kind(trained_a_little(4, 8), "fp32", "bce", free_bits)
        gradient.forward_backward(pixels, noise, torch.tensor(beta), 0.2)
        found.append(gradient.values)
    assert torch.equal(*found)
