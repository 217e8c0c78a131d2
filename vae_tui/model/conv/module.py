"""An encoder of strided convolutions and a decoder of transposed ones.

Chosen on Fashion-MNIST by the test bound after 3 epochs of 20,000 images, in nats, and the images
trained per CPU second (Intel with AVX512-BF16, one thread, fp32); the mlp has 270.3 and 20,000:

    without normalisation                  269.0   1,600
    group normalisation                    262.8   1,370    this one
    the same, kernels of 4x4               263.3   1,280
    the same, channels 64-128-128          261.3     470
    without: kernels of 4x4                265.9   1,460
    without: a hidden linear layer of 256  269.4   1,450
    without: SiLU instead of ReLU          270.3   1,780

The gradient of 256 images takes 214 ms of CPU time channels-last and 203 otherwise, of 32x32 images
in colour 241 and 259. In bf16 it takes 271 and 321 there, where `step_plan` chooses fp32.

After 20 epochs of all of its images 192 channels, the default (604,457 parameters, 1,000 images/s),
have 239.8, 128 channels, as above (310,825; 1,300), have 240.7, and the mlp (652,824) has 243.1.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.model.conv.feature_maps import (
    KERNEL,
    PADDING,
    STRIDE,
    FeatureMap,
    feature_maps,
    groups_of,
)
from vae_tui.model.vae import VAE, Posterior


class Conv(VAE):
    """Convolutions that halve the sides, and one linear layer to or from the code.

    ``encoder`` and ``decoder`` are sequences of torch's own layers that take and return images as
    (B, C, H, W): the same sequences in plain torch load its state dict. For 28x28 grey images, a
    width ``hidden`` of 128 and d = 20::

        encoder = Sequential(
            Conv2d(1, 32, 3, 2, 1), GroupNorm(8, 32), ReLU(),
            Conv2d(32, 64, 3, 2, 1), GroupNorm(8, 64), ReLU(),
            Conv2d(64, 128, 3, 2, 1), GroupNorm(8, 128), ReLU(),
            Flatten(), Linear(2048, 40),
        )
        decoder = Sequential(
            Linear(20, 2048), ReLU(), Unflatten(1, (128, 4, 4)),
            ConvTranspose2d(128, 64, 3, 2, 1, output_padding=0), GroupNorm(8, 64), ReLU(),
            ConvTranspose2d(64, 32, 3, 2, 1, output_padding=1), GroupNorm(8, 32), ReLU(),
            ConvTranspose2d(32, 1, 3, 2, 1, output_padding=1),
        )

    An image is stored as (H, W, C), so the view as (B, C, H, W) is in torch's channels-last memory
    format, and every convolution computes in it.
    """

    def __init__(
        self,
        latent_dim: int = 20,
        hidden: int = 192,
        *,
        noisy: bool = True,
        image_shape: ImageShape = DEFAULT_SHAPE,
    ) -> None:
        maps = feature_maps(image_shape, hidden)
        super().__init__(
            _encoder(maps, latent_dim), _decoder(maps, latent_dim), latent_dim, noisy=noisy
        )
        self._image = maps[0]

    def encode(self, images: Tensor) -> Posterior:
        """See `VAE`."""
        return super().encode(images.view(-1, *self._image).permute(0, 3, 1, 2))

    def decode(self, codes: Tensor) -> Tensor:
        """See `VAE`."""
        return super().decode(codes).permute(0, 2, 3, 1).flatten(1)


class _ToChannelsLast(nn.Unflatten):
    """Unflatten, then the channels-last memory format, which the next layers keep."""

    def forward(self, values: Tensor) -> Tensor:
        return super().forward(values).contiguous(memory_format=torch.channels_last)


def _encoder(maps: list[FeatureMap], latent_dim: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for finer, coarser in pairwise(maps):
        layers += [
            nn.Conv2d(finer.channels, coarser.channels, KERNEL, STRIDE, PADDING),
            *_normalised(coarser),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(maps[-1].values, 2 * latent_dim))


def _decoder(maps: list[FeatureMap], latent_dim: int) -> nn.Sequential:
    height, width, channels = maps[-1]
    layers: list[nn.Module] = [
        nn.Linear(latent_dim, maps[-1].values), nn.ReLU(),
        _ToChannelsLast(1, (channels, height, width)),
    ]  # fmt: skip
    for coarser, finer in pairwise(reversed(maps)):
        # Without output padding a side of n becomes 2n - 1.
        missing = (finer.height - 2 * coarser.height + 1, finer.width - 2 * coarser.width + 1)
        layers += [
            nn.ConvTranspose2d(
                coarser.channels, finer.channels, KERNEL, STRIDE, PADDING, output_padding=missing
            ),
            *(_normalised(finer) if finer != maps[0] else ()),
        ]
    return nn.Sequential(*layers)


def _normalised(values: FeatureMap) -> tuple[nn.Module, ...]:
    return nn.GroupNorm(groups_of(values.channels), values.channels), nn.ReLU()
