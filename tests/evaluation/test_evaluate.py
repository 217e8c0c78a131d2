import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from support.explored_runs import explored_run, model_at
from support.tiny_runs import CPU, Trainer, finish, random_images, tiny_config

from vae_tui.data import idx_files
from vae_tui.data.own.source import NO_CLASSES
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.evaluation.assess import assess, assess_run
from vae_tui.evaluation.digit_classifier import DigitClassifier
from vae_tui.evaluation.elbo import importance_weighted_nll, log_weights, measure
from vae_tui.evaluation.report import as_json, as_text
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.step_plan import StepPlan
from vae_tui.model.vae import VAE, Posterior
from vae_tui.run.config import RunConfig

CONTRACT = [
    *("elbo_loss", "bce", "kl", "bce_at_mean", "nll", "samples", "images"),
    *("active_units", "kl_per_dimension"),
]


CHECKSUM = "0" * 24


def images(count: int = 20) -> torch.Tensor:
    return random_images().test[:count]


def model(latent_dim: int = 3, gain: float = 2.0) -> VAE:
    torch.manual_seed(latent_dim)
    made = Mlp(latent_dim, 16)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(gain)
    return made


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize("reconstruction", ["bce", "mse"])
def test_log_weights_are_what_numpy_computes_from_the_same_noise(reconstruction):
    network, batch = model(), images(7).float() / 255
    noise = torch.randn(5, 7, 3, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        posterior = network.encode(batch)
        found = log_weights(network, batch, noise, reconstruction)
    w = {name: value.double().numpy() for name, value in network.state_dict().items()}
    x, eps = batch.double().numpy(), noise.double().numpy()
    mean, logvar = posterior.mean.double().numpy(), posterior.logvar.double().numpy()
    for k in range(5):
        for i in range(7):
            z = mean[i] + eps[k, i] * np.exp(logvar[i] / 2)
            hidden = np.maximum(w["decoder.0.weight"] @ z + w["decoder.0.bias"], 0)
            p = sigmoid(w["decoder.2.weight"] @ hidden + w["decoder.2.bias"])
            if reconstruction == "bce":
                likelihood = (x[i] * np.log(p) + (1 - x[i]) * np.log1p(-p)).sum()
            else:
                likelihood = -0.5 * ((x[i] - p) ** 2).sum()
            log_prior = (-0.5 * z**2 - 0.5 * np.log(2 * np.pi)).sum()
            variance = np.exp(logvar[i])
            log_q = (
                -0.5 * (z - mean[i]) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)
            ).sum()
            assert float(found[k, i]) == pytest.approx(likelihood + log_prior - log_q, rel=1e-5)


def test_with_many_samples_it_is_the_likelihood_itself():
    # With one latent dimension the integral over z can be done on a grid.
    network, batch = model(1, 3.0), images(20)
    z = torch.linspace(-8, 8, 4001)[:, None]
    with torch.no_grad():
        logits = network.decode(z).double()
        x = batch.double() / 255
        log_likelihood = logits @ x.T - torch.nn.functional.softplus(logits).sum(1, keepdim=True)
        log_prior = -0.5 * z.double() ** 2 - 0.5 * math.log(2 * math.pi)
        exact = -(log_likelihood + log_prior).logsumexp(0) - math.log(16 / 4000)
    one = importance_weighted_nll(network, batch, 1, 1)
    many = importance_weighted_nll(network, batch, 8_000, 1)
    assert many == pytest.approx(float(exact.mean()), abs=0.02)
    assert one > many + 0.5


def test_with_one_sample_it_is_the_elbo_loss_on_average():
    network, batch = model(gain=1.0), images(150)
    elbos = [
        measured.bce + measured.kl
        for measured in (measure(network, batch, seed) for seed in range(40))
    ]
    ones = [importance_weighted_nll(network, batch, 1, seed) for seed in range(100, 140)]
    error = math.hypot(np.std(elbos), np.std(ones)) / math.sqrt(40)
    assert np.mean(ones) == pytest.approx(np.mean(elbos), abs=4 * error)
    assert error < 0.5


def test_more_samples_make_the_bound_tighter():
    network, batch = model(), images(150)
    bounds = [importance_weighted_nll(network, batch, samples, 1) for samples in (1, 4, 32, 300)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[0] > bounds[-1] + 0.5


def test_the_bound_is_the_same_for_a_seed_and_tells_how_far_it_is():
    network, batch, progress = model(), images(150), []
    first = importance_weighted_nll(network, batch, 30, 5, on_progress=progress.append)
    assert progress == [100 / 150, 1.0]
    assert importance_weighted_nll(network, batch, 30, 5) == first
    assert importance_weighted_nll(network, batch, 30, 6) != first


@pytest.fixture(scope="module")
def digits() -> idx_files.Images:
    return idx_files.load("digits", None)


@pytest.fixture(scope="module")
def classifier(digits) -> DigitClassifier:
    return DigitClassifier(digits.train, digits.train_labels)


def test_real_digits_are_recognised_and_blends_blurs_and_noise_are_not(digits, classifier):
    generator = torch.Generator().manual_seed(1)
    real, classes = digits.test.float() / 255, digits.test_labels
    other = torch.randperm(500, generator=generator)
    blends = (0.5 * real + 0.5 * real[other])[classes != classes[other]]
    blurs = real[torch.randint(500, (500, 4), generator=generator)].mean(1)
    shuffled = real[:, torch.randperm(784, generator=generator)]
    assert classifier.recognised_share(real) > 0.7
    assert classifier.recognised_share(blends) < 0.1
    assert classifier.recognised_share(blurs) < 0.05
    assert classifier.recognised_share(shuffled) < 0.02
    assert classifier.recognised_share(torch.rand(500, 784, generator=generator)) == 0
    assert (
        classifier.recognised_share(torch.zeros(1, 784))
        == classifier.recognised_share(torch.full((1, 784), 0.5))
        == 0
    )


def test_the_judge_is_the_same_every_time_and_leaves_chance_alone(digits, classifier):
    torch.manual_seed(3)
    torch.set_num_threads(2)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    again = DigitClassifier(digits.train, digits.train_labels)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    pictures = digits.test.float() / 255 * 0.7
    assert again.recognised_share(pictures) == classifier.recognised_share(pictures)


def test_an_auto_encoder_reconstructs_better_and_samples_worse(digits):
    found = {}
    for kind in ("vae", "ae"):
        config = tiny_config(
            epochs=10, batch_size=100, latent_dim=20, hidden=200, lr=3e-3, model=kind
        )
        trainer = Trainer(config, digits, CPU, StepPlan("fp32"))
        finish(trainer)
        found[kind] = assess(trainer.model, digits, config, trainer.step, 0)
    assert found["ae"].bce_at_mean < found["vae"].bce_at_mean - 2
    assert found["ae"].confident_samples < 0.2 * found["vae"].confident_samples
    assert found["vae"].confident_samples < 0.6 * found["vae"].confident_test_images
    for kind, assessment in found.items():
        prior, posterior, mixture, real = assessment.sources
        assert prior.recognised == assessment.confident_samples
        assert real.recognised == assessment.confident_test_images
        for one in (posterior, mixture):
            assert real.frechet_distance < one.frechet_distance < 0.6 * prior.frechet_distance
            assert one.recognised > (10 if kind == "ae" else 1) * prior.recognised


def assessed(samples: int = 0, **changes: object) -> tuple[RunConfig, object]:
    config = tiny_config(**changes)
    return config, assess(model_at(1, config), random_images(), config, 1, samples)


def test_an_assessment_is_what_measure_finds_and_names_every_field_of_the_contract():
    config, found = assessed(20)
    record = json.loads(as_json(found))
    assert list(record)[: len(CONTRACT)] == CONTRACT
    measured = measure(model_at(1, config), random_images().test, 1)
    assert record["elbo_loss"] == pytest.approx(measured.bce + measured.kl)
    assert record["bce_at_mean"] == pytest.approx(measured.bce_at_mean)
    assert record["kl_per_dimension"] == pytest.approx(list(measured.kl_per_dimension))
    assert (record["samples"], record["images"], record["step"]) == (20, 150, 1)
    assert record["nll"] < record["elbo_loss"]


def test_the_sources_are_named_in_text_and_json_with_what_the_distance_is_of():
    config, found = assessed()
    record, text = json.loads(as_json(found)), as_text(found, "r", config)
    names = ["prior", "posterior", "mixture", "test images"]
    assert [one["source"] for one in record["sources"]] == names
    assert record["frechet_features"] == "the hidden layer of this project's own classifier"
    for one in record["sources"]:
        (line,) = [line for line in text.splitlines() if line.startswith(f"  {one['source']}  ")]
        assert f"{one['recognised']:.1%}" in line
        assert f"{one['frechet_distance']:.2f}" in line
    assert "own classifier" in text
    assert "Not comparable with FID" in text


def test_images_without_classes_have_a_distance_on_other_features_and_no_recognised_share():
    config, found = assessed(classes=NO_CLASSES, dataset="/some/folder", data_checksum=CHECKSUM)
    assert [one.recognised for one in found.sources] == [None] * 4
    assert found.confident_samples is found.confident_test_images is None
    assert all(one.frechet_distance > 0 for one in found.sources)
    text = as_text(found, "r", config)
    assert "a fixed random network of this project" in text
    assert "sure of one class" not in text


@pytest.mark.parametrize("count", [6_000, 13_500])
def test_the_classifier_of_a_folder_sorted_by_class_learns_every_class(digits, count):
    order = digits.train_labels.argsort(stable=True)[torch.arange(count) * 4_500 // count]
    by_class = dataclasses.replace(
        digits, train=digits.train[order], train_labels=digits.train_labels[order]
    )
    config = tiny_config(
        classes=tuple("0123456789"), dataset="/some/folder", data_checksum=CHECKSUM
    )
    found = assess(model_at(1, config), by_class, config, 1, 0)
    assert found.confident_test_images > 0.6
    assert found.sources[-1].frechet_distance < 7  # 9.3 from images of eight classes


def test_a_dimension_is_active_when_the_variance_of_its_mean_not_the_deviation_exceeds_the_limit():
    class Known(Mlp):
        def encode(self, x: torch.Tensor) -> Posterior:
            sign = torch.tensor([1.0, -1.0]).repeat(len(x) // 2)[:, None]
            mean = sign * torch.tensor([0.05, 0.09, 0.11])
            return Posterior(mean, torch.zeros_like(mean))

    assert measure(Known(3, 16), images(20), 1).active_units == 1


def test_without_samples_there_is_no_nll():
    config, found = assessed()
    assert json.loads(as_json(found))["nll"] is None
    assert "not measured; --samples 200 does" in as_text(found, "r", config)


def test_an_auto_encoder_has_neither_bound():
    config, found = assessed(20, model="ae")
    record = json.loads(as_json(found))
    assert record["elbo_loss"] is None
    assert record["nll"] is None
    assert record["bce"] == record["bce_at_mean"]
    assert "codes have no distribution" in as_text(found, "r", config)


def test_the_text_gives_each_number_with_its_meaning():
    config, found = assessed(20)
    text = as_text(found, "my-run", config)
    for number, meaning in (
        (f"{found.elbo_loss:.2f}", "upper bound on -log p(x)"),
        (f"{found.nll:.2f}", "importance-weighted, K = 20: a tighter bound"),
        (f"{found.bce_at_mean:.2f}", "the course's notebook"),
        (f"{found.active_units} of 4", "variance above 0.01"),
        (f"{found.confident_samples:.1%}", "of 1000 samples of the prior"),
    ):
        assert any(number in line and meaning in line for line in text.splitlines()), meaning
    assert "my-run: vae, weights of step 1, 150 test images of digits" in text
    assert "not a normalised likelihood" in text
    assert text.isascii()


def test_squared_error_is_called_so():
    config, found = assessed(20, reconstruction="mse")
    text = as_text(found, "r", config)
    assert "squared error / 2" in text
    assert "without its constant, 720.4 nats" in text
    assert "BCE" not in text


@pytest.mark.parametrize("samples", [-1, 100_001])
def test_a_number_of_samples_out_of_range_is_refused(tmp_path, samples):
    run = explored_run(tmp_path)
    with pytest.raises(UsageError, match=f"--samples must be 0 to 100000, not {samples}"):
        assess_run(run, run.config(), None, samples)


def test_a_kept_step_can_be_assessed(tmp_path, digits):
    run = explored_run(tmp_path)
    config = run.config()
    found = assess_run(run, config, 20, 0)
    assert found.step == 20
    assert found.bce == pytest.approx(measure(model_at(20, config), digits.test, 1).bce)
    with pytest.raises(VaeTuiError, match="step 21 was not kept"):
        assess_run(run, config, 21, 0)
