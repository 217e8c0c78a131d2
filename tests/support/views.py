"""What the views show, read from their widgets."""

import dataclasses

import numpy as np
from PIL import Image
from rich.text import Text
from support.fake_readers import listed
from support.screen import open_view, plain, wait_until, walk_code

from vae_tui.tui.widgets.loss_chart import LossChart
from vae_tui.tui.widgets.map.scatter import Scatter
from vae_tui.tui.widgets.runs.run_table import RunTable


def chart(screen, which):
    """Return a chart, its heading first."""
    drawing = screen.view.query_one(f"#{which}", LossChart)
    return f"{Text.from_markup(drawing.heading).plain}\n{plain(drawing)}"


def cloud(screen):
    return screen.view.query_one(Scatter).cloud


def spread_out(network, deviations):
    """Return the network with q(z|x) of the same standard deviations (d,) everywhere."""
    d = network.latent_dim
    weight, bias = network.weights["encoder.2.weight"], network.weights["encoder.2.bias"]
    weight, bias = weight.copy(), bias.copy()
    weight[d:], bias[d:] = 0, 2 * np.log(np.asarray(deviations))
    return with_weights(network, {"encoder.2.weight": weight, "encoder.2.bias": bias})


def with_kl(network, kl):
    """Return the network with this KL of each dimension (d,), whatever the images."""
    d = network.latent_dim
    weight, bias = network.weights["encoder.2.weight"], network.weights["encoder.2.bias"]
    weight, bias = np.zeros_like(weight), np.zeros_like(bias)
    bias[:d] = np.sqrt(2 * np.asarray(kl))  # the mean; the variance is 1
    return with_weights(network, {"encoder.2.weight": weight, "encoder.2.bias": bias})


def with_weights(network, changed, **changes):
    """Return the network with some of its weights and other fields replaced."""
    return dataclasses.replace(network, weights={**network.weights, **changed}, **changes)


def closed_form(network, shown):
    """Return the KL to N(0, I) of each dimension, (d,), as the field writes it."""
    mean, logvar = (values.astype(float) for values in network.encode(shown.images))
    return (-0.5 * (1 + logvar - mean**2 - np.exp(logvar))).mean(0)


def by_kl(network, shown):
    """Return the dimensions in the order of their KL, largest first."""
    return np.argsort(-closed_form(network, shown), kind="stable").tolist()


def pixels_of(file):
    with Image.open(file) as picture:
        return np.asarray(picture)


async def marked(pilot, screen):
    """Mark two points of the prior, go from one to the other; return both codes."""
    await pilot.press("space")
    start = walk_code(screen)
    await pilot.press("a", "space")
    end = walk_code(screen)
    await pilot.press("b", "i")
    await wait_until(pilot, lambda: " into " in screen.caption("caption"))
    return start, end


def strip(screen):
    return screen.pictures("strip").images


async def exported(pilot, screen):
    """Press e; return the path that the screen names."""
    await pilot.press("e")
    await wait_until(pilot, lambda: any(text.startswith("written: ") for text in screen.app.notes))
    (path,) = [text for text in screen.app.notes if text.startswith("written: ")]
    return path.removeprefix("written: ").partition(" · ")[0]


HERE = listed("digits-1123-0713", "running", dataset="digits", beta=1.0, lr=1e-3)


def table(screen):
    """Return the rows of the run table as they stand on the screen."""
    area = screen.view.query_one(RunTable).region
    rows = screen.text.splitlines()[area.y : area.bottom]
    cells = [row[area.x : area.right].rstrip() for row in rows]
    return [row for row in cells if row]


def chosen(screen):
    (line,) = [line for line in table(screen) if line.startswith(">")]
    return line


async def open_runs(pilot, screen, *rows, **more):
    """Bring up the view with a list of these runs."""
    await open_view(pilot, screen, "6")
    await wait_until(pilot, lambda: screen.runs.listings)
    screen.runs.list(*rows, **more)
    await wait_until(pilot, lambda: screen.app.scene.runs is not None)
