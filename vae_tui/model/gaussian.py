"""The Gaussian likelihood with one learned variance (sigma-VAE), as far as it needs no arrays.

The network's parameter is a tenth of the log-variance, `VARIANCE_PARAMETER` in the state dict: Adam
moves each parameter by about the learning rate in a step, and from the variance of an untrained
network to that of a trained one it is a long way: about 2, or 2,000 steps of 0.001. On the shipped
digits (mlp) the test bound is -504 nats after 40 epochs, and -352 with the log-variance itself.

Source:
    Rybkin et al. 2021, https://arxiv.org/abs/2006.13202.
"""

import math

VARIANCE_PARAMETER = "scaled_log_variance"
SCALE = 10.0
"""Log-variance for a parameter of 1."""
LOWEST_LOG_VARIANCE = -2 * math.log(255)
"""Of the pixels: a standard deviation of one grey level. Without a limit the variance of images
that the decoder copies exactly would go to 0 and the loss to minus infinity.
"""
FIRST_LOG_VARIANCE = -math.log(12)
"""Of an untrained network: the variance of uniformly random greys in [0, 1]."""


def loss_coefficients(pixels: int, log_variance: float) -> tuple[float, float]:
    """Return a and b of -log N(x; x_hat, variance I) = a + b ||x - x_hat||^2, in nats."""
    constant = 0.5 * pixels * (math.log(2 * math.pi) + log_variance)
    return constant, 0.5 * math.exp(-log_variance)


def bits_per_dimension(nats_per_image: float, pixels: int) -> float:
    """Return a loss, the negative logarithm of a density of [0, 1], in bits per pixel value.

    The density times the distance of two grey levels, 1/255, counts as the probability of a level.
    """
    return (nats_per_image / pixels + math.log(255)) / math.log(2)
