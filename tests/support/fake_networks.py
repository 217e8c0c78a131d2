"""Small networks and test images of the real kind, made without training."""

import dataclasses
import math
from collections.abc import Iterable

import numpy as np
from support.run_events import CONFIG, NOW

from vae_tui.arrays import Bytes
from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.latent.codes import prior
from vae_tui.latent.mixture import Mixture
from vae_tui.latent.posterior import Posteriors
from vae_tui.model.mlp.numpy_twin import NumpyMlp
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe


def random_network(
    step: int,
    seed: int | None = None,
    d: int = 20,
    hidden: int = 12,
    shape: ImageShape = DEFAULT_SHAPE,
) -> Network:
    """Return a small network of the real kind; another one for each step."""
    generator = np.random.default_rng(step if seed is None else seed)
    config = dataclasses.replace(CONFIG, latent_dim=d, hidden=hidden, image_shape=shape)
    weights = {
        name: generator.normal(0, 0.6 if name.endswith("bias") else 0.3, size).astype(np.float32)
        for name, size in NumpyMlp.tensor_shapes(config).items()
    }
    weights["encoder.0.weight"] /= 10
    return NumpyMlp(step, NOW - 2, d, shape, weights)


def flat_network(step: int, grey: int, d: int = 20) -> Network:
    """Return a network that decodes every code to the same ``grey``, from 1 to 254."""
    config = dataclasses.replace(CONFIG, latent_dim=d, hidden=2)
    shapes = NumpyMlp.tensor_shapes(config).items()
    weights = {name: np.zeros(size, np.float32) for name, size in shapes}
    weights["decoder.2.bias"] += np.float32(math.log(grey / (255 - grey)))
    return NumpyMlp(step, NOW - 2, d, DEFAULT_SHAPE, weights)


def probe(labels: Iterable[int] = tuple(range(10)) * 3, shape: ImageShape = DEFAULT_SHAPE) -> Probe:
    """Return noisy pictures with these labels."""
    known = np.array(list(labels), np.uint8)
    images = np.random.default_rng(3).integers(0, 256, (len(known), *shape.array), dtype=np.uint8)
    return Probe(images, known, tuple("0123456789"))


def probe_without_classes() -> Probe:
    """Return the pictures of `probe` as those of a folder without sub-folders."""
    images = probe().images
    return Probe(images, np.zeros(len(images), np.uint8), ("images",))


def one_gaussian(posteriors: Posteriors) -> Mixture:
    """Return the Gaussian of the means, as a mixture of one."""
    means = posteriors.means
    covariance = np.cov(means, rowvar=False).reshape(2 * means.shape[1:]) + 1e-6 * np.eye(
        means.shape[1]
    )
    factor = np.linalg.cholesky(covariance).astype(np.float32)
    return Mixture(np.ones(1, np.float32), means.mean(0)[None], factor[None])


def samples_of(network: Network, seed: int, count: int) -> Bytes:
    return network.decode(prior(seed, count, network.latent_dim))
