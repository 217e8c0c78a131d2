"""Beta in the terms of programs that scale their losses differently.

Only the ratio of a loss's two terms decides what is learned, because Adam's steps do not depend on
the scale of the gradient. Here the reconstruction is summed over the P values of an image (of mse,
half the squared error) and the KL over the d latent dimensions.
"""

from dataclasses import dataclass

from vae_tui.run.config import RunConfig


@dataclass(frozen=True, slots=True)
class Convention:
    """Another way to scale the loss."""

    words: str
    factor: float
    """The weight that the KL has there, divided by beta."""


def conventions(config: RunConfig) -> tuple[Convention, ...]:
    """Return other ways to scale the loss of a run.

    A reconstruction R averaged over pixels is R / P. R / P + w KL is proportional to R + P w KL, so
    w is beta / P. With the KL averaged over the dimensions too, w is beta d / P, the normalised
    beta of Higgins et al. 2017. A squared error that is not halved is 2 R, which doubles both.

    ``kld_weight`` of PyTorch-VAE (https://github.com/AntixK/PyTorch-VAE) is the weight beside the
    squared error averaged over pixels: 2 beta / P.
    """
    pixels, is_squared = config.image_shape.pixels, config.reconstruction == "mse"
    scale = 2.0 if is_squared else 1.0
    mean = "with the reconstruction averaged over pixels"
    return (
        *([Convention("with the squared error not halved", scale)] if is_squared else []),
        Convention(mean + (" (PyTorch-VAE's kld_weight)" if is_squared else ""), scale / pixels),
        Convention("with the KL averaged over dimensions too", scale * config.latent_dim / pixels),
    )


def beta_elsewhere(config: RunConfig, beta: float) -> str:
    """Return a run's beta as other programs would give it, in a sentence."""
    others = (f"{one.factor * beta:.3g} {one.words}" for one in conventions(config))
    return f"In programs that scale the loss differently, beta {beta:g} is {', '.join(others)}."
