"""A run's weights as ``torch.load`` reads them."""

import io

import torch
from torch import Tensor

from vae_tui.model.numpy_vae import Network
from vae_tui.model.weights_file import state_dict


def tensors(network: Network) -> dict[str, Tensor]:
    """Return the state dict that the course's class loads, float32."""
    return {name: torch.from_numpy(value) for name, value in state_dict(network).items()}


def pt_file(network: Network) -> bytes:
    """Return the state dict as ``torch.save`` writes it: plain tensors, nothing to execute."""
    buffer = io.BytesIO()
    torch.save(tensors(network), buffer)
    return buffer.getvalue()
