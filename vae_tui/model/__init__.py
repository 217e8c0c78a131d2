"""The networks: torch module, its numpy twin, loss, gradient. No other room knows architectures.

``ARCHITECTURES`` names the two forms of each architecture. They are imported when they are used:
the trainer needs only the torch module, the screen only the numpy twin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from vae_tui.run.config import RunConfig

if TYPE_CHECKING:
    from vae_tui.model.numpy_network import Network
    from vae_tui.model.vae import VAE


@dataclass(frozen=True, slots=True)
class Architecture:
    """Where the two forms of one architecture are defined, as ``module:name``."""

    torch_module: str
    """A `VAE` with a class method ``of_config``."""
    numpy_twin: str
    """A `Network` that computes the same from the same weights."""


ARCHITECTURES: Mapping[str, Architecture] = {
    "mlp": Architecture("vae_tui.model.mlp:Mlp", "vae_tui.model.numpy_mlp:NumpyMlp"),
}


def build(config: RunConfig) -> "VAE":
    """Return the torch module of a run's network, with random weights. Imports torch."""
    module: type[VAE] = resolve_name(ARCHITECTURES[config.architecture].torch_module)
    return module.of_config(config)


def load_network(path: Path, config: RunConfig) -> "Network":
    """Return the numpy twin of a run's network with the weights in a file.

    Raises:
        VaeTuiError: It is no safetensors file, it is of images of another shape, or a tensor is
            missing, of another shape or not finite; the file and the tensor are named.
    """
    twin: type[Network] = resolve_name(ARCHITECTURES[config.architecture].numpy_twin)
    return twin.load(path, config)
