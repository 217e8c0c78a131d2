"""The words beside a drawing."""

from textwrap import wrap

import numpy as np
from rich.text import Text
from textual.geometry import Size

from vae_tui.arrays import Floats
from vae_tui.latent.posterior import Inference
from vae_tui.latent.scores import percentiles
from vae_tui.run.series import RECONSTRUCTION_TERMS
from vae_tui.text import cut
from vae_tui.tui.state.scene import Scene

PROMPT = "Draw with the mouse (the right button erases), or with the keys below."
LABELS = ("reconstructed", "error", "nearest", "as the network sees it")
AT_MEAN = ", z at the mean"
OF_TEST_IMAGES = " of the test images"
MOST_LINES = 4


def prompt(width: int) -> list[Text]:
    """Return what to do, in lines of ``width`` cells."""
    return [Text(line) for line in wrap(PROMPT, max(width, 1))]


def labels(count: int, cells: int) -> Text:
    """Return the names of the first pictures, one every ``cells``."""
    line = Text(no_wrap=True)
    for name in LABELS[:count]:
        line.append(cut(name, cells - 1).ljust(cells))
    line.rstrip()
    return line


def facts(
    scene: Scene,
    found: Inference,
    energies: Floats | None,
    neighbour: tuple[int, float],
    moved: tuple[int, int] | None,
    size: Size,
) -> list[Text]:
    """Return losses, energy, nearest test image and centring, in lines of a region of this size.

    ``energies`` are those of the test images, None until they are known; ``neighbour`` is the index
    of the nearest test image and its squared error; ``moved`` is None when the drawing is not
    centred.
    """
    assert scene.probe is not None
    width, (index, error) = size.width, neighbour
    total, energy = _losses(scene, found, width), _energy(found, energies)
    name = scene.probe.class_name(index)
    both = Text.assemble(energy, " · nearest ", (name, "strong"), f" #{index}")
    if size.height < MOST_LINES and both.cell_len <= width:
        lines = [total, both, _centring(scene, moved, width)]
    else:
        if energies is not None and energy.cell_len + len(OF_TEST_IMAGES) <= width:
            energy.append(OF_TEST_IMAGES)
        near = Text.assemble(
            "nearest test image by pixels: ", (name, "strong"), f" #{index}, err {error:.0f}"
        )
        if near.cell_len > width:
            near = Text.assemble("nearest: ", (name, "strong"), f" #{index}, err {error:.0f}")
        lines = [total, energy, near, _centring(scene, moved, width)]
    for line in lines:
        line.truncate(width)
    return lines


def _losses(scene: Scene, found: Inference, width: int) -> Text:
    loss = RECONSTRUCTION_TERMS[scene.run.config.reconstruction].name
    kl = float(found.kl.sum())
    if scene.run.config.model == "ae":  # its log-variances are untrained
        sums = f"{loss} {found.loss:.1f} nats"
    else:
        sums = f"{loss} {found.loss:.1f} + KL {kl:.1f} = {found.loss + kl:.1f} nats"
    total = Text.assemble((sums, "strong"))
    if total.cell_len + len(AT_MEAN) <= width:
        total.append(AT_MEAN, "quiet")
    return total


def _energy(found: Inference, energies: Floats | None) -> Text:
    energy = Text.assemble((f"energy {found.energy:.1f}", "strong"))
    if energies is not None:
        (percentile,) = percentiles(np.array([found.energy]), energies)
        energy.append(f", percentile {percentile:.0f}")
    return energy


def _centring(scene: Scene, moved: tuple[int, int] | None, width: int) -> Text:
    is_own = bool(scene.run.config.data_checksum)
    if moved is None and is_own:
        centring = "as drawn, not centred"
    elif moved is None:
        centring = "not centred; the network has only seen centred images"
    else:
        why = "by mass" if is_own else "as the images the network has seen"
        centring = f"centred, {why}: {_direction(*moved)}"
    if len(centring) > width:
        centring = "not centred" if moved is None else f"centred: {_direction(*moved)}"
    return Text(centring)


def _direction(x: int, y: int) -> str:
    words = [
        f"{abs(distance)} {name}"
        for distance, name in ((x, "right" if x > 0 else "left"), (y, "down" if y > 0 else "up"))
        if distance
    ]
    return f"moved {' and '.join(words)}" if words else "not moved"
