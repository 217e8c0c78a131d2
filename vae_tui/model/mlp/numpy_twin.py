"""The numpy twin of `Mlp`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.model.numpy_network import Network
from vae_tui.run.config import RunConfig


class NumpyMlp(Network):
    """The course's encoder and decoder."""

    __slots__ = ()

    @staticmethod
    def tensor_shapes(config: RunConfig) -> dict[str, tuple[int, ...]]:
        """Return names and shapes of the weights: matrices are (outputs, inputs)."""
        d, h, pixels = config.latent_dim, config.hidden, config.image_shape.pixels
        return {
            "encoder.0.weight": (h, pixels),
            "encoder.0.bias": (h,),
            "encoder.2.weight": (2 * d, h),
            "encoder.2.bias": (2 * d,),
            "decoder.0.weight": (h, d),
            "decoder.0.bias": (h,),
            "decoder.2.weight": (pixels, h),
            "decoder.2.bias": (pixels,),
        }

    @staticmethod
    def sizes(header: Mapping[str, Any]) -> dict[str, Any]:
        """Return the config's fields that the header of a weights file decides."""
        _, hidden = map(int, header["encoder.2.weight"]["shape"])
        _, latent_dim = map(int, header["decoder.0.weight"]["shape"])
        return {"hidden": hidden, "latent_dim": latent_dim}

    def encoder(self, pixels: Floats) -> Floats:
        """Return means and log-variances side by side, (N, 2d), for pixels in [0, 1], (N, P)."""
        return self._two_layers("encoder", pixels)

    def decoder(self, codes: Floats) -> Floats:
        """Return the logits of the pixels, (N, P), for codes (N, d)."""
        return self._two_layers("decoder", codes)

    def _two_layers(self, name: str, values: Floats) -> Floats:
        weights = self.weights
        sums = values @ weights[f"{name}.0.weight"].T + weights[f"{name}.0.bias"]
        result: Floats = np.maximum(sums, 0) @ weights[f"{name}.2.weight"].T
        return result + weights[f"{name}.2.bias"]
