"""The networks: torch module, its numpy twin, loss, gradient. No other room knows architectures."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, NamedTuple

from vae_tui.errors import UsageError
from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.model.gaussian import VARIANCE_PARAMETER
from vae_tui.run.config import RunConfig
from vae_tui.run.damaged_config import readable_config
from vae_tui.run.folder import Run
from vae_tui.run.tensor_header import metadata_of, read_header

if TYPE_CHECKING:
    from vae_tui.model.numpy_network import Network
    from vae_tui.model.vae import VAE


class Architecture(NamedTuple):
    """Where the classes of an architecture are; only the one that is used is imported."""

    module: str
    """The `VAE`, for the trainer."""
    twin: str
    """The `Network`, for the screen and the shell."""
    default_hidden: Callable[[int], int]
    """Takes the latent dimension; returns the default of ``--hidden``."""


ARCHITECTURES: Mapping[str, Architecture] = {
    "mlp": Architecture(
        "vae_tui.model.mlp.module:Mlp", "vae_tui.model.mlp.numpy_twin:NumpyMlp", lambda d: d**2
    ),
    "conv": Architecture(
        "vae_tui.model.conv.module:Conv", "vae_tui.model.conv.numpy_twin:NumpyConv", lambda d: 192
    ),
}


def choose_architecture(name: str, shape: ImageShape) -> str:
    """Return the architecture of that name; for ``auto`` the one for images of this shape."""
    if name != "auto":
        return name
    return "mlp" if shape == DEFAULT_SHAPE else "conv"


def build(config: RunConfig) -> "VAE":
    """Return the torch module of a run's network, with random weights. Imports torch."""
    module = resolve_name(ARCHITECTURES[config.architecture].module)
    network: VAE = module(
        config.latent_dim,
        config.hidden,
        noisy=config.model == "vae",
        image_shape=config.image_shape,
    )
    if config.reconstruction == "gaussian":
        network.learn_variance()
    return network


def load_network(path: Path, config: RunConfig) -> "Network":
    """Return the numpy twin of a run's network with the weights in a file.

    Raises:
        VaeTuiError: It is not a safetensors file, it is for images of another shape, or a tensor
            is missing, of another shape or not finite; the file and the tensor are named.
    """
    return _twin(config.architecture).load(path, config)


def config_or_fallback(run: Run) -> tuple[RunConfig, str]:
    """Return the run's config and an empty text; or a fallback, and what is wrong with the file.

    The fallback is the readable part of the file; if the header of the newest weights can be read,
    it has their sizes, and their likelihood if they have a learned variance.
    """
    config, damage = readable_config(run)
    if damage:
        with contextlib.suppress(
            *(UsageError, OSError, ValueError, KeyError, TypeError, OverflowError)
        ):
            header = read_header(run.weights)
            shape = ImageShape.of_metadata(metadata_of(header))
            config = replace(config, image_shape=shape, **_sizes(header))
            if VARIANCE_PARAMETER in header:
                config = replace(config, reconstruction="gaussian")
    return config, damage


def _sizes(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the config that a weights file decides; KeyError if it decides none."""
    for name in ARCHITECTURES:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return {"architecture": name, **_twin(name).sizes(header)}
    raise KeyError("decoder")


def _twin(architecture: str) -> "type[Network]":
    twin: type[Network] = resolve_name(ARCHITECTURES[architecture].twin)
    return twin
