"""The words beside a drawing."""

from textwrap import wrap

from rich.text import Text

from vae_tui.latent.posterior import Inference
from vae_tui.run.series import RECONSTRUCTION_TERMS
from vae_tui.text import cut
from vae_tui.tui.state.scene import Scene

PROMPT = "Draw with the mouse (the right button erases), or with the keys below."
LABELS = ("reconstructed", "error", "nearest", "as the network sees it")
AT_MEAN = ", z at the mean"


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
    neighbour: tuple[int, float],
    moved: tuple[int, int] | None,
    width: int,
) -> list[Text]:
    """Return losses, nearest test image and centring, in lines of ``width`` cells.

    ``neighbour`` is the index of the nearest test image and its squared error; ``moved`` is None
    when the drawing is not centred.
    """
    assert scene.probe is not None
    index, error = neighbour
    loss = RECONSTRUCTION_TERMS[scene.run.config.reconstruction].name
    kl = float(found.kl.sum())
    if scene.run.config.model == "ae":  # its log-variances are untrained
        sums = f"{loss} {found.loss:.1f} nats"
    else:
        sums = f"{loss} {found.loss:.1f} + KL {kl:.1f} = {found.loss + kl:.1f} nats"
    total = Text.assemble((sums, "strong"))
    if total.cell_len + len(AT_MEAN) <= width:
        total.append(AT_MEAN, "quiet")
    name = scene.probe.classes[scene.probe.labels[index]]
    near = Text.assemble(
        "nearest test image by pixels: ", (name, "strong"), f" #{index}, err {error:.0f}"
    )
    if near.cell_len > width:
        near = Text.assemble("nearest: ", (name, "strong"), f" #{index}, err {error:.0f}")
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
    lines = [total, near, Text(centring)]
    for line in lines:
        line.truncate(width)
    return lines


def _direction(x: int, y: int) -> str:
    words = [
        f"{abs(distance)} {name}"
        for distance, name in ((x, "right" if x > 0 else "left"), (y, "down" if y > 0 else "up"))
        if distance
    ]
    return f"moved {' and '.join(words)}" if words else "not moved"
