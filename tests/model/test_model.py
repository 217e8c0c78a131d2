import numpy as np
import pytest
import torch
from support.tiny_runs import random_images
from torch import nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional

from vae_tui.evaluation.elbo import measure
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.vae import Posterior, kl_terms, loss_terms, reference_losses

COURSE_NAMES = [
    "encoder.0.weight",
    "encoder.0.bias",
    "encoder.2.weight",
    "encoder.2.bias",
    "decoder.0.weight",
    "decoder.0.bias",
    "decoder.2.weight",
    "decoder.2.bias",
]


class CourseVAE(nn.Module):
    """As the course's notebook has it: sigmoid inside, one call does everything."""

    def __init__(self, d: int = 20) -> None:
        super().__init__()
        self.d = d
        self.encoder = nn.Sequential(nn.Linear(784, d**2), nn.ReLU(), nn.Linear(d**2, d * 2))
        self.decoder = nn.Sequential(
            nn.Linear(d, d**2), nn.ReLU(), nn.Linear(d**2, 784), nn.Sigmoid()
        )

    def forward(self, x, eps):
        mu_logvar = self.encoder(x.view(-1, 784)).view(-1, 2, self.d)
        mu, logvar = mu_logvar[:, 0, :], mu_logvar[:, 1, :]
        return self.decoder(mu + eps * logvar.mul(0.5).exp()), mu, logvar


def some_posterior(count: int = 5, d: int = 3) -> Posterior:
    generator = torch.Generator().manual_seed(3)
    return Posterior(
        torch.randn(count, d, generator=generator), torch.randn(count, d, generator=generator)
    )


def test_kl_equals_torchs_own_closed_form():
    posterior = some_posterior()
    _, kl = loss_terms(torch.zeros(5, 784), torch.zeros(5, 784), posterior)
    q = Normal(posterior.mean, torch.exp(0.5 * posterior.logvar))
    torch.testing.assert_close(kl_terms(posterior), kl_divergence(q, Normal(0.0, 1.0)))
    torch.testing.assert_close(kl, kl_divergence(q, Normal(0.0, 1.0)).sum(1))


def test_kl_of_the_prior_itself_is_zero():
    assert kl_terms(Posterior(torch.zeros(2, 4), torch.zeros(2, 4))).abs().max() == 0


def test_bce_equals_the_cross_entropy_of_bernoulli_pixels():
    generator = torch.Generator().manual_seed(1)
    logits = 4 * torch.randn(6, 784, generator=generator)
    images = torch.rand(6, 784, generator=generator)
    bce, _ = loss_terms(logits, images, some_posterior(6))
    # E_x[-log p(x)] over x ~ Bernoulli(image), which grey pixels stand for.
    p = torch.distributions.Bernoulli(logits=logits)
    ink, paper = p.log_prob(torch.ones(6, 784)), p.log_prob(torch.zeros(6, 784))
    torch.testing.assert_close(bce, -(images * ink + (1 - images) * paper).sum(1))


@pytest.mark.parametrize("logit", [-1e4, 1e4])
def test_bce_of_a_certain_and_wrong_pixel_is_large_but_finite(logit):
    images = torch.full((1, 784), float(logit < 0))
    bce, _ = loss_terms(torch.full((1, 784), logit), images, some_posterior(1))
    assert bce.item() == pytest.approx(784e4)


def test_mse_is_a_normals_log_likelihood_up_to_its_constant():
    logits, images = torch.randn(4, 784), torch.rand(4, 784)
    mse, _ = loss_terms(logits, images, some_posterior(4), "mse")
    normal = Normal(torch.sigmoid(logits), 1.0)
    constant = 784 * 0.5 * np.log(2 * np.pi)
    torch.testing.assert_close(
        mse, -normal.log_prob(images).sum(1) - constant, rtol=1e-4, atol=1e-3
    )


def test_the_network_has_the_courses_size_and_names():
    model = Mlp()
    assert sum(value.numel() for value in model.parameters()) == 652_824
    assert list(model.state_dict()) == COURSE_NAMES


def test_the_courses_class_loads_our_weights_and_we_load_its():
    ours, course = Mlp(), CourseVAE()
    course.load_state_dict(ours.state_dict(), strict=True)
    ours.load_state_dict(CourseVAE().state_dict(), strict=True)


def test_the_courses_class_computes_the_same_pictures_and_the_same_loss():
    ours, course = Mlp(), CourseVAE()
    course.load_state_dict(ours.state_dict(), strict=True)
    images, noise = torch.rand(8, 784), torch.randn(8, 20)
    logits, posterior = ours(images, noise)
    pictures, mu, logvar = course(images, noise)
    torch.testing.assert_close(torch.sigmoid(logits), pictures)
    torch.testing.assert_close(posterior.mean, mu)
    torch.testing.assert_close(posterior.logvar, logvar)
    bce, kl = loss_terms(logits, images, posterior)
    course_bce = functional.binary_cross_entropy(pictures, images, reduction="sum")
    course_kl = 0.5 * torch.sum(logvar.exp() - logvar - 1 + mu.pow(2))
    torch.testing.assert_close(bce.sum() + kl.sum(), course_bce + course_kl)


def test_the_code_is_the_mean_when_no_noise_is_given():
    model, images = Mlp(4, 16), torch.rand(3, 784)
    logits, posterior = model(images, None)
    torch.testing.assert_close(logits, model.decode(posterior.mean))


def test_codes_are_normal_around_the_mean_with_the_posteriors_deviation():
    """Seen through a decoder that shows the code itself in the first pixels."""
    model = Mlp(2, 16)
    with torch.no_grad():
        for value in model.decoder.parameters():
            value.zero_()
        model.decoder[0].weight[:2] = torch.eye(2)
        model.decoder[0].bias[:2] = 50.0  # past the ReLU
        model.decoder[2].weight[:2, :2] = torch.eye(2)
    image = torch.rand(1, 784)
    noise = torch.randn(100_000, 2)
    logits, posterior = model(image.expand(100_000, -1), noise)
    codes = logits[:, :2] - 50
    deviation = torch.exp(0.5 * posterior.logvar[0])
    torch.testing.assert_close(codes.mean(0), posterior.mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(codes.std(0), deviation, atol=0, rtol=0.02)


def test_the_auto_encoder_takes_no_noise():
    model, images = Mlp(4, 16, noisy=False), torch.rand(3, 784)
    loud, _ = model(images, 100 * torch.randn(3, 4))
    silent, _ = model(images, None)
    assert torch.equal(loud, silent)


def entropy(p):
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = -(p * np.log(p) + (1 - p) * np.log(1 - p))
    return np.where((p > 0) & (p < 1), terms, 0.0)


def test_the_floor_is_the_entropy_of_the_grey_pixels_and_the_collapse_is_the_mean_image():
    images = random_images()
    floor, collapse = reference_losses(images.train, images.test, "bce")
    test, train = images.test.double().numpy() / 255, images.train.double().numpy() / 255
    mean = train.mean(0)
    with np.errstate(divide="ignore"):
        ink, paper = np.maximum(np.log(mean), -100), np.maximum(np.log(1 - mean), -100)
    assert floor == pytest.approx(entropy(test).sum(1).mean(), rel=1e-5)
    assert collapse == pytest.approx(-(test * ink + (1 - test) * paper).sum(1).mean(), rel=1e-5)


def test_with_squared_errors_the_floor_is_zero_and_the_collapse_half_the_variance():
    images = random_images()
    floor, collapse = reference_losses(images.train, images.train, "mse")
    variance = (images.train.double().numpy() / 255).var(0).sum()
    assert floor == 0
    assert collapse == pytest.approx(0.5 * variance, rel=1e-5)


def test_no_decoder_of_one_picture_beats_the_mean_image():
    images = random_images()
    _, collapse = reference_losses(images.train, images.train, "bce")
    pixels = images.train.float() / 255
    for shift in (-0.02, 0.02):
        other = (pixels.mean(0) + shift).clamp(1e-6, 1 - 1e-6).expand_as(pixels)
        loss = functional.binary_cross_entropy(other, pixels, reduction="sum") / len(pixels)
        assert loss > collapse


def test_measuring_is_the_mean_over_the_images_however_they_are_batched():
    model = Mlp(4, 16)
    images = random_images(test=2_003).test  # one whole block and three images more
    measured = measure(model, images, seed=5)
    pixels = images.float() / 255
    with torch.no_grad():
        logits, posterior = model(pixels, None)
        bce, _ = loss_terms(logits, pixels, posterior)
        kl = kl_terms(posterior).mean(0)
    assert measured.bce_at_mean == pytest.approx(bce.mean().item(), rel=1e-5)
    assert measured.kl_per_dimension == pytest.approx(kl.tolist(), rel=1e-4)
    assert measured.kl == pytest.approx(kl.sum().item(), rel=1e-4)


def test_the_sampled_loss_is_the_expectation_over_the_noise():
    model, images = Mlp(4, 16), random_images().test
    pixels = images.float() / 255
    sampled = np.mean([measure(model, images, seed).bce for seed in range(20)])
    with torch.no_grad():
        draws = []
        for _ in range(20):
            logits, posterior = model(pixels, torch.randn(len(pixels), 4))
            draws.append(loss_terms(logits, pixels, posterior)[0].mean().item())
    assert sampled == pytest.approx(np.mean(draws), rel=1e-3)
    assert measure(model, images, 1) == measure(model, images, 1)


def test_a_dimension_is_active_when_its_mean_varies_more_than_a_hundredth():
    model, images = Mlp(3, 16), random_images().test
    with torch.no_grad():
        for value in model.encoder.parameters():
            value.zero_()
        pixel = int((images.float() / 255).var(0).argmax())
        spread = float((images[:, pixel].float() / 255).std(correction=0))
        model.encoder[0].weight[0, pixel] = 1.0
        model.encoder[2].weight[0, 0] = 0.101 / spread  # variance 0.0102
        model.encoder[2].weight[1, 0] = 0.099 / spread  # variance 0.0098
    assert measure(model, images, 1).active_units == 1


def test_the_auto_encoders_two_test_losses_are_the_same():
    measured = measure(Mlp(4, 16, noisy=False), random_images().test, 1)
    assert measured.bce == measured.bce_at_mean
    assert measured.kl > 0
