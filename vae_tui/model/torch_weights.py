"""A network's weights as torch tensors."""

import io

import torch
from torch import Tensor

from vae_tui.model.numpy_network import Network


def state_dict(network: Network) -> dict[str, Tensor]:
    """Return the state dict of the torch module; the mlp's is the one the course's class loads."""
    return {name: torch.from_numpy(value.copy()) for name, value in network.weights.items()}


def pt_file(network: Network) -> bytes:
    """Return the state dict as ``torch.save`` writes it: plain tensors, nothing to execute."""
    buffer = io.BytesIO()
    torch.save(state_dict(network), buffer)
    return buffer.getvalue()
