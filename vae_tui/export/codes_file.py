"""The codes of images as a table or as arrays."""

import io
from collections.abc import Iterator, Sequence

import numpy as np

from vae_tui.arrays import Floats
from vae_tui.export.output_file import csv_blocks


def codes_csv(names: Sequence[str], means: Floats, deviations: Floats) -> Iterator[bytes]:
    """Return blocks of a CSV: the name of each image, then its means and deviations, (N, d)."""
    d = means.shape[1]
    columns = [f"{kind}_{n}" for kind in ("mean", "deviation") for n in range(1, d + 1)]
    rows = (
        [name, *mean.tolist(), *deviation.tolist()]
        for name, mean, deviation in zip(names, means, deviations, strict=True)
    )
    return csv_blocks(["image", *columns], rows)


def codes_npz(names: Sequence[str], means: Floats, deviations: Floats) -> bytes:
    """Return an .npz file of ``image`` (N,), ``mean`` and ``deviation`` (N, d)."""
    file = io.BytesIO()
    np.savez(file, image=np.array(names), mean=means, deviation=deviations)
    return file.getvalue()
