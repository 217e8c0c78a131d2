"""What the film strips of Walk show; what it exports and copies."""

import numpy as np

from vae_tui.arrays import Bytes, Floats
from vae_tui.export.picture_files import write_digits
from vae_tui.latent.codes import code_text, traversal
from vae_tui.model.numpy_network import Network
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.state.walk_place import FRAMES, Interpolation, Place, shown_at
from vae_tui.tui.views.view import Export
from vae_tui.tui.widgets.film_strip import Film
from vae_tui.tui.widgets.latent_bars import REACH


def traversal_film(code: Floats, dimension: int, columns: int, scene: Scene) -> Film:
    """Return pictures of a code (d,) with one number replaced; the framed one is of the code."""
    assert scene.network is not None
    codes = traversal(code, dimension, REACH, columns)
    here = int(np.abs(codes[:, dimension] - code[dimension]).argmin())
    codes[here] = code
    pictures = scene.network.decode(codes)
    kl = f" · KL {scene.kl[dimension]:.2f} nats" if scene.kl else ""
    return Film(
        "Traversal",
        f"z{dimension + 1} from {-REACH:g} to {REACH:g}, the others kept{kl}",
        *(pictures, codes, codes[:, dimension].tolist(), _errors(scene.network, pictures), here),
        dimension=dimension,
        palette=scene.palette,
        unicode=scene.unicode,
    )


def path_film(path: Interpolation, columns: int, scene: Scene, *, is_here: bool) -> Film:
    """Return frames of an interpolation, evenly spaced but for the one that is framed.

    That is the frame shown, and none unless the walk ``is_here``.
    """
    assert scene.network is not None
    pictures, codes = path.film(scene.network, scene.probe, FRAMES)
    frames = np.rint(np.linspace(0, FRAMES - 1, columns)).astype(int)
    here = int(np.abs(frames - path.frame).argmin()) if is_here else -1
    if is_here:
        frames[here] = path.frame
    pictures = pictures[frames]
    return Film(
        "Morph",
        path.title(unicode=scene.unicode),
        *(pictures, codes[frames], frames.tolist(), _errors(scene.network, pictures), here),
        share=path.frame / (FRAMES - 1) if is_here else None,
        palette=scene.palette,
        unicode=scene.unicode,
    )


def export_of(place: Place, scene: Scene) -> Export:
    """Return an interpolation as an animated GIF, or an image as a PNG; drawn when written."""
    network = scene.network
    assert network is not None
    if isinstance(place, Interpolation):
        name = f"morph-step{network.step}.gif"
    else:
        name = f"image-step{network.step}.png"
    return Export(name, lambda path: write_digits(path, _pictures(place, scene), 1, place.name))


def command_of(place: Place, scene: Scene, run: str) -> str | None:
    """Return the shell command that draws an interpolation, or an image; None if there is none."""
    assert scene.network is not None
    if isinstance(place, Interpolation) and None not in (place.start.image, place.end.image):
        ends = f"'#{place.start.image}' '#{place.end.image}'"
        return f"vae-tui morph {run} {ends} --path {place.path}{scene.step_option}"
    if isinstance(place, Interpolation) and place.path == "pixels":
        return None  # no code decodes to a picture of a cross-fade
    code = place.code_for(scene.network, scene.probe)
    return f'vae-tui decode {run} --z="{code_text(code)}"{scene.step_option}'


def _pictures(place: Place, scene: Scene) -> Bytes:
    assert scene.network is not None
    if isinstance(place, Interpolation):
        return place.film(scene.network, scene.probe, FRAMES)[0]
    return shown_at(place, scene.network, scene.probe)[0]


def _errors(network: Network, pictures: Bytes) -> Floats:
    """Return the squared error of pictures, (N,), after they were encoded and decoded again."""
    errors: Floats = 2 * network.reconstruct(pictures, "mse")[1]  # the loss is half of it
    return errors
