"""Small networks and test images of the real kind, made without training."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from support.run_events import NOW

from vae_tui.arrays import Bytes
from vae_tui.latent.codes import prior
from vae_tui.model.numpy_vae import Network
from vae_tui.model.probe import Probe


def random_network(step: int, seed: int | None = None, d: int = 20, hidden: int = 12) -> Network:
    """Return a small network of the real kind; another one for each step."""
    generator = np.random.default_rng(step if seed is None else seed)

    def layer(inputs: int, outputs: int) -> tuple[Any, Any]:
        weights = generator.normal(0, 0.3, (inputs, outputs))
        return weights.astype(np.float32), generator.normal(0, 0.6, outputs).astype(np.float32)

    return Network(
        step=step,
        saved_at=NOW - 2,
        encoder=((layer(784, hidden)[0] / 10, layer(1, hidden)[1]), layer(hidden, 2 * d)),
        decoder=(layer(d, hidden), layer(hidden, 784)),
    )


def flat_network(step: int, grey: int, d: int = 20) -> Network:
    """Return a network that decodes every code to the same ``grey``, from 1 to 254."""
    logit = math.log(grey / (255 - grey))
    zeros = np.zeros

    def layer(inputs: int, outputs: int, bias: float = 0.0) -> tuple[Any, Any]:
        return zeros((inputs, outputs), np.float32), np.full(outputs, bias, np.float32)

    return Network(
        step=step,
        saved_at=NOW - 2,
        encoder=(layer(784, 2), layer(2, 2 * d)),
        decoder=(layer(d, 2), layer(2, 784, logit)),
    )


def probe(labels: Iterable[int] = tuple(range(10)) * 3) -> Probe:
    """Return noisy pictures with these labels."""
    known = np.array(list(labels), np.uint8)
    images = np.random.default_rng(3).integers(0, 256, (len(known), 784), dtype=np.uint8)
    return Probe(images, known)


def samples_of(network: Network, seed: int, count: int) -> Bytes:
    return network.decode(prior(seed, count, network.latent_dim))
