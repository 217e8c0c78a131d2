"""An image of the user's own: the path as a terminal inserts it, and how usual the image is."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vae_tui.arrays import Bytes
from vae_tui.data.own.pixels import Unusable, decode, read_image
from vae_tui.errors import UsageError
from vae_tui.latent.posterior import Inference, infer
from vae_tui.latent.scores import percentiles, score
from vae_tui.text import printable
from vae_tui.tui.state.scene import Scene


@dataclass(frozen=True, slots=True, eq=False)
class ScoredImage:
    """An image and how usual it is to a network; losses in nats."""

    name: str
    image: Bytes
    """uint8 (H, W), in colour (H, W, 3)."""
    inference: Inference
    loss: float
    """The reconstruction loss, the mean over samples of z."""
    kl: float
    percentile: float
    """How many percent of the run's test images have a smaller energy."""
    test_images: int
    step: int
    """The optimiser steps of the weights."""

    @property
    def origin(self) -> str:
        """What its code is, in words; titles are markup, so there are no square brackets."""
        name = self.name.translate({ord("["): "(", ord("]"): ")"})
        return f"{name} · energy {self.inference.energy:.1f} nats, percentile {self.percentile:.1f}"


def dropped_path(text: str) -> Path:
    """Return the path in a text that a terminal inserts for a dropped file, or that was typed.

    Of several files it is the first one. Quotes, escaped spaces and ``file://`` are decoded.
    """
    line = next(iter(text.strip().splitlines()), "")
    try:
        words = shlex.split(line)
    except ValueError:  # a quotation mark that is part of the name
        words = []
    is_quoted = any(mark in line for mark in "'\"\\")
    name = words[0] if words and (is_quoted or len(words) == 1) else line
    if name.startswith("file://"):
        name = unquote(urlsplit(name).path)
    return Path(name).expanduser()


def score_image(text: str, scene: Scene) -> ScoredImage:
    """Return how usual the image is whose path is ``text``; the scene has a network and a probe.

    UsageError, in one line, when the image cannot be used.
    """
    encoded = scene.encoded
    assert encoded is not None
    config = scene.run.config
    shape, reconstruction = config.image_shape, config.reconstruction
    path = Path(text).expanduser()
    try:
        path = path if path.exists() else dropped_path(text)
        if not path.is_file():  # opening a pipe would wait for its other end
            raise Unusable("not a file" if path.exists() else "not found")
        with path.open("rb") as file:
            image = decode(read_image(file), shape.width, shape.channels)
    except (Unusable, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(printable(f"{path}: {why}")) from None
    scores = score(encoded.network, image[None], reconstruction)
    return ScoredImage(
        name=printable(path.name),
        image=image,
        inference=infer(encoded.network, image, reconstruction),
        loss=float(scores.loss[0]),
        kl=float(scores.kl[0]),
        percentile=float(percentiles(scores.energy, encoded.energies)[0]),
        test_images=len(encoded.probe.images),
        step=encoded.network.step,
    )
