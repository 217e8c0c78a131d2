"""Scores of images: against torch, closed forms, and data that is separated."""

import numpy as np
import pytest
import torch
from support.fake_networks import random_network
from torch.nn import functional

from vae_tui.latent.codes import prior
from vae_tui.latent.scores import DRAWS, percentiles, score

IMAGES = np.random.default_rng(5).integers(0, 256, (7, 28, 28), dtype=np.uint8)
NETWORK = random_network(540)


@pytest.mark.parametrize("reconstruction", ["bce", "mse"])
def test_the_bound_and_its_parts_are_what_torch_computes_from_the_same_noise(reconstruction):
    found = score(NETWORK, IMAGES, reconstruction)
    weights = {name: torch.tensor(value).double() for name, value in NETWORK.weights.items()}

    def layers(name, values):
        hidden = functional.linear(values, weights[f"{name}.0.weight"], weights[f"{name}.0.bias"])
        return functional.linear(
            hidden.relu(), weights[f"{name}.2.weight"], weights[f"{name}.2.bias"]
        )

    def losses(codes):
        logits = layers("decoder", codes)
        if reconstruction == "mse":
            return 0.5 * (logits.sigmoid() - pixels).square().sum(1)
        return functional.binary_cross_entropy_with_logits(logits, pixels, reduction="none").sum(1)

    pixels = torch.tensor(IMAGES.reshape(7, -1)).double() / 255
    mean, logvar = layers("encoder", pixels).chunk(2, 1)
    posterior = torch.distributions.Normal(mean, (logvar / 2).exp())
    kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1)
    drawn = [
        losses(mean + posterior.stddev * torch.tensor(eps))
        for eps in prior(1, DRAWS, NETWORK.latent_dim)
    ]
    loss = torch.stack(drawn).mean(0)
    copy = 0.0
    if reconstruction == "bce":
        copy = functional.binary_cross_entropy(pixels, pixels, reduction="none").sum(1)
    for name, expected in {
        "loss": loss, "kl": kl, "elbo_loss": loss + kl,
        "energy": losses(mean) - copy,
    }.items():  # fmt: skip
        np.testing.assert_allclose(getattr(found, name), expected, rtol=2e-4, atol=1e-2)


def test_the_scores_of_an_image_do_not_depend_on_the_others():
    many = np.concatenate([IMAGES] * 100)
    found, alone = score(NETWORK, many, "bce"), score(NETWORK, IMAGES[:1], "bce")
    assert len(found) == 700
    np.testing.assert_allclose(found.energy[::7], alone.energy[0], rtol=1e-5)


@pytest.mark.parametrize("reconstruction", ["bce", "mse"])
def test_a_perfect_copy_has_no_energy_however_grey_it_is(reconstruction):
    images = NETWORK.reconstruct(IMAGES, reconstruction)[0]

    class Copying(type(NETWORK)):
        __slots__ = ()

        def decoder(self, codes):
            grey = images.reshape(len(images), -1)[: len(codes)] / np.float32(255)
            return np.log(grey.clip(1e-6, 1 - 1e-6) / (1 - grey.clip(1e-6, 1 - 1e-6)))

    fields = {name: getattr(NETWORK, name) for name in NETWORK.__dataclass_fields__}
    found = score(Copying(**fields), images, reconstruction)
    assert np.abs(found.energy).max() < 0.01


def test_a_percentile_is_the_share_of_known_values_that_are_smaller():
    known = np.array([3, 1, 2, 4], np.float32)
    values = np.array([0, 1, 2.5, 9], np.float32)
    assert percentiles(values, known).tolist() == [0, 0, 50, 100]
