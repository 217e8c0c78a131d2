"""A numpy network as a state dict and as a safetensors file."""

import numpy as np
from safetensors.numpy import save

from vae_tui.arrays import Floats
from vae_tui.model.numpy_vae import Network

_LAYERS = ("encoder.0", "encoder.2", "decoder.0", "decoder.2")


def state_dict(network: Network) -> dict[str, Floats]:
    """Return the weights under the course's names and in its shapes, float32."""
    layers = zip(_LAYERS, (*network.encoder, *network.decoder), strict=True)
    return {
        f"{name}.{kind}": np.ascontiguousarray(value, np.float32)
        for name, (weight, bias) in layers
        for kind, value in (("weight", weight.T), ("bias", bias))
    }


def safetensors_file(network: Network) -> bytes:
    """Return the weights as safetensors with the step in the metadata."""
    return save(state_dict(network), {"step": str(network.step)})
