"""A network's weights as a safetensors file."""

from safetensors.numpy import save

from vae_tui.model.numpy_network import Network


def safetensors_file(network: Network) -> bytes:
    """Return the state dict as safetensors, with step and image shape in the metadata."""
    return save(
        dict(network.weights),
        {"step": str(network.step), "image_shape": str(network.image_shape)},
    )
