"""The networks: torch module, its numpy twin, loss, gradient. No other room knows architectures."""

from collections.abc import Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from vae_tui.run.config import RunConfig

if TYPE_CHECKING:
    from vae_tui.model.numpy_network import Network
    from vae_tui.model.vae import VAE

ARCHITECTURES: Mapping[str, tuple[str, str]] = {
    "mlp": ("vae_tui.model.mlp:Mlp", "vae_tui.model.numpy_mlp:NumpyMlp"),
}
"""The `VAE` and the `Network` of each architecture.

Imported when used: the trainer needs only the torch module, the screen only the numpy twin.
"""


def build(config: RunConfig) -> "VAE":
    """Return the torch module of a run's network, with random weights. Imports torch."""
    module = resolve_name(ARCHITECTURES[config.architecture][0])
    network: VAE = module(
        config.latent_dim,
        config.hidden,
        noisy=config.model == "vae",
        image_shape=config.image_shape,
    )
    return network


def load_network(path: Path, config: RunConfig) -> "Network":
    """Return the numpy twin of a run's network with the weights in a file.

    Raises:
        VaeTuiError: It is no safetensors file, it is of images of another shape, or a tensor is
            missing, of another shape or not finite; the file and the tensor are named.
    """
    twin: type[Network] = resolve_name(ARCHITECTURES[config.architecture][1])
    return twin.load(path, config)
