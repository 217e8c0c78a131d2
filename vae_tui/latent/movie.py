"""What a run's kept weights draw, step by step: the same samples, a morph, the map."""

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, TypeVar

from vae_tui.arrays import Bytes, Floats
from vae_tui.errors import VaeTuiError
from vae_tui.export.movie_file import Scene, digits_picture, map_pictures, movie
from vae_tui.latent import codes
from vae_tui.latent.morph import MOST_STEPS, choose_ends, title_of
from vae_tui.latent.morph import morph as interpolate
from vae_tui.latent.projection import aligned, pca
from vae_tui.model import load_network
from vae_tui.model.network_at_step import network_at
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe, load_probe
from vae_tui.run.config import RunConfig
from vae_tui.run.folder import Run
from vae_tui.run.log.log_progress import LogProgress
from vae_tui.run.progress import Progress
from vae_tui.text import printable

if TYPE_CHECKING:
    from PIL.Image import Image

_Drawn = TypeVar("_Drawn")
Draw = Callable[[Network], _Drawn]
"""Draws one frame with the weights of one step."""
SUBJECTS = ("samples", "morph", "map")
SAMPLES, MORPH_PICTURES = 32, 8
"""Pictures in a frame by default."""
MOST_SAMPLES = 200
"""Limit of the samples in a frame: all frames are in memory."""
Track = Callable[[Iterable[Any]], Iterable[Any]]
"""Iterates over the same items and shows the progress."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a movie shows."""

    subject: str
    """One of `SUBJECTS`."""
    count: int | None = None
    """Number of samples, or of pictures of the morph; None for the default."""
    seed: int = 1
    """Random seed of the samples' codes."""
    digits: tuple[str, str] = ("3", "8")
    """Ends of the morph, as of `choose_ends`."""
    method: str = "pca"
    """Projection of the map: ``pca`` or ``tsne``."""


def movie_of(run: Run, request: Request, track: Track = iter) -> tuple[bytes, str]:
    """Return a GIF with a frame for each kept step, and what it shows in words.

    Raises:
        UsageError: The run has no weights, or a value of the request is out of range.
        VaeTuiError: Weights or test images cannot be read.
    """
    config = run.config()
    count = request.count
    if request.subject == "samples":
        count = SAMPLES if count is None else count
        steps, drawn = _oldest_first(run, config, samples(count, request.seed), track)
        columns = math.isqrt(2 * count - 1) + 1  # twice as wide as high
        pictures = [digits_picture(images, columns) for images in drawn]
        what = f"{count} samples, the same z at every step"
    elif request.subject == "morph":
        count = MORPH_PICTURES if count is None else count
        probe = load_probe(run.probe, config)
        ends = choose_ends(*request.digits, probe)
        steps, drawn = _oldest_first(run, config, morph(probe, ends, count), track)
        pictures = [digits_picture(images, count) for images in drawn]
        first, last = (
            printable(probe.class_name(index)) if probe.has_classes else title_of(probe, index)
            for index in ends
        )
        what = f"{first} becomes {last}"
    else:
        probe = load_probe(run.probe, config)
        draw = _tsne(probe) if request.method == "tsne" else AlignedMap(probe)
        steps, maps = _oldest_first(run, config, draw, track)
        pictures = map_pictures(maps, probe.labels)
        name = "t-SNE" if request.method == "tsne" else "PCA"
        what = f"{name} of the means of {len(probe.labels):,} test images"
    about = f"{what}; {len(steps)} steps of {printable(run.name)}"
    title = f"{printable(run.name)} · {what}"
    return movie(_scenes(run, config, steps, pictures), title, about), about


def frames(run: Run, config: RunConfig, draw: Draw[_Drawn]) -> Iterator[tuple[int, _Drawn]]:
    """Yield step and drawing of the newest weights, then of each older kept step, newest first.

    Kept weights that a live trainer removes meanwhile are skipped.

    Raises:
        UsageError: The run has no weights.
        VaeTuiError: Some cannot be read.
    """
    kept = run.kept_steps()
    newest = network_at(run, config)
    yield newest.step, draw(newest)
    for step in reversed(kept):
        path = run.kept_weights(step)
        if step >= newest.step:
            continue
        try:
            network = load_network(path, config)
        except VaeTuiError:
            if not path.exists():
                continue
            raise
        yield step, draw(network)


def samples(count: int, seed: int) -> Draw[Bytes]:
    """Return what draws ``count`` samples of the prior, at each step from the same codes."""
    codes.check_range("-n", count, 1, MOST_SAMPLES)
    return lambda network: network.decode(codes.samples(network, count, seed))


def morph(probe: Probe, ends: tuple[int, int], steps: int) -> Draw[Bytes]:
    """Return what draws the interpolation between two test images, given as in `latent.morph`."""
    codes.check_range("-n", steps, 2, MOST_STEPS)
    return lambda network: interpolate(network, probe, ends, steps)


class AlignedMap:
    """Draws the means of the test images in two dimensions, (N, 2), by PCA.

    Each step has its own plane, rotated to match that of the step drawn before it: points move
    instead of jumping.
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._drawn: Floats | None = None

    def __call__(self, network: Network) -> Floats:
        """Return the points of one step, in the units of the code."""
        points = pca(network.encode(self._probe.images)[0]).points
        self._drawn = points if self._drawn is None else aligned(points, self._drawn)
        return self._drawn


def _tsne(probe: Probe) -> Draw[Floats]:
    """Return what draws the map by t-SNE, from the points of the step drawn before it."""
    embed = resolve_name("vae_tui.latent.tsne:embed")  # importing scikit-learn takes two seconds
    points: Floats | None = None

    def draw(network: Network) -> Floats:
        nonlocal points
        points = embed(network.encode(probe.images)[0], points)
        return points

    return draw


def _oldest_first(
    run: Run, config: RunConfig, draw: Draw[_Drawn], track: Track
) -> tuple[list[int], list[_Drawn]]:
    found = list(track(frames(run, config, draw)))
    return [step for step, _ in reversed(found)], [drawn for _, drawn in reversed(found)]


def _scenes(run: Run, config: RunConfig, steps: list[int], pictures: "list[Image]") -> list[Scene]:
    """Return the pictures with their captions; without the epoch if the log does not say it."""
    log = LogProgress(run.events, Progress(run.name, config))
    with contextlib.suppress(OSError):
        log.read()
    scenes = []
    for step, picture in zip(steps, pictures, strict=True):
        epoch = log.progress.epoch_of(step)
        text = "" if math.isnan(epoch) else f"epoch {epoch:.{2 if epoch % 1 else 0}f}"
        scenes.append(Scene(picture, step, text))
    return scenes
