"""What ``vae-tui eval`` reports: losses on the test set, and the quality of samples."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vae_tui.data.catalogue import DATASETS
from vae_tui.data.idx_files import Images, load
from vae_tui.data.own.source import NO_CLASSES
from vae_tui.evaluation.digit_classifier import TRAINING_IMAGES, DigitClassifier
from vae_tui.evaluation.elbo import importance_weighted_nll, measure
from vae_tui.evaluation.features import RandomFeatures
from vae_tui.evaluation.quality import MOST_IMAGES, SAMPLES, Quality, qualities
from vae_tui.latent.codes import check_range
from vae_tui.model import build
from vae_tui.model.device import choose_device
from vae_tui.model.gaussian import bits_per_dimension
from vae_tui.model.network_at_step import network_at
from vae_tui.model.probe import probe_indices, spread
from vae_tui.model.torch_weights import state_dict
from vae_tui.model.vae import VAE
from vae_tui.run.config import RunConfig
from vae_tui.run.folder import Run

CLASSIFIER_FEATURES = "the hidden layer of this project's own classifier"
RANDOM_FEATURES = "a fixed random network of this project"
MOST_SAMPLES = 100_000
SEED = 1

OnProgress = Callable[[str, float | None], object]
"""Called with what is being computed and the share that is done; None when that is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Means over the test images, in nats per image unless stated otherwise."""

    elbo_loss: float | None
    """BCE + KL with z sampled; None for an auto-encoder, whose codes have no distribution."""
    bce: float
    kl: float
    bce_at_mean: float
    nll: float | None
    """Importance-weighted; None when not requested, and for an auto-encoder."""
    samples: int
    """K of ``nll``."""
    images: int
    active_units: int
    kl_per_dimension: tuple[float, ...]
    confident_samples: float | None
    """Share of prior samples that `DigitClassifier` recognises, 0 to 1; None without classes."""
    confident_test_images: float | None
    """The same share of real test images: what a perfect model would reach."""
    prior_samples: int
    step: int
    """The optimiser steps of the weights."""
    bits_per_dim: float | None
    """Of ``elbo_loss``, see `bits_per_dimension`; None where the loss is not that of a density."""
    sources: tuple[Quality, ...]
    """Of each source, and of the test images: the best that can be reached."""
    frechet_features: str
    """What the Fréchet distance is measured in."""


def assess_run(
    run: Run,
    config: RunConfig,
    step: int | None,
    samples: int,
    on_progress: OnProgress = lambda what, share: None,
) -> Assessment:
    """Measure a run's network with the weights of ``step``, the newest when None.

    Raises:
        UsageError: There are no such weights, no such device, or K is out of range.
        VaeTuiError: Weights or data set cannot be read.
    """
    check_range("--samples", samples, 0, MOST_SAMPLES)
    on_progress("reading the data set", None)
    network = network_at(run, config, step)
    model = build(config)
    model.load_state_dict(state_dict(network))
    data_dir = Path(config.data_dir)
    images = load(config.dataset, data_dir, config.image_shape, config.data_checksum)
    model.to(choose_device(config.device))
    return assess(model, images, config, network.step, samples, on_progress)


def assess(
    model: VAE,
    images: Images,
    config: RunConfig,
    step: int,
    samples: int,
    on_progress: OnProgress = lambda what, share: None,
) -> Assessment:
    """Measure a network on the test images and its samples against real digits.

    ``samples`` is K of the importance-weighted NLL; 0 omits it.
    """
    device = next(model.parameters()).device
    test = images.test.to(device)
    on_progress("ELBO of the test set", None)
    measured = measure(model, test, SEED, config.reconstruction)
    nll = None
    if samples and model.noisy:
        nll = importance_weighted_nll(
            *(model, test, samples, SEED, config.reconstruction),
            lambda share: on_progress("NLL", share),
        )
    training, labels, some_tests = _some(images, config)
    judge = None
    if config.classes != NO_CLASSES:
        on_progress("training the classifier that judges the samples", None)
        judge = _of_shipped_digits() if _are_digits(config) else DigitClassifier(training, labels)
    features = judge.features if judge else RandomFeatures(training, images.shape)
    on_progress("samples of each source", None)
    known = images.test[torch.from_numpy(probe_indices(len(images.test), config))]
    found = qualities(model, training, some_tests, known, SEED, judge, features)
    elbo_loss = measured.bce + measured.kl if model.noisy else None
    bits_per_dim = None
    if elbo_loss is not None and config.reconstruction == "gaussian":
        bits_per_dim = bits_per_dimension(elbo_loss, test.shape[1])
    return Assessment(
        elbo_loss=elbo_loss,
        bce=measured.bce,
        kl=measured.kl,
        bce_at_mean=measured.bce_at_mean,
        nll=nll,
        samples=samples,
        images=len(test),
        active_units=measured.active_units,
        kl_per_dimension=measured.kl_per_dimension,
        confident_samples=found[0].recognised,
        confident_test_images=found[-1].recognised,
        prior_samples=SAMPLES,
        step=step,
        bits_per_dim=bits_per_dim,
        sources=found,
        frechet_features=CLASSIFIER_FEATURES if judge else RANDOM_FEATURES,
    )


def _some(images: Images, config: RunConfig) -> tuple[Tensor, Tensor, Tensor]:
    """Return images to train a classifier on, their labels, and test images to compare with."""
    training, labels, test = images.train, images.train_labels, images.test
    if config.data_checksum:  # sorted by class
        chosen = torch.from_numpy(spread(len(training), TRAINING_IMAGES))
        training, labels = training[chosen], labels[chosen]
        test = test[torch.from_numpy(spread(len(test), MOST_IMAGES))]
    return training[:TRAINING_IMAGES], labels[:TRAINING_IMAGES], test


def _are_digits(config: RunConfig) -> bool:
    digits, own = DATASETS["digits"], DATASETS.get(config.dataset)
    return own is not None and (own.classes, own.shape) == (digits.classes, digits.shape)


@functools.cache
def _of_shipped_digits() -> DigitClassifier:
    images = load("digits", Path())
    return DigitClassifier(images.train, images.train_labels)
