"""The networks: torch module, its numpy twin, loss, gradient. No other room knows architectures."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from vae_tui.errors import UsageError
from vae_tui.image_shape import ImageShape
from vae_tui.run.config import RunConfig
from vae_tui.run.damaged_config import readable_config
from vae_tui.run.folder import Run
from vae_tui.run.tensor_header import metadata_of, read_header

if TYPE_CHECKING:
    from vae_tui.model.numpy_network import Network
    from vae_tui.model.vae import VAE

ARCHITECTURES: Mapping[str, tuple[str, str]] = {
    "mlp": ("vae_tui.model.mlp.module:Mlp", "vae_tui.model.mlp.numpy_twin:NumpyMlp"),
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
        VaeTuiError: It is not a safetensors file, it is for images of another shape, or a tensor
            is missing, of another shape or not finite; the file and the tensor are named.
    """
    return _twin(config).load(path, config)


def config_or_fallback(run: Run) -> tuple[RunConfig, str]:
    """Return the run's config and an empty text; or a fallback, and what is wrong with the file.

    The fallback is the readable part of the file, with the sizes of the newest weights if their
    header can be read.
    """
    config, damage = readable_config(run)
    if damage:
        with contextlib.suppress(
            *(UsageError, OSError, ValueError, KeyError, TypeError, OverflowError)
        ):
            header = read_header(run.weights)
            shape, sizes = ImageShape.of_metadata(metadata_of(header)), _twin(config).sizes(header)
            config = replace(config, image_shape=shape, **sizes)
    return config, damage


def _twin(config: RunConfig) -> "type[Network]":
    twin: type[Network] = resolve_name(ARCHITECTURES[config.architecture][1])
    return twin
