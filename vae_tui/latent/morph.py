"""Interpolations between test images, decoded."""

import re

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.errors import UsageError
from vae_tui.latent.codes import between, check_range
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
from vae_tui.run.config import check_choice
from vae_tui.text import printable

PATHS = ("linear", "slerp", "pixels")
"""Two interpolations in the latent space, and for contrast a cross-fade of pixels."""
MOST_STEPS = 200


def choose_ends(start: str, end: str, probe: Probe, seed: int | None = None) -> tuple[int, int]:
    """Return two indices in the probe, each given as a class or a test image ``#123``.

    A class is given by its number or its name; a number is never taken as a name.
    A class stands for its image nearest to the mean of the class in pixels, whatever the weights;
    with ``seed`` for a random one. The same class twice gives two different images.

    Raises:
        UsageError: One is neither, or the probe has no such image.
    """
    first = _choose(start, probe, seed, ())
    return first, _choose(end, probe, seed, (first,) if end.strip() == start.strip() else ())


def title_of(probe: Probe, index: int) -> str:
    """Return the class and number of a test image as printable text; without classes the number."""
    number = f"test image #{index}"
    return f"{printable(probe.class_name(index))} ({number})" if probe.has_classes else number


def morph(
    network: Network, probe: Probe, ends: tuple[int, int], steps: int, path: str = "linear"
) -> Bytes:
    """Return images from one test image's reconstruction to another's: (steps, H, W).

    ``ends`` are indices in the probe; `film` describes steps and path. Raises UsageError when
    ``steps`` is out of range or the path is unknown.
    """
    check_range("--steps", steps, 2, MOST_STEPS)
    check_choice("path", path, PATHS)
    means, _ = network.encode(probe.images[list(ends)])
    return film(network, means[0], means[1], steps, path)[0]


def film(
    network: Network, start: Floats, end: Floats, steps: int, path: str
) -> tuple[Bytes, Floats]:
    """Return the images of an interpolation between two codes (d,), and their codes (steps, d).

    Both ends are included. ``path`` is ``linear``, ``slerp``, or ``pixels``: a cross-fade of the
    decoded ends; its codes are the means of q(z|x) of its images.
    """
    if path != "pixels":
        codes = between(start, end, steps, path)
        return network.decode(codes), codes
    first, last = network.decode(np.stack([start, end])).astype(np.float32)
    faded = between(first.ravel(), last.ravel(), steps)
    images = np.rint(faded).astype(np.uint8).reshape(-1, *first.shape)
    return images, network.encode(images)[0]


def _choose(text: str, probe: Probe, seed: int | None, taken: tuple[int, ...]) -> int:
    text = text.strip()
    if re.fullmatch(r"#[0-9]{1,9}", text) and int(text[1:]) < len(probe.images):
        return int(text[1:])
    if re.fullmatch(r"[0-9]{1,3}", text):
        label = int(text)
    else:
        label = probe.classes.index(text) if text in probe.classes else len(probe.classes)
    if label >= len(probe.classes):
        classes = f"class from 0 to {len(probe.classes) - 1}, or a " if probe.has_classes else ""
        raise UsageError(
            f"{text[:40]!r} is not an image to morph: "
            f"give a {classes}test image from '#0' to '#{len(probe.images) - 1}'"
        )
    members = probe.of_class(label)
    if not len(members):
        raise UsageError(f"the run's test images have none of class {probe.classes[label]}")
    images = probe.images[members].reshape(len(members), -1).astype(np.float32)
    order = (
        np.argsort(np.square(images - images.mean(0)).sum(1), kind="stable")
        if seed is None
        else np.random.default_rng(seed).permutation(len(members))
    )
    ranked = [int(members[index]) for index in order]
    return next((index for index in ranked if index not in taken), ranked[0])
