"""Every view of a run of colour images: its colours arrive in the cells of each picture."""

import dataclasses

import numpy as np
import pytest
from support.fake_networks import random_network
from support.fake_readers import listed
from support.run_events import CONFIG
from support.screen import Screen, open_view, plain, screen_rows, wait_until
from support.views import with_weights

from vae_tui.image_shape import ImageShape
from vae_tui.model.probe import Probe
from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.dialogs.draw import DrawDialog
from vae_tui.tui.widgets.dimensions.chosen import ChosenDimension
from vae_tui.tui.widgets.dimensions.traversals import Traversals
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.map.class_grid import ClassGrid
from vae_tui.tui.widgets.map.manifold import Manifold
from vae_tui.tui.widgets.pad import Pad
from vae_tui.tui.widgets.pictures import Pictures
from vae_tui.tui.widgets.runs.run_preview import RunPreview

DECODED, TESTED = (215, 95, 0), (95, 135, 215)
"""About the colours of what the network decodes, and of the test images."""
NEAR = 45
"""Largest difference of a channel: the decoded images vary a little, and so do the test images."""
DECODING = {
    "1": ("#samples", "#copies"), "2": ("#grid",), "3": ("#digit", "#strip"), "4": ("#here",),
}  # fmt: skip
TESTING = {"1": ("#inputs",), "4": ("#nearest",)}


def decoder(shape: ImageShape):
    """Return a network that decodes every code to nearly `DECODED`."""
    network = random_network(540, shape=shape)
    share = np.tile(np.array(DECODED).clip(2, 253) / 255, shape.pixels // 3)
    bias = np.log(share / (1 - share)).astype(np.float32)
    weight = network.weights["decoder.2.weight"] / 40
    return with_weights(network, {"decoder.2.bias": bias, "decoder.2.weight": weight})


def images(shape: ImageShape) -> Probe:
    """Return test images of nearly `TESTED`."""
    generator = np.random.default_rng(3)
    noise = generator.integers(-20, 21, (30, *shape.array))
    labels = np.array(range(10), np.uint8).repeat(3)
    return Probe((noise + TESTED).astype(np.uint8), labels, tuple("0123456789"))


def colours(screen: Screen, widget: Drawing) -> np.ndarray:
    """Return the colours of the half-cells that a widget shows on the screen, (N, 3)."""
    area = widget.region
    found = []
    for row in screen_rows(screen.app)[area.y : area.bottom]:
        for text, style, _ in row.crop(area.x, area.right):
            pairs = (style.color, style.bgcolor) if "▀" in text else (style.bgcolor,) * 2
            if set(text) <= {"▀", " "}:
                found += [colour.get_truecolor() for colour in pairs if colour] * len(text)
    return np.array(found)


def share_of(screen: Screen, widget: Drawing, colour: tuple[int, int, int]) -> float:
    """Return the share of a widget's half-cells that have nearly this colour."""
    apart = np.abs(colours(screen, widget) - np.array(colour)).max(1)
    return float((apart <= NEAR).mean())


async def begin(pilot, screen, shape):
    await open_view(pilot, screen, "1", "started")
    screen.reader.load(decoder(shape), images(shape))
    await wait_until(pilot, lambda: screen.app.scene.probe is not None)
    await pilot.pause()


def colour_screen(shape, **more):
    return Screen(config=dataclasses.replace(CONFIG, image_shape=shape), **more)


@pytest.mark.parametrize("palette", [Palette.TRUECOLOR, Palette.COLOURS_256])
@pytest.mark.parametrize(("side", "size"), [(8, (80, 24)), (32, (120, 40)), (64, (80, 24))])
async def test_pictures_of_every_view_have_the_colours_of_the_images(side, size, palette):
    shape = ImageShape(side, side, 3)
    screen = colour_screen(shape, palette=palette)
    async with screen.at(*size) as pilot:
        await begin(pilot, screen, shape)
        for view in "1234":
            await pilot.press(view)
            await pilot.pause()
            for ids, colour in ((DECODING, DECODED), (TESTING, TESTED)):
                for name in ids.get(view, ()):
                    widget = screen.view.query_one(name, Pictures)
                    await wait_until(pilot, lambda widget=widget: len(widget.images))
                    assert widget.images.shape[1:] == shape.array
                    assert 4 <= widget.pixels // 2 <= widget.size.height, (view, name)
                    assert share_of(screen, widget, colour) > 0.4, (view, name)


async def test_large_screens_show_the_card_the_neighbours_and_the_classes_in_colour():
    shape = ImageShape(32, 32, 3)
    screen = colour_screen(shape, palette=Palette.TRUECOLOR)
    async with screen.at(200, 60) as pilot:
        await begin(pilot, screen, shape)
        for view, name, kind, colour in (
            ("2", "#large", Pictures, DECODED), ("2", "#nearest", Pictures, TESTED),
            ("3", "#interpolation", Pictures, DECODED), ("3", "#neighbours", Pictures, TESTED),
            ("4", "", ClassGrid, DECODED), ("5", "", Traversals, DECODED),
        ):  # fmt: skip
            await pilot.press(view)
            await pilot.pause()
            widget = screen.view.query_one(name or kind, kind)
            assert share_of(screen, widget, colour) > 0.15, (view, name, kind)


async def test_the_chosen_dimension_and_the_manifold_are_in_colour():
    shape = ImageShape(16, 16, 3)
    config = dataclasses.replace(CONFIG, image_shape=shape, latent_dim=2)
    screen = Screen(config=config, palette=Palette.TRUECOLOR)
    network = decoder(shape)
    two = {
        "encoder.2.weight": network.weights["encoder.2.weight"][[0, 1, 20, 21]],
        "encoder.2.bias": network.weights["encoder.2.bias"][[0, 1, 20, 21]],
        "decoder.0.weight": network.weights["decoder.0.weight"][:, :2],
    }
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1", "started")
        screen.reader.load(with_weights(network, two, latent_dim=2), images(shape))
        await wait_until(pilot, lambda: screen.app.scene.probe is not None)
        await pilot.press("4", "m", "m", "m")
        await wait_until(pilot, lambda: screen.view.query_one(Manifold).content is not None)
        assert share_of(screen, screen.view.query_one(Manifold), DECODED) > 0.4
        await pilot.press("5")
        await pilot.pause()
        shown = [*screen.view.query(ChosenDimension), *screen.view.query(Traversals)]
        assert max(share_of(screen, one, DECODED) for one in shown if one.rows) > 0.1


async def test_the_preview_of_a_run_has_its_samples_in_colour():
    shape = ImageShape(32, 32, 3)
    screen = colour_screen(shape, palette=Palette.TRUECOLOR)
    async with screen.at(120, 40) as pilot:
        await begin(pilot, screen, shape)
        await pilot.press("6")
        await wait_until(pilot, lambda: screen.runs.listings)
        screen.runs.list(listed("digits-1123-0713", "running"))
        await wait_until(pilot, lambda: screen.view.query_one(RunPreview).rows)
        assert share_of(screen, screen.view.query_one(RunPreview), DECODED) > 0.15


@pytest.mark.parametrize("palette", [Palette.SHADES, Palette.ASCII])
async def test_without_colours_every_view_opens_with_shades(palette):
    shape = ImageShape(32, 32, 3)
    screen = colour_screen(shape, palette=palette, unicode=palette is Palette.SHADES)
    async with screen.at(120, 40) as pilot:
        await begin(pilot, screen, shape)
        for view in "123456":
            await pilot.press(view)
            await pilot.pause()
        await pilot.press("2")
        characters = set(plain(screen.pictures("grid"))) - {" ", "\n"}
        assert characters <= set(palette.value) | set("╭╮╰╯│─+-|")
        assert characters & set(palette.value)


async def test_a_drawing_has_the_colour_of_the_pen_and_its_parts_are_in_colour():
    shape = ImageShape(16, 16, 3)
    screen = colour_screen(shape, palette=Palette.TRUECOLOR)
    async with screen.at(120, 40) as pilot:
        await begin(pilot, screen, shape)
        await pilot.press("3", "w")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, DrawDialog))
        dialog = pilot.app.screen
        pad = dialog.query_one(Pad)
        await wait_until(pilot, lambda: "black" in str(pad.border_subtitle))  # on white
        await pilot.press("k", "k")
        await wait_until(pilot, lambda: "red" in str(pad.border_subtitle))
        await pilot.press("c", "space", "right", "right", "space")
        drawn = dialog.drawn.image
        red, green, blue = drawn[8, 8]
        assert red > 180
        assert max(green, blue) < 60
        pictures = dialog.query_one("#pictures", Pictures)
        await wait_until(pilot, lambda: len(pictures.images) >= 3)
        copy, error, near = pictures.images[:3]
        np.testing.assert_array_equal(near, screen.app.scene.probe.images[_nearest(screen, drawn)])
        differences = np.abs(dialog.drawn.image.astype(int) - copy).mean(2)
        assert np.abs(error - differences[..., None]).max() <= 0.5
        assert share_of(screen, pictures, DECODED) > 0.2
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")


def _nearest(screen, drawn) -> int:
    apart = np.square(screen.app.scene.probe.images.astype(float) - drawn).sum((1, 2, 3))
    return int(apart.argmin())
