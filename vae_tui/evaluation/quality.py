"""How good samples are from each source: the prior, the aggregate posterior, a mixture."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_tui.arrays import Floats
from vae_tui.evaluation.digit_classifier import DigitClassifier
from vae_tui.evaluation.frechet import frechet_distance, moments
from vae_tui.latent.codes import aggregate, prior
from vae_tui.latent.mixture_fit import fit
from vae_tui.latent.posterior import LARGEST_LOGVAR, Posteriors, posteriors_of
from vae_tui.model.vae import VAE

SAMPLES = 1_000
"""From each source, for the share that is recognised."""
MOST_IMAGES = 4_500
"""Of the test set, for the Fréchet distance; spread over it, as MNIST's first half is easier."""
TEST_IMAGES = "test images"
Features = Callable[[Tensor], Tensor]
"""Returns (M, k) for images in [0, 1], (M, P)."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the samples of a source are, or the test images themselves."""

    source: str
    """prior, posterior, mixture or test images."""
    recognised: float | None
    """Share that `DigitClassifier` recognises, 0 to 1; None for images without classes."""
    frechet_distance: float | None
    """Distance of the test images, or of as many samples, from training images.

    None if there is only one image for training or for the test.
    """


def qualities(
    model: VAE,
    training: Tensor,
    test: Tensor,
    known: Tensor,
    seed: int,
    classifier: DigitClassifier | None,
    features: Features,
) -> tuple[Quality, ...]:
    """Return the quality of each source, then of the test images.

    Images are uint8 (N, P). The posterior and the mixture know the codes of ``known``, the test
    images in the run's probe, as in ``vae-tui sample``. So the distances are from training images:
    halves of a small test set are too few. (Those of ``digits`` are 10.5 apart on the classifier's
    features, further than 250 samples of a posterior.) There are as many samples as test images,
    because fewer images have a larger distance.
    """
    real = test[:: max(len(test) // MOST_IMAGES, 1)][:MOST_IMAGES]
    count = len(real)
    # One image has no covariance.
    reference = moments(_of(features, _pixels(training))) if len(training) > 1 else None

    def quality(source: str, for_distance: Tensor, for_share: Tensor) -> Quality:
        share = classifier.recognised_share(for_share) if classifier else None
        if reference is None or count < 2:
            return Quality(source, share, None)
        found = moments(_of(features, for_distance))
        return Quality(source, share, frechet_distance(found, reference))

    posteriors, drawn = _posteriors(model, known), max(count, SAMPLES)
    found = []
    for source, codes in {
        "prior": prior(seed, drawn, model.latent_dim),
        "posterior": aggregate(seed, drawn, posteriors),
        "mixture": fit(posteriors).draw(seed, drawn),
    }.items():
        pictures = decoded(model, codes)
        found.append(quality(source, pictures[:count], pictures[:SAMPLES]))
    return *found, quality(TEST_IMAGES, _pixels(real), _pixels(known))


@torch.no_grad()
def decoded(model: VAE, codes: Floats) -> Tensor:
    """Return the images of codes (N, d), in [0, 1], (N, P), on the CPU."""
    device = next(model.parameters()).device
    blocks = torch.split(torch.from_numpy(codes).to(device), SAMPLES)
    return torch.cat([torch.sigmoid(model.decode(block)).cpu() for block in blocks])


@torch.no_grad()
def _posteriors(model: VAE, images: Tensor) -> Posteriors:
    posterior = model.encode(_pixels(images).to(next(model.parameters()).device))
    logvars = posterior.logvar.clamp(-LARGEST_LOGVAR, LARGEST_LOGVAR)
    kind = "vae" if model.noisy else "ae"
    return posteriors_of(posterior.mean.cpu().numpy(), logvars.cpu().numpy(), kind)


def _pixels(images: Tensor) -> Tensor:
    return images.float() / 255


def _of(features: Features, pictures: Tensor) -> Floats:
    found: Floats = features(pictures).numpy()
    return found
