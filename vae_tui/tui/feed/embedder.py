"""t-SNE for the map. Importing this module imports scikit-learn: in a thread, when it is wanted."""

from collections.abc import Iterator

from vae_tui.arrays import Floats
from vae_tui.latent.projection import Embedding
from vae_tui.latent.tsne import rounds


def embeddings(codes: Floats, start: Floats | None) -> Iterator[Embedding]:
    """Yield what t-SNE has come to after each of its rounds.

    Args:
        codes: Means, (N, d).
        start: An earlier embedding of the same images, (N, 2), to move on from.
    """
    last: Floats | None = None
    for points in rounds(codes, start):
        if last is not None:
            yield Embedding(codes, last, is_done=False)
        last = points
    if last is not None:
        yield Embedding(codes, last, is_done=True)
