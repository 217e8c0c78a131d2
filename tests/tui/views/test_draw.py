"""Drawing a digit by hand in Samples and Walk."""

import dataclasses
import re
from functools import partial

import numpy as np
import pytest
from support.fake_networks import probe, random_network
from support.run_events import CONFIG
from support.screen import Screen, new_weights, open_view, plain, screen_text, wait_until, walk_code

from vae_tui.image_shape import ImageShape
from vae_tui.latent.drawing import centred, stroke
from vae_tui.latent.projection import pca
from vae_tui.latent.scores import energies, percentiles, score
from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.dialogs.draw import DrawDialog
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.latent_bars import LatentBars
from vae_tui.tui.widgets.map.scatter import Scatter
from vae_tui.tui.widgets.pad import Pad
from vae_tui.tui.widgets.pictures import Pictures

draw_screen = partial(Screen, views="3")

FIRST, SECOND = random_network(540), random_network(576)
BLANK = np.zeros((28, 28), np.uint8)


async def open_pad(pilot, screen, view="3"):
    await open_view(pilot, screen, view)
    await pilot.press("w")
    await wait_until(pilot, lambda: isinstance(pilot.app.screen, DrawDialog))
    await wait_until(pilot, lambda: len(pilot.app.screen.query_one(Pad).rows))
    return pilot.app.screen


def images(dialog):
    return dialog.query_one("#pictures", Pictures).images


@pytest.mark.parametrize("view", ["2", "3"])
async def test_a_digit_is_drawn_with_keys_and_walked_from(view):
    screen = draw_screen(views="23")
    async with screen.at() as pilot:
        dialog = await open_pad(pilot, screen, view)
        await pilot.press("up", "up", "space", "right", "right", "down", "space", "left", "left")
        expected = BLANK
        for start, end in (((14, 12),) * 2, ((14, 12), (15, 12)), ((15, 12), (16, 12)),
                           ((16, 12), (16, 13))):  # fmt: skip
            middles = [(x + 0.5, y + 0.5) for x, y in (start, end)]
            expected = stroke(expected, *middles)
        np.testing.assert_array_equal(dialog.drawn.image, expected)
        np.testing.assert_array_equal(dialog.query_one(Pad).images[0], expected)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        mean = FIRST.encode(centred(expected)[0][None])[0][0]
        np.testing.assert_allclose(walk_code(screen), mean, rtol=1e-5)
        assert screen.caption("caption").startswith("drawn by hand")


async def test_the_mouse_draws_where_it_is_pressed_and_dragged_and_erases():
    screen = draw_screen()
    async with screen.at() as pilot:
        dialog = await open_pad(pilot, screen)
        pad = dialog.query_one(Pad)
        await pilot.mouse_down(pad, offset=(5, 4))  # the border is the first cell
        await pilot.hover(pad, offset=(15, 4))
        await pilot.hover(pad, offset=(15, 10))
        await pilot.mouse_up(pad, offset=(15, 10))
        await pilot.hover(pad, offset=(25, 2))  # without a button nothing is drawn
        expected = stroke(stroke(BLANK, (4.5, 7), (14.5, 7)), (14.5, 7), (14.5, 19))
        np.testing.assert_array_equal(dialog.drawn.image, expected)
        await pilot.click(pad, offset=(15, 10), button=3)
        erased = stroke(expected, (14.5, 19), (14.5, 19), is_black=True)
        np.testing.assert_array_equal(dialog.drawn.image, erased)


async def test_grey_images_on_white_are_drawn_with_a_black_pen_on_white():
    screen = draw_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        light = probe()
        light.images[:, [0, -1]] = light.images[:, :, [0, -1]] = 255
        screen.reader.load(SECOND, light)
        await wait_until(pilot, lambda: screen.app.scene.probe is light)
        await pilot.press("w")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, DrawDialog))
        dialog = pilot.app.screen
        await pilot.press("space", "right", "space")
        point = (14.5, 14.5)
        black = stroke(stroke(BLANK, point, point), point, (15.5, 14.5))
        np.testing.assert_array_equal(dialog.drawn.image, 255 - black)
        await pilot.click(dialog.query_one(Pad), offset=(15, 8), button=3)
        assert dialog.drawn.image.sum(dtype=int) > (255 - black).sum(dtype=int)  # erased


async def test_what_the_network_makes_of_the_drawing_stands_beside_it():
    screen = draw_screen()
    async with screen.at(120, 40) as pilot:
        dialog = await open_pad(pilot, screen)
        await pilot.press("space", *["right"] * 4, *["down"] * 4, "space")
        seen = centred(dialog.drawn.image)[0]
        await wait_until(pilot, lambda: len(images(dialog)) == 3)
        mean, logvar = (values[0] for values in FIRST.encode(seen[None]))
        reconstruction = FIRST.decode(mean[None])[0]
        errors = np.square(probe().images / 255.0 - seen / 255.0).sum((1, 2))
        index = int(errors.argmin())
        np.testing.assert_array_equal(images(dialog)[0], reconstruction)
        np.testing.assert_array_equal(images(dialog)[1], np.abs(reconstruction.astype(int) - seen))
        np.testing.assert_array_equal(images(dialog)[2], probe().images[index])
        bars = dialog.query_one(LatentBars).bars
        np.testing.assert_allclose(bars.values, mean, rtol=1e-5)
        np.testing.assert_allclose(bars.deviations, np.exp(logvar / 2), rtol=1e-5)
        pixels, decoded = seen / 255.0, reconstruction.clip(1, 254) / 255.0
        bce = -(pixels * np.log(decoded) + (1 - pixels) * np.log(1 - decoded)).sum()
        kl = 0.5 * (np.exp(logvar) - logvar - 1 + mean**2).sum()
        words = plain(dialog.query_one("#facts", Drawing))
        shown_bce, shown_kl, total, _ = map(float, re.findall(r"\d+\.\d", words))
        assert shown_bce == pytest.approx(bce, rel=0.02)
        assert shown_kl == pytest.approx(kl, abs=0.06)
        assert total == pytest.approx(shown_bce + shown_kl, abs=0.11)
        assert f"by pixels: {probe().labels[index]} #{index}, err {errors[index]:.0f}" in words
        cloud = dialog.query_one(Scatter).cloud
        plane = pca(FIRST.encode(probe().images)[0])
        place = (mean - plane.centre) @ plane.basis
        low = cloud.window.point(0, cloud.window.height - 1)
        high = cloud.window.point(cloud.window.width - 1, 0)
        np.testing.assert_allclose(cloud.cursor, np.clip(place, low, high), rtol=1e-4)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_energy_of_the_drawing_stands_beside_it_with_its_percentile(size):
    screen = draw_screen()
    async with screen.at(*size) as pilot:
        dialog = await open_pad(pilot, screen)
        await pilot.press("space", *["right"] * 4, "space")
        facts = dialog.query_one("#facts", Drawing)
        for network in (FIRST, SECOND):
            if network is SECOND:
                await new_weights(pilot, screen, SECOND)
            energy = score(network, centred(dialog.drawn.image)[0][None], "bce").energy
            known = energies(network, probe().images, "bce")
            percentile = percentiles(energy, known)[0]
            expected = f"energy {energy[0]:.1f}, percentile {percentile:.0f}"
            await wait_until(pilot, lambda expected=expected: expected in plain(facts))
        assert "nearest" in plain(facts)


async def test_an_auto_encoder_s_drawing_has_no_kl_in_its_loss():
    screen = draw_screen(config=dataclasses.replace(CONFIG, model="ae"))
    async with screen.at(120, 40) as pilot:
        dialog = await open_pad(pilot, screen)
        await pilot.press("space", *["right"] * 4)
        await wait_until(pilot, lambda: "BCE" in plain(dialog.query_one("#facts", Drawing)))
        assert "KL" not in plain(dialog.query_one("#facts", Drawing))


async def test_c_lets_the_network_see_the_drawing_where_it_is():
    screen = draw_screen()
    async with screen.at(200, 60) as pilot:
        dialog = await open_pad(pilot, screen)
        await pilot.press(*["up"] * 6, "space", *["right"] * 3, "space")
        await wait_until(pilot, lambda: len(images(dialog)) == 4)
        np.testing.assert_array_equal(images(dialog)[3], centred(dialog.drawn.image)[0])
        assert "centred" in plain(dialog.query_one("#facts", Drawing))
        await pilot.press("c")
        np.testing.assert_array_equal(images(dialog)[3], dialog.drawn.image)
        assert "the network has only seen centred" in plain(dialog.query_one("#facts", Drawing))


async def test_u_removes_the_last_stroke_and_backspace_everything():
    screen = draw_screen()
    async with screen.at() as pilot:
        dialog = await open_pad(pilot, screen)
        await pilot.press("space", "right", "space")
        first = dialog.drawn.image
        await pilot.press("down", "down", "down", "space", "left", "space")
        both = dialog.drawn.image
        assert (both != first).any()
        await pilot.press("u")
        np.testing.assert_array_equal(dialog.drawn.image, first)
        await pilot.press("backspace")
        assert not dialog.drawn.image.any()
        assert not len(images(dialog))
        await pilot.press("enter")  # nothing is drawn: nothing to walk from
        assert pilot.app.screen is dialog
        await pilot.press("u")
        np.testing.assert_array_equal(dialog.drawn.image, first)


async def test_escape_closes_and_the_drawing_is_there_again():
    screen = draw_screen()
    async with screen.at() as pilot:
        dialog = await open_pad(pilot, screen)
        code = walk_code(screen)
        await pilot.press("space", "right", "space", "escape")
        await wait_until(pilot, lambda: not isinstance(pilot.app.screen, DrawDialog))
        np.testing.assert_array_equal(walk_code(screen), code)
        await pilot.press("w")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, DrawDialog))
        np.testing.assert_array_equal(pilot.app.screen.drawn.image, dialog.drawn.image)


async def test_newer_weights_read_the_drawing_again():
    screen = draw_screen()
    async with screen.at() as pilot:
        dialog = await open_pad(pilot, screen)
        await pilot.press("space", "right", "space")
        await new_weights(pilot, screen, SECOND)
        mean = SECOND.encode(centred(dialog.drawn.image)[0][None])[0][0]
        bars = dialog.query_one(LatentBars)
        await wait_until(pilot, lambda: np.allclose(bars.bars.values, mean, rtol=1e-5))


async def test_before_the_first_weights_w_says_what_it_needs():
    screen = draw_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3", "started")
        await pilot.press("w")
        assert any("first weights" in note for note in screen.app.notes)
        assert not isinstance(pilot.app.screen, DrawDialog)


@pytest.mark.parametrize("side", [8, 64])
async def test_the_pad_has_the_pixels_of_the_runs_images(side):
    shape = ImageShape(side, side, 1)
    screen = draw_screen(config=dataclasses.replace(CONFIG, image_shape=shape))
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3", "started")
        screen.reader.load(random_network(540, shape=shape), probe(shape=shape))
        await wait_until(pilot, lambda: screen.app.scene.probe is not None)
        await pilot.press("w")
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, DrawDialog))
        await pilot.press("space", *["right"] * (side + 3), *["up"] * (side + 3), "space")
        dialog = pilot.app.screen
        assert dialog.drawn.image.shape == (side, side)
        assert dialog.query_one(Pad).cursor == (side - 1, 0)
        assert dialog.drawn.image[side // 2, side - 1] > 128


@pytest.mark.parametrize("palette", [Palette.SHADES, Palette.ASCII])
async def test_without_greys_the_pen_is_a_character_that_says_whether_it_is_down(palette):
    screen = draw_screen(palette=palette, unicode=palette is not Palette.ASCII)
    async with screen.at() as pilot:
        dialog = await open_pad(pilot, screen)
        rows = [strip.text for strip in dialog.query_one(Pad).rows]
        assert [(row.index("+"), y) for y, row in enumerate(rows) if "+" in row] == [(14, 7)]
        await pilot.press("space")
        rows = [strip.text for strip in dialog.query_one(Pad).rows]
        assert rows[7][14] == "x"
        assert "pen down" in screen_text(pilot.app)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60), (30, 8)])
async def test_any_size_is_survived_while_drawing(size):
    screen = draw_screen()
    async with screen.at() as pilot:
        dialog = await open_pad(pilot, screen)
        await pilot.press("space", "right")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        await pilot.press("down", "space", "c", "u")
        assert dialog.is_active
        assert all(strip.cell_length <= 56 for strip in dialog.query_one(Pad).rows)
