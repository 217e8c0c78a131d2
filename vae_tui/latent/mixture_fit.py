"""Fits a mixture of Gaussians to codes. Importing scikit-learn takes a second."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from vae_tui.latent.codes import aggregate
from vae_tui.latent.mixture import Mixture
from vae_tui.latent.posterior import Posteriors

COMPONENTS = 20
"""Most Gaussians of a mixture: one for each 25 images, so that none is a copy of an image.

MNIST, d = 20, 5,000 samples: share that `DigitClassifier` recognises (prior 0.27, aggregate
posterior 0.70) with 1, 5, 10, 20 and 50 Gaussians 0.29, 0.50, 0.59, 0.61, 0.66; 20 with a shared
covariance 0.55, with diagonal ones 0.52. Of an auto-encoder (0.001, 0.73): 0.26, 0.49, 0.57, 0.60,
0.64. 20 take 0.5 s of CPU time.
"""
DRAWS = 4_000
"""Codes that the mixture is fitted to; 10,000 give the same."""
_IMAGES_PER_COMPONENT = 25
_LEAST_VARIANCE = 1e-4
"""Added to each variance, relative to that of all codes: dead dimensions have none."""
_SEED = 1

# For the whole process, because warnings.catch_warnings is not thread-safe.
warnings.filterwarnings("ignore", category=ConvergenceWarning)


def fit(posteriors: Posteriors) -> Mixture:
    """Return the mixture of Gaussians fitted to draws from the aggregate posterior; deterministic.

    Source:
        Ghosh et al. 2020, From variational to deterministic autoencoders, section 4,
        https://arxiv.org/abs/1903.12436: ex-post density estimation.
    """
    codes = aggregate(_SEED, DRAWS, posteriors).astype(np.float64)
    centre, scale = codes.mean(0), codes.std(0)
    scale[scale < 1e-12] = 1
    count = max(min(COMPONENTS, len(posteriors.means) // _IMAGES_PER_COMPONENT), 1)
    mixture = GaussianMixture(count, reg_covar=_LEAST_VARIANCE, random_state=_SEED)
    with threadpool_limits(1):  # threads would change the last digits
        mixture.fit((codes - centre) / scale)
    factors = np.linalg.cholesky(mixture.covariances_) * scale[:, None]
    return Mixture(
        mixture.weights_.astype(np.float32),
        (mixture.means_ * scale + centre).astype(np.float32),
        factors.astype(np.float32),
    )
