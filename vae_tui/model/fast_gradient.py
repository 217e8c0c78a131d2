"""Chooses between autograd and an architecture's hand-written gradient."""

from vae_tui.model.gradient import AutogradGradient, Gradient
from vae_tui.model.mlp_gradient import MlpGradient
from vae_tui.model.vae import VAE


def gradient_for(model: VAE, precision: str, reconstruction: str) -> Gradient:
    """Return the gradient that is fastest on the model's device."""
    device = next(model.parameters()).device
    if device.type == "cpu":
        return MlpGradient(model, precision, reconstruction)
    return AutogradGradient(model, precision, reconstruction)
