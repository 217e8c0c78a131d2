"""Features of images without classes, in which a Fréchet distance is measured."""

import torch
from torch import Tensor
from torch.nn import functional

from vae_tui.image_shape import ImageShape

_FILTERS, _FEATURES, _SEED, _BATCH = 32, 64, 1, 1_000


class RandomFeatures:
    """A fixed convolutional network with random weights, the same for every run.

    Not principal components of the pixels: on these the distance compares means and covariances of
    pixels alone, so that noise with those of MNIST counts as real (twice the distance of two
    halves of the test images; here 172 times), and the prior of a VAE as good as its aggregate
    posterior (12 and 11 times; here 340 and 150, an auto-encoder's prior 3,265). Other random
    weights change these by 5 %.
    """

    def __init__(self, images: Tensor, shape: ImageShape) -> None:
        """Pixels and features are standardised by ``images`` of the training set, uint8 (N, P)."""
        pixels = images.float() / 255
        self._mean, self._deviation = pixels.mean(), pixels.std().clamp(min=1e-6)
        self._shape = shape
        generator = torch.Generator().manual_seed(_SEED)
        filters = torch.randn(_FILTERS, shape.channels, 5, 5, generator=generator)
        filters /= (25 * shape.channels) ** 0.5
        self._filters = filters - filters.mean((1, 2, 3), keepdim=True)
        more = torch.randn(_FEATURES, _FILTERS, 3, 3, generator=generator)
        self._more = more / (9 * _FILTERS) ** 0.5
        self._scale = self._raw(pixels).std(0, correction=0).clamp(min=1e-6)

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return the features of images in [0, 1], (M, P): (M, 64)."""
        return self._raw(pictures) / self._scale

    @torch.no_grad()
    def _raw(self, pictures: Tensor) -> Tensor:
        shape = self._shape
        blocks = []
        for block in torch.split(pictures, _BATCH):
            x = (block - self._mean) / self._deviation
            x = x.view(len(block), shape.height, shape.width, shape.channels).movedim(3, 1)
            x = functional.conv2d(x, self._filters, stride=2, padding=2).relu()
            x = functional.conv2d(x, self._more, stride=2, padding=1).relu()
            blocks.append(x.mean((2, 3)))
        return torch.cat(blocks)
