"""What the film strips of Walk show, and what it exports."""

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.model.numpy_network import Network
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.state.walk_place import FRAMES, Interpolation, Place, shown_at, traversal
from vae_tui.tui.widgets.film_strip import Film
from vae_tui.tui.widgets.latent_bars import REACH


def traversal_film(code: Floats, dimension: int, columns: int, scene: Scene) -> Film:
    """Return pictures of a code (d,) with one number replaced; the nearest to it is framed."""
    assert scene.network is not None
    codes = traversal(code, dimension, REACH, columns)
    pictures = scene.network.decode(codes)
    kl = f" · KL {scene.kl[dimension]:.2f} nats" if scene.kl else ""
    return Film(
        f"z{dimension + 1} from {-REACH:g} to {REACH:g}, the others kept{kl}",
        pictures,
        codes,
        _errors(scene.network, pictures),
        int(np.abs(codes[:, dimension] - code[dimension]).argmin()),
        palette=scene.palette,
        unicode=scene.unicode,
    )


def path_film(
    path: Interpolation, title: str, columns: int, scene: Scene, *, is_here: bool
) -> Film:
    """Return pictures of an interpolation; its frame is framed if the walk ``is_here``."""
    assert scene.network is not None
    pictures, codes = path.film(scene.network, scene.probe, columns)
    share = path.frame / (FRAMES - 1)
    return Film(
        title,
        pictures,
        codes,
        _errors(scene.network, pictures),
        round(share * (columns - 1)) if is_here else -1,
        share if is_here else None,
        scene.palette,
        scene.unicode,
    )


def exported(place: Place, scene: Scene) -> tuple[str, Bytes]:
    """Return a file name and pictures: of an interpolation all frames, else the digit."""
    assert scene.network is not None
    if isinstance(place, Interpolation):
        pictures, _ = place.film(scene.network, scene.probe, FRAMES)
        return f"morph-step{scene.network.step}.gif", pictures
    pictures, _ = shown_at(place, scene.network, scene.probe)
    return f"digit-step{scene.network.step}.png", pictures


def _errors(network: Network, pictures: Bytes) -> Floats:
    """Return the squared error of pictures, (N,), after they were encoded and decoded again."""
    errors: Floats = 2 * network.reconstruct(pictures, "mse")[1]  # the loss is half of it
    return errors
