"""Views of runs whose images are not 28x28."""

import dataclasses

import pytest
from support.fake_networks import probe, random_network
from support.run_events import CONFIG
from support.screen import Screen, open_view, wait_until

from vae_tui.data.own.source import NO_CLASSES
from vae_tui.image_shape import ImageShape

DRAWN = {"1": ("samples", "inputs"), "2": ("",), "3": ("digit", "strip"), "4": ("here",)}


@pytest.mark.parametrize("side", [8, 64])
async def test_every_view_draws_images_of_another_shape_in_the_room_they_have(side):
    shape = ImageShape(side, side, 1)
    screen = Screen(views="1234", config=dataclasses.replace(CONFIG, image_shape=shape))
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1", "started")
        screen.reader.load(random_network(540, shape=shape), probe(shape=shape))
        for view, names in DRAWN.items():
            await pilot.press(view)
            for name in names:
                await wait_until(pilot, lambda name=name: len(screen.pictures(name).images))
                pictures = screen.pictures(name)
                assert pictures.images.shape[1:] == shape.array
                assert 4 <= pictures.pixels // 2 <= pictures.size.height, (view, name)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_view_and_dialog_opens_for_images_without_classes(size):
    shape = ImageShape(16, 16, 1)
    screen = Screen(config=dataclasses.replace(CONFIG, image_shape=shape, classes=NO_CLASSES))
    images = dataclasses.replace(probe((0,) * 30, shape=shape), classes=NO_CLASSES)
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1", "started")
        screen.reader.load(random_network(540, shape=shape), images)
        for view, *keys in ("1", "2w", "3i", "4nNlom", "5", "6"):
            await pilot.press(view, *"".join(keys), "escape")
        await pilot.press("4")
        await wait_until(pilot, lambda: "images" in screen.text)
        assert screen.app.is_running
