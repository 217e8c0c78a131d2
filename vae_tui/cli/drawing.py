"""What the drawing commands compute: pictures, and a line that describes them."""

import math
from typing import TYPE_CHECKING, Protocol

from vae_tui.run.folder import Run
from vae_tui.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from vae_tui.arrays import Bytes, Floats
    from vae_tui.model.numpy_network import Network

    Show = Callable[[Bytes, int, str], None]
    """Takes images, uint8 (N, H, W), how many a row, and a line that describes them."""

    Flatten = Callable[[Floats], tuple[Floats, str]]
    """Takes codes (N, d); returns points (N, 2) and the name of the method."""


class ShowMap(Protocol):
    """Takes points (N, 2), labels (N,), the names of the classes, and what it is."""

    def __call__(
        self, points: "Floats", labels: "Bytes", classes: tuple[str, ...], about: str, /
    ) -> None:
        """Draw the map."""


def sample(
    run: Run, step: int | None, count: int, seed: int, temperature: float, show: "Show"
) -> None:
    """Draw digits from the prior."""
    from vae_tui.latent import codes
    from vae_tui.model import network_at_step

    network = network_at_step.network_at(run, run.config(), step)
    pictures = network.decode(codes.samples(network, count, seed, temperature))
    about = f"{count} samples of the prior, seed {seed}, temperature {temperature:g}"
    show(pictures, math.isqrt(count - 1) + 1, f"{about}; {_weights(run, network)}")


def draw_morph(
    run: Run,
    step: int | None,
    names: tuple[str, str],
    steps: int,
    path: str,
    seed: int | None,
    show: "Show",
) -> None:
    """Draw the interpolation from one test digit to another."""
    from vae_tui.latent import morph
    from vae_tui.model import network_at_step
    from vae_tui.model.probe import load_probe

    config = run.config()
    network = network_at_step.network_at(run, config, step)
    probe = load_probe(run.probe, config)
    ends = morph.choose_ends(*names, probe, seed)
    pictures = morph.morph(network, probe, ends, steps, path)
    start, end = (f"{probe.labels[index]} (test image #{index})" for index in ends)
    about = f"{start} to {end}, {steps} pictures, {path}"
    show(pictures, steps, f"{about}; {_weights(run, network)}")


def decode(run: Run, step: int | None, z: str, show: "Show") -> None:
    """Draw the digit of one code."""
    from vae_tui.latent import codes
    from vae_tui.model import network_at_step

    network = network_at_step.network_at(run, run.config(), step)
    code = codes.parse_code(z, network.latent_dim)
    about = f"z = {codes.code_text(code)}"
    show(network.decode(code[None]), 1, f"{about}; {_weights(run, network)}")


def draw_map(run: Run, step: int | None, flatten: "Flatten", show: ShowMap) -> None:
    """Draw the means of the test digits in two dimensions."""
    from vae_tui.model import network_at_step
    from vae_tui.model.probe import load_probe

    config = run.config()
    network = network_at_step.network_at(run, config, step)
    probe = load_probe(run.probe, config)
    points, how = flatten(network.encode(probe.images)[0])
    about = f"{how} of the means of {len(points)} test images; {_weights(run, network)}"
    show(points, probe.labels, probe.classes, about)


def _weights(run: Run, network: "Network") -> str:
    return f"weights of step {network.step} of {printable(run.name)}"
