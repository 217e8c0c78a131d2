import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.devices import DEVICES
from torch.nn import functional

from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.model.gradient import AutogradGradient, gradient_for, views
from vae_tui.model.mlp.gradient import MlpGradient, cross_entropy
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.step_plan import AUTOGRAD, HANDWRITTEN, StepPlan
from vae_tui.model.vae import VAE, loss_terms


def batch(
    count: int, latent_dim: int, seed: int = 0, shape: ImageShape = DEFAULT_SHAPE
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, shape.pixels), generator=generator).to(torch.uint8)
    return pixels, torch.randn((count, latent_dim), generator=generator)


def expected_of(model, pixels, noise, beta, scale, reconstruction):
    """Return losses and gradient as torch finds them from the model's own formulas."""
    images = pixels.float() / 255
    logits, posterior = model(images, noise)
    bce, kl = (term.sum() for term in loss_terms(logits, images, posterior, reconstruction))
    loss = (bce + beta * kl if model.noisy else bce) * scale
    grads = torch.autograd.grad(loss, list(model.parameters()))
    return bce, kl, torch.cat([grad.flatten() for grad in grads])


def test_an_architecture_without_a_gradient_of_its_own_trains_by_autograd():
    layers = torch.nn.Linear(784, 4), torch.nn.Linear(2, 784)
    model = VAE(*layers, 2, noisy=True)
    gradient = gradient_for(model, StepPlan("fp32", HANDWRITTEN), "bce")
    assert isinstance(gradient, AutogradGradient)
    pixels, noise = batch(5, 2)
    _, _, expected = expected_of(model, pixels, noise, 1.0, 0.2, "bce")
    gradient.forward_backward(pixels, noise, torch.tensor(1.0), 0.2)
    torch.testing.assert_close(gradient.values, expected)


@pytest.mark.parametrize(
    ("name", "kind"), [(HANDWRITTEN, MlpGradient), (AUTOGRAD, AutogradGradient)]
)
def test_the_mlp_has_both_gradients(name, kind):
    assert isinstance(gradient_for(Mlp(4, 16), StepPlan("fp32", name), "bce"), kind)


@pytest.mark.parametrize("kind", [AutogradGradient, MlpGradient])
@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 9),
    shape=st.sampled_from([DEFAULT_SHAPE, ImageShape(9, 7, 1), ImageShape(1, 1, 3)]),
    latent_dim=st.integers(1, 5),
    hidden=st.integers(1, 9),
    beta=st.sampled_from([0.0, 0.3, 1.0, 4.0]),
    reconstruction=st.sampled_from(["bce", "mse"]),
    noisy=st.booleans(),
    seed=st.integers(0, 99),
)
def test_gradient_and_losses_are_those_of_the_models_own_formulas(
    kind, count, shape, latent_dim, hidden, beta, reconstruction, noisy, seed
):
    torch.manual_seed(seed)
    model = Mlp(latent_dim, hidden, noisy=noisy, image_shape=shape)
    pixels, noise = batch(count, latent_dim, seed, shape)
    expected = expected_of(model, pixels, noise, beta, 1 / count, reconstruction)
    gradient = kind(model, "fp32", reconstruction)
    bce, kl, _ = gradient.forward_backward(pixels, noise, torch.tensor(beta), 1 / count)
    torch.testing.assert_close(bce, expected[0], rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(kl, expected[1], rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(gradient.values, expected[2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [AutogradGradient, MlpGradient])
def test_batches_of_several_sizes_take_turns(kind):
    model = Mlp(4, 16)
    gradient = kind(model, "fp32", "bce")
    for count in (8, 3, 8, 1, 3):
        pixels, noise = batch(count, 4, seed=count)
        expected = expected_of(model, pixels, noise, 1.0, 1 / count, "bce")
        gradient.forward_backward(pixels, noise, torch.tensor(1.0), 1 / count)
        torch.testing.assert_close(gradient.values, expected[2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [AutogradGradient, MlpGradient])
@pytest.mark.parametrize("scale", [1.0, 30.0, 3000.0])
def test_the_loss_is_exact_and_the_gradient_finite_however_sure_the_decoder_is(kind, scale):
    model = Mlp(4, 16)
    with torch.no_grad():
        model.decoder[2].bias.uniform_(-scale, scale)
    pixels, noise = batch(5, 4)
    expected = expected_of(model, pixels, noise, 1.0, 0.2, "bce")
    gradient = kind(model, "fp32", "bce")
    bce, _, _ = gradient.forward_backward(pixels, noise, torch.tensor(1.0), 0.2)
    torch.testing.assert_close(bce, expected[0], rtol=1e-5, atol=0)
    torch.testing.assert_close(gradient.values, expected[2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [AutogradGradient, MlpGradient])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_weight_that_is_not_finite_shows_in_the_loss(kind, value):
    model = Mlp(4, 16)
    with torch.no_grad():
        model.encoder[0].weight[:] = value
    gradient = kind(model, "fp32", "bce")
    terms = gradient.forward_backward(*batch(5, 4), torch.tensor(1.0), 0.2)
    assert not all(bool(torch.isfinite(term)) for term in terms)


@pytest.mark.parametrize("kind", [AutogradGradient, MlpGradient])
def test_bf16_is_near_float32_and_another_number(kind):
    torch.manual_seed(1)
    model = Mlp(4, 64)
    pixels, noise = batch(32, 4)
    exact = AutogradGradient(model, "fp32", "bce")
    bce, kl, _ = exact.forward_backward(pixels, noise, torch.tensor(1.0), 1 / 32)
    bf16 = kind(model, "bf16", "bce")
    bf16_bce, bf16_kl, _ = bf16.forward_backward(pixels, noise, torch.tensor(1.0), 1 / 32)
    assert bf16_bce.item() == pytest.approx(bce.item(), rel=1e-3)
    assert bf16_kl.item() == pytest.approx(kl.item(), rel=0.05)
    error = (bf16.values - exact.values).norm() / exact.values.norm()
    assert 0 < error < 0.02


@pytest.mark.parametrize("kind", [AutogradGradient, MlpGradient])
def test_the_models_parameters_are_views_of_the_weights(kind):
    model = Mlp(4, 16)
    before = [parameter.clone() for parameter in model.parameters()]
    gradient = kind(model, "fp32", "bce")
    for parameter, old in zip(model.parameters(), before, strict=True):
        assert torch.equal(parameter, old)
    with torch.no_grad():
        gradient.weights += 1
    for parameter, old in zip(model.parameters(), before, strict=True):
        assert torch.equal(parameter, old + 1)
    assert sum(view.numel() for view in views(gradient.values, before)) == len(gradient.values)


@pytest.mark.parametrize("scale", [1.0, 30.0, 3000.0])
def test_the_cross_entropy_of_few_operations_is_torchs(scale):
    logits = scale * torch.randn(5, 784, generator=torch.Generator().manual_seed(1))
    images = torch.rand(5, 784, generator=torch.Generator().manual_seed(2))
    expected = functional.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    torch.testing.assert_close(cross_entropy(logits, images), expected)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("reconstruction", ["bce", "mse"])
@pytest.mark.parametrize("kind", [AutogradGradient, MlpGradient])
def test_on_every_device_the_gradient_is_that_of_the_cpu(device, reconstruction, kind):
    torch.set_float32_matmul_precision("highest")  # another test may have used TF32
    pixels, noise = batch(96, 20)
    torch.manual_seed(1)
    model = Mlp()
    expected = expected_of(model, pixels, noise, 2.0, 1 / 96, reconstruction)
    gradient = kind(model.to(device), "fp32", reconstruction)
    beta = torch.tensor(2.0, device=device)
    bce, kl, _ = gradient.forward_backward(pixels.to(device), noise.to(device), beta, 1 / 96)
    torch.testing.assert_close(bce.cpu(), expected[0], rtol=1e-4, atol=0)
    torch.testing.assert_close(kl.cpu(), expected[1], rtol=1e-4, atol=0)
    torch.testing.assert_close(gradient.values.cpu(), expected[2], rtol=1e-3, atol=1e-4)


def test_the_default_networks_gradient_by_hand_equals_autograds():
    pixels, noise = batch(96, 20)
    found = []
    for kind in (AutogradGradient, MlpGradient):
        torch.manual_seed(1)
        gradient = kind(Mlp(), "fp32", "bce")
        losses = gradient.forward_backward(pixels, noise, torch.tensor(1.0), 1 / 96)
        found.append((*losses, gradient.values))
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-5)
