"""What a run's network makes of codes: samples, ways between digits, one point; numpy alone."""

import contextlib
import math
import re
from bisect import bisect_left

import numpy as np

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.latent.codes import between, prior
from vae_tui.model.numpy_vae import Bytes, Floats, Network, Probe, load_network
from vae_tui.run.config import RunConfig, check_choice
from vae_tui.run.folder import Run

PATHS = ("linear", "slerp", "pixels")
"""Ways of a morph: two through the latent space, and for contrast a cross-fade."""
MOST_SAMPLES = 10_000
MOST_STEPS = 200
HIGHEST_TEMPERATURE = 100.0
LARGEST = 1e4
"""Of a code's numbers: beyond, the network overflows and its picture means nothing."""


def network_at(run: Run, config: RunConfig, step: int | None = None) -> Network:
    """Return the run's network with the weights of ``step``; the newest when None.

    Raises:
        UsageError: There are no weights yet, or none of this step; the nearest are named.
        VaeTuiError: The weights cannot be read.
    """
    kept = run.kept_steps()
    if step is None:
        if run.weights.exists():
            return load_network(run.weights, config)
        if kept:
            return load_network(run.kept_weights(kept[-1]), config)
        raise UsageError(
            f"{run.name} has no weights yet; see how it is with: vae-tui attach {run.name}"
        )
    newest = None
    with contextlib.suppress(VaeTuiError):
        newest = load_network(run.weights, config)
    # Of the same step in both places, the newest are whole; those kept are rounded to float16.
    if newest is not None and newest.step == step:
        return newest
    if step in kept:
        return load_network(run.kept_weights(step), config)
    there = sorted({*kept, *([newest.step] if newest else [])})
    if not there:
        return network_at(run, config)
    raise UsageError(f"step {step} was not kept; the nearest {_nearest(there, step)}")


def samples(network: Network, count: int, seed: int, temperature: float = 1.0) -> Floats:
    """Return ``count`` codes of the prior, widened by ``temperature``: (count, d).

    Raises:
        UsageError: A number is out of range.
    """
    _check("-n", count, 1, MOST_SAMPLES)
    _check("--seed", seed, 0, 2**63 - 1)
    _check("--temperature", temperature, 0, HIGHEST_TEMPERATURE)
    return np.float32(temperature) * prior(seed, count, network.latent_dim)


def choose_ends(start: str, end: str, probe: Probe, seed: int | None = None) -> tuple[int, int]:
    """Return two indices in the probe, each given as a class ``3`` or a test image ``#123``.

    Of a class it is the image most like the class's mean in pixels, whatever the weights;
    with ``seed`` a random one. A class given twice gives two images of it.

    Raises:
        UsageError: One is neither, or the probe has no such image.
    """
    first = _choose(start, probe, seed, ())
    return first, _choose(end, probe, seed, (first,) if end.strip() == start.strip() else ())


def morph(
    network: Network, probe: Probe, ends: tuple[int, int], steps: int, path: str = "linear"
) -> Bytes:
    """Return ``steps`` pictures from one test image's reconstruction to another's: (steps, 784).

    Args:
        network: Decodes, and encodes the two ends.
        probe: The test images.
        ends: Indices in the probe.
        steps: Both ends are among them.
        path: ``linear`` or ``slerp`` between the means, or ``pixels``, a cross-fade of the ends.

    Raises:
        UsageError: The number of steps or the path is none.
    """
    _check("--steps", steps, 2, MOST_STEPS)
    check_choice("path", path, PATHS)
    means, _ = network.encode(probe.images[list(ends)])
    return film(network, means[0], means[1], steps, path)[0]


def film(
    network: Network, start: Floats, end: Floats, steps: int, path: str
) -> tuple[Bytes, Floats]:
    """Return what one sees on the way from a code (d,) to another, and where one is.

    Args:
        network: Decodes.
        start: (d,).
        end: (d,).
        steps: Both ends are among them.
        path: ``linear``, ``slerp``, or ``pixels``: a cross-fade of the decoded ends.

    Returns:
        Pictures, uint8 (steps, 784), and codes (steps, d); of a cross-fade the means of q(z|x)
        of its pictures.
    """
    if path != "pixels":
        codes = between(start, end, steps, "slerp" if path == "slerp" else "linear")
        return network.decode(codes), codes
    ends = network.decode(np.stack([start, end])).astype(np.float32)
    pictures = np.rint(between(ends[0], ends[1], steps)).astype(np.uint8)
    return pictures, network.encode(pictures)[0]


def parse_code(text: str, latent_dim: int) -> Floats:
    """Return the code (d,) of numbers separated by commas or spaces.

    Raises:
        UsageError: It is not ``latent_dim`` finite numbers.
    """
    words = re.split(r"\s*,\s*|\s+", text.strip().strip("[]").strip())
    wanted = f"--z wants {latent_dim} number{'s' if latent_dim > 1 else ''} with commas between"
    code = np.empty(len(words), np.float32)
    for index, word in enumerate(words):
        try:
            with np.errstate(over="ignore"):
                code[index] = float(word)
        except ValueError:
            raise UsageError(f"{wanted}; number {index + 1} is {word[:40]!r}") from None
        if not abs(code[index]) <= LARGEST:
            raise UsageError(
                f"{wanted}, none beyond {LARGEST:g}; number {index + 1} is {word[:40]!r}"
            )
    if len(code) != latent_dim:
        raise UsageError(f"{wanted}, one for each latent dimension; there are {len(code)}")
    return code


def code_text(code: Floats) -> str:
    """Return a code as ``parse_code`` reads it back, to the last bit."""
    return ",".join(str(np.float32(value)) for value in code)


def _choose(text: str, probe: Probe, seed: int | None, taken: tuple[int, ...]) -> int:
    text = text.strip()
    if re.fullmatch(r"#[0-9]{1,9}", text) and int(text[1:]) < len(probe.images):
        return int(text[1:])
    if not re.fullmatch(r"[0-9]", text):
        raise UsageError(
            f"{text[:40]!r} is no digit to morph: give a class from 0 to 9, "
            f"or a test image from '#0' to '#{len(probe.images) - 1}'"
        )
    members = probe.of_class(int(text))
    if not len(members):
        raise UsageError(f"the run's test images have none of class {text}")
    images = probe.images[members].astype(np.float32)
    order = (
        np.argsort(np.square(images - images.mean(0)).sum(1), kind="stable")
        if seed is None
        else np.random.default_rng(seed).permutation(len(members))
    )
    ranked = [int(members[index]) for index in order]
    return next((index for index in ranked if index not in taken), ranked[0])


def _nearest(steps: list[int], wanted: int) -> str:
    above = bisect_left(steps, wanted)
    near = [str(step) for step in steps[max(above - 1, 0) : above + 1]]
    return f"{'are' if len(near) > 1 else 'is'} {' and '.join(near)}"


def _check(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise UsageError(f"{name} must be {low} to {high:g}, not {value:g}")
