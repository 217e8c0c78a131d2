"""Codes in two dimensions by t-SNE. Importing this module imports scikit-learn: two seconds."""

from collections.abc import Iterator

import numpy as np
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from vae_tui.arrays import Floats
from vae_tui.latent.projection import pca, turned

ITERATIONS = 250
"""Of a round, after which one may look, or leave; scikit-learn's least."""
ROUNDS, ROUNDS_FROM_START = 4, 2
PERPLEXITY = 30.0
_FEWEST = 5
"""With fewer points there are no neighbours to speak of."""


def embed(means: Floats, start: Floats | None = None, seed: int = 0) -> Floats:
    """Return the t-SNE of codes (N, d), (N, 2); the same every time for a seed.

    Args:
        means: Codes, (N, d).
        start: The last embedding of the same images, (N, 2), from which points move and do not
            jump; without it, it begins with PCA.
        seed: Of the little noise that parts equal codes.
    """
    *_, last = rounds(means, start, seed)
    return last


def rounds(means: Floats, start: Floats | None = None, seed: int = 0) -> Iterator[Floats]:
    """Yield the embedding after each round: four, or two from a ``start``; arguments as ``embed``.

    The caller may show each, and leave the rest.

    Source:
        van der Maaten & Hinton 2008; why to begin with PCA: Kobak & Berens 2019,
        https://doi.org/10.1038/s41467-019-13056-x.
    """
    if len(means) < _FEWEST:
        yield pca(means).points
        return
    if start is not None and (start.shape != (len(means), 2) or not np.isfinite(start).all()):
        start = None
    # Of the ways to go on from an embedding tried on real runs, shrunk to a tenth and without
    # exaggeration moved points least and kept all neighbours (10-NN agreement 0.827 for 0.823).
    points = _scaled(pca(means).points, 1e-4, seed) if start is None else _scaled(start, 2.0, seed)
    for number in range(ROUNDS if start is None else ROUNDS_FROM_START):
        tsne = TSNE(
            perplexity=min(PERPLEXITY, (len(means) - 1) / 3),
            early_exaggeration=12.0 if start is None and number == 0 else 1.0,
            learning_rate=max(len(means) / 48, 50.0),
            max_iter=ITERATIONS,
            init=points,
            random_state=seed,
            n_jobs=1,
        )
        with threadpool_limits(1):  # two threads that wait for each other took 50 s for 4
            points = np.asarray(tsne.fit_transform(means), dtype=np.float32)
        yield points if start is None else turned(points, start)


def _scaled(points: Floats, spread: float, seed: int) -> Floats:
    """Return the points with this standard deviation, no two the same."""
    noise = np.random.default_rng(seed).standard_normal(points.shape, dtype=np.float32)
    centred = points - points.mean(0)
    was = float(centred.std())
    scale = spread / was if was > 1e-12 else 0.0
    result: Floats = (centred * scale + 1e-3 * spread * noise).astype(np.float32)
    return result
