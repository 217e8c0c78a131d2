"""Codes in two dimensions by t-SNE. Importing scikit-learn takes two seconds."""

from collections.abc import Iterator

import numpy as np
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from vae_tui.arrays import Floats
from vae_tui.latent.projection import Embedding, aligned, pca

ITERATIONS = 250
"""In a round, after which the points are shown; scikit-learn's minimum."""
ROUNDS, ROUNDS_FROM_START = 4, 2
PERPLEXITY = 30.0
_FEWEST = 5
"""Fewer points are shown by PCA: t-SNE needs neighbours."""


def embed(means: Floats, start: Floats | None = None) -> Floats:
    """Return the t-SNE of codes (N, d), (N, 2); arguments as in `embeddings`."""
    *_, last = embeddings(means, start)
    return last.points


def embeddings(means: Floats, start: Floats | None = None) -> Iterator[Embedding]:
    """Yield the state of t-SNE of codes (N, d) after each round; deterministic.

    There are four rounds, or two from a ``start``: an earlier embedding of the same images, (N, 2);
    the default is PCA. Results are rotated to match the start, so that points move and do not jump.

    Source:
        van der Maaten & Hinton 2008; starting from PCA: Kobak & Berens 2019,
        https://doi.org/10.1038/s41467-019-13056-x.
    """
    if len(means) < _FEWEST:
        yield Embedding(means, pca(means).points, progress=1.0)
        return
    if start is not None and (start.shape != (len(means), 2) or not np.isfinite(start).all()):
        start = None
    # Of the continuations tried on real runs, a start shrunk to a tenth without exaggeration moved
    # points least and kept the neighbours (10-NN agreement 0.827 against 0.823).
    before = pca(means).points if start is None else start
    points = _scaled(before, 1e-4 if start is None else 2.0)
    rounds = ROUNDS if start is None else ROUNDS_FROM_START
    for number in range(1, rounds + 1):
        tsne = TSNE(
            perplexity=min(PERPLEXITY, (len(means) - 1) / 3),
            early_exaggeration=12.0 if start is None and number == 1 else 1.0,
            learning_rate=max(len(means) / 48, 50.0),
            max_iter=ITERATIONS,
            init=points,
            random_state=0,
            n_jobs=1,
        )
        with threadpool_limits(1):  # two threads took 50 s instead of 4
            points = np.asarray(tsne.fit_transform(means), dtype=np.float32)
        yield Embedding(means, aligned(points, before), progress=number / rounds)


def _scaled(points: Floats, spread: float) -> Floats:
    """Return the points scaled to this standard deviation, with noise that separates them."""
    noise = np.random.default_rng(0).standard_normal(points.shape, dtype=np.float32)
    centred = points - points.mean(0)
    deviation = float(centred.std())
    scale = spread / deviation if deviation > 1e-12 else 0.0
    result: Floats = (centred * scale + 1e-3 * spread * noise).astype(np.float32)
    return result
