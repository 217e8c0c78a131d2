"""A network's weights as a safetensors file."""

import numpy as np
from safetensors.numpy import save

from vae_tui.model.numpy_network import Network


def safetensors_file(network: Network) -> bytes:
    """Return the state dict as safetensors, with step and image shape in the metadata."""
    # safetensors writes the bytes as they are in memory, whatever the strides say.
    weights = {name: np.ascontiguousarray(value) for name, value in network.weights.items()}
    return save(weights, {"step": str(network.step), "image_shape": str(network.image_shape)})
