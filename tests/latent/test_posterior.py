"""What a network makes of one image, compared with torch."""

import numpy as np
import pytest
import torch
from support.fake_networks import probe, random_network
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits

from vae_tui.latent.posterior import infer

NETWORK = random_network(540)


def test_mean_deviation_kl_and_losses_equal_torchs():
    image = probe().images[4]
    found = infer(NETWORK, image, "bce")
    w1, c1, w2, c2, w3, c3, w4, c4 = (torch.from_numpy(w) for w in NETWORK.weights.values())
    pixels = torch.from_numpy(image.reshape(1, -1) / 255.0).float()
    mean, logvar = (torch.relu(pixels @ w1.T + c1) @ w2.T + c2)[0].split(20)
    posterior = Normal(mean, torch.exp(0.5 * logvar))
    kl = kl_divergence(posterior, Normal(0.0, 1.0))
    np.testing.assert_allclose(found.mean, mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.deviation, posterior.stddev, rtol=1e-4)
    np.testing.assert_allclose(found.kl, kl, rtol=1e-3, atol=1e-4)
    logits = torch.relu(mean @ w3.T + c3) @ w4.T + c4
    bce = binary_cross_entropy_with_logits(logits, pixels[0], reduction="sum")
    assert found.loss == pytest.approx(float(bce), rel=1e-4)
    expected = 255 * torch.sigmoid(logits).numpy()
    assert np.abs(found.reconstruction.ravel() - expected).max() <= 0.51
    difference = np.abs(found.reconstruction.astype(int) - image)
    np.testing.assert_array_equal(found.error, difference)


def test_the_loss_of_a_run_with_squared_errors_is_half_their_sum():
    image = probe().images[2]
    found = infer(NETWORK, image, "mse")
    squares = ((found.reconstruction / 255 - image / 255) ** 2).sum()
    assert found.loss == pytest.approx(squares / 2, rel=1e-2)
