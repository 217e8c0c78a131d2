"""The Gaussian likelihood with one learned variance: torch, numpy, and closed forms."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.tiny_runs import finish, only, random_images, tiny_config, tiny_trainer
from torch.distributions import Normal

from vae_tui.data.idx_files import Images
from vae_tui.errors import VaeTuiError
from vae_tui.evaluation.assess import assess
from vae_tui.evaluation.elbo import log_weights
from vae_tui.image_shape import DEFAULT_SHAPE
from vae_tui.latent.posterior import infer
from vae_tui.latent.scores import score
from vae_tui.model import build, load_network
from vae_tui.model.gaussian import LOWEST_LOG_VARIANCE, bits_per_dimension
from vae_tui.model.gradient import AutogradGradient, gradient_for
from vae_tui.model.step_plan import HANDWRITTEN, StepPlan
from vae_tui.model.vae import VAE, loss_terms, reference_losses
from vae_tui.run.events import EpochEnded, RunStarted
from vae_tui.training.checkpoint import save_weights

CONFIG = tiny_config(reconstruction="gaussian")


def network(log_variance: float = -3.0, architecture: str = "mlp") -> VAE:
    torch.manual_seed(2)
    model = build(replace(CONFIG, architecture=architecture))
    set_log_variance(model, log_variance)
    return model


def set_log_variance(model: VAE, log_variance: float) -> None:
    assert model.scaled_log_variance is not None
    model.scaled_log_variance.data.fill_(log_variance / 10)


def log_density(logits: torch.Tensor, images: torch.Tensor, variance: float) -> torch.Tensor:
    """Return log N(x; x_hat, variance I), (B,), as torch's distribution has it."""
    pixels = Normal(torch.sigmoid(logits), math.sqrt(variance)).log_prob(images)
    return pixels.double().sum(-1)


def test_the_loss_is_the_negative_log_density_of_torchs_normal_distribution():
    model, images = network(), torch.rand(6, 784)
    logits, posterior = model(images, None)
    losses, _ = loss_terms(logits, images, posterior, "gaussian", model.pixel_log_variance)
    expected = -log_density(logits, images, math.exp(-3.0))
    # The smooth limit changes a variance far above it by less than a thousandth.
    torch.testing.assert_close(losses.double(), expected, rtol=1e-3, atol=0.2)
    exact = math.exp(model.pixel_log_variance.item())
    torch.testing.assert_close(losses, -log_density(logits, images, exact).float())


def test_the_state_dict_has_one_number_more_and_only_with_this_likelihood():
    state, plain = network().state_dict(), build(tiny_config()).state_dict()
    assert state.keys() - plain.keys() == {"scaled_log_variance"}
    assert state["scaled_log_variance"].shape == (1,)


@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_the_gradient_of_the_variance_agrees_with_a_difference_of_losses(architecture):
    model = network(architecture=architecture)
    gradient = gradient_for(model, StepPlan("fp32", HANDWRITTEN), "gaussian")
    assert isinstance(gradient, AutogradGradient)
    pixels = torch.randint(0, 256, (6, 784), dtype=torch.uint8)
    noise, beta = torch.randn(6, 4), torch.tensor(1.0)

    def loss_at(log_variance: float) -> float:
        set_log_variance(model, log_variance)
        return float(gradient.forward_backward(pixels, noise, beta, 1 / 6)[0])

    difference = (loss_at(-2.9) - loss_at(-3.1)) / 0.2 / 6
    loss_at(-3.0)
    assert float(gradient.values[0]) == pytest.approx(10 * difference, rel=0.01)


@pytest.mark.parametrize("log_variance", [-40.0, -11.0, -3.0, 5.0])
def test_the_numpy_twin_has_the_losses_of_torch(tmp_path, log_variance):
    model = network(log_variance)
    save_weights(tmp_path / "w", model.state_dict(), 1, DEFAULT_SHAPE)
    twin = load_network(tmp_path / "w", CONFIG)
    images = random_images().test[:20]
    pixels = images.float() / 255
    with torch.no_grad():
        logits, posterior = model(pixels, None)
        losses, kl = loss_terms(logits, pixels, posterior, "gaussian", model.pixel_log_variance)
    pictures = images.numpy().reshape(-1, 28, 28)
    np.testing.assert_allclose(twin.reconstruct(pictures, "gaussian")[1], losses, rtol=1e-4)
    codes = posterior.mean.numpy()
    np.testing.assert_allclose(twin.losses(codes, pictures, "gaussian"), losses, rtol=1e-4)
    assert infer(twin, pictures[0], "gaussian").loss == pytest.approx(float(losses[0]), rel=1e-4)
    scores = score(twin, pictures, "gaussian")
    np.testing.assert_allclose(scores.kl, kl, rtol=1e-4)
    copy = -float(Normal(0.0, math.exp(0.5 * twin.pixel_log_variance)).log_prob(torch.zeros(1)))
    np.testing.assert_allclose(scores.energy, losses.numpy() - 784 * copy, rtol=1e-3, atol=0.05)


def test_weights_without_the_variance_are_refused_by_name(tmp_path):
    save_weights(tmp_path / "w", build(tiny_config()).state_dict(), 1, DEFAULT_SHAPE)
    with pytest.raises(VaeTuiError, match="has no tensor scaled_log_variance"):
        load_network(tmp_path / "w", CONFIG)


def test_weights_in_half_precision_keep_the_variance_exactly(tmp_path):
    model = network(-4.123456)
    save_weights(tmp_path / "w", model.state_dict(), 1, DEFAULT_SHAPE, half=True)
    twin = load_network(tmp_path / "w", CONFIG)
    assert twin.pixel_log_variance == pytest.approx(model.pixel_log_variance.item(), abs=1e-6)


def test_the_collapse_is_the_best_gaussian_around_the_mean_image_and_there_is_no_floor():
    images = random_images()
    floor, collapse = reference_losses(images.train, images.train, "gaussian")
    pixels = images.train.double() / 255
    mean = pixels.mean(0)
    assert math.isnan(floor)
    best = float((pixels - mean).square().mean())
    losses = [
        -float(Normal(mean, math.sqrt(best * factor)).log_prob(pixels).sum(1).mean())
        for factor in (0.9, 1.0, 1.1)
    ]
    assert collapse == pytest.approx(losses[1], rel=1e-5)
    assert losses[1] < min(losses[0], losses[2])


def test_importance_weights_hold_the_density_of_the_pixels():
    model, images = network(), torch.rand(3, 784)
    noise = torch.randn(2, 3, 4)
    with torch.no_grad():
        weights = log_weights(model, images, noise, "gaussian")
        posterior = model.encode(images)
        z = posterior.sample(noise)
        q = Normal(posterior.mean, torch.exp(0.5 * posterior.logvar))
        ratio = (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(2)
        variance = math.exp(model.pixel_log_variance.item())
        expected = ratio + log_density(model.decode(z), images, variance)
    torch.testing.assert_close(weights.double(), expected.double(), rtol=1e-4, atol=1e-2)


def test_a_uniform_density_has_the_bits_of_256_levels_and_a_certain_one_none():
    assert bits_per_dimension(0.0, 784) == pytest.approx(8, abs=0.01)
    assert bits_per_dimension(-784 * math.log(255), 784) == pytest.approx(0)


def test_eval_has_bits_per_dimension_of_a_density_only():
    images = random_images()
    found = assess(network(), images, CONFIG, 0, 0)
    assert found.bits_per_dim == bits_per_dimension(found.elbo_loss, 784)
    assert assess(build(tiny_config()), images, tiny_config(), 0, 0).bits_per_dim is None


def test_training_learns_the_variance_of_the_errors():
    trainer = tiny_trainer(replace(CONFIG, epochs=60, lr=5e-3), random_images())
    happened = finish(trainer)
    started, tested = only(RunStarted, happened)[0], only(EpochEnded, happened)
    assert started.gradient == "autograd"
    assert tested[-1].test_bce < started.collapse < tested[0].test_bce
    model = trainer.model
    images = random_images().train.float() / 255
    with torch.no_grad():
        logits, _ = model(images, torch.randn(len(images), 4))
        error = (torch.sigmoid(logits) - images).square().mean()
    assert model.pixel_log_variance.item() == pytest.approx(math.log(error), abs=0.2)


def test_identical_images_end_at_the_lowest_variance_and_do_not_diverge():
    image = random_images().train[:1]
    same, labels = image.expand(200, -1).contiguous(), torch.zeros(200, dtype=torch.uint8)
    images = Images(same, labels, same[:20], labels[:20])
    _, collapse = reference_losses(same, same, "gaussian")
    assert math.isfinite(collapse)
    trainer = tiny_trainer(replace(CONFIG, epochs=40, lr=0.1), images)
    losses = [one.test_bce for one in only(EpochEnded, finish(trainer))]
    assert all(map(math.isfinite, losses))
    assert trainer.model.pixel_log_variance.item() >= LOWEST_LOG_VARIANCE
