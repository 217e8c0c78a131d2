"""The Gaussian likelihood with one learned variance (sigma-VAE): the part that needs no arrays.

The network's parameter, `VARIANCE_PARAMETER` in the state dict, is a tenth of the log-variance.
Adam moves a parameter by about the learning rate in a step, and the log-variance changes by about 2
during training: at a rate of 0.001 that would take 2,000 steps. On the shipped digits (mlp) the
test bound is -504 nats after 40 epochs, and -352 if the parameter is the log-variance itself.

Source:
    Rybkin et al. 2021, https://arxiv.org/abs/2006.13202.
"""

import math

VARIANCE_PARAMETER = "scaled_log_variance"
SCALE = 10.0
"""The log-variance divided by the parameter."""
LOWEST_LOG_VARIANCE = -2 * math.log(255)
"""Lower limit: a standard deviation of one grey level. Without it the variance of images that the
decoder copies exactly would go to 0 and the loss to minus infinity.
"""
FIRST_LOG_VARIANCE = -math.log(12)
"""Initial value: the variance of uniformly random greys in [0, 1]."""


def loss_coefficients(pixels: int, log_variance: float) -> tuple[float, float]:
    """Return a and b of -log N(x; x_hat, variance I) = a + b ||x - x_hat||^2, in nats."""
    constant = 0.5 * pixels * (math.log(2 * math.pi) + log_variance)
    return constant, 0.5 * math.exp(-log_variance)


def bits_per_dimension(nats_per_image: float, pixels: int) -> float:
    """Return a loss, -log of a density of values in [0, 1], in bits per value of a pixel.

    The probability of a grey level is taken as the density times the distance of two levels, 1/255.
    """
    return (nats_per_image / pixels + math.log(255)) / math.log(2)
