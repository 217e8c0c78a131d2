"""The course's fully connected encoder and decoder."""

from torch import nn

from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.model.mlp.gradient import MlpGradient
from vae_tui.model.vae import VAE


class Mlp(VAE):
    """pixels - hidden - 2d, and d - hidden - pixels, with ReLU; its state dict is the course's."""

    handwritten_gradient = MlpGradient
    sums_depend_on_threads = False

    def __init__(
        self,
        latent_dim: int = 20,
        hidden: int = 400,
        *,
        noisy: bool = True,
        image_shape: ImageShape = DEFAULT_SHAPE,
    ) -> None:
        pixels = image_shape.pixels
        super().__init__(
            nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent_dim)),
            nn.Sequential(nn.Linear(latent_dim, hidden), nn.ReLU(), nn.Linear(hidden, pixels)),
            latent_dim,
            noisy=noisy,
        )
