"""The Map view: projections, cursor, bubbles, manifold."""

import re
import threading
from functools import partial

import numpy as np
import pytest
from support.fake_networks import probe, probe_without_classes, random_network
from support.layout_faults import until_whole
from support.processes import PATIENCE_SECONDS
from support.screen import (
    Screen,
    become,
    embed,
    new_weights,
    open_view,
    plain,
    until_reading,
    wait_until,
    walk_code,
)
from support.views import cloud, spread_out, with_weights

from vae_tui.latent.projection import pca
from vae_tui.tui.views.map import MapView
from vae_tui.tui.widgets.map.class_grid import ClassGrid
from vae_tui.tui.widgets.map.scatter import Scatter

map_screen = partial(Screen, views="4")

FIRST, SECOND = random_network(540), random_network(576)
TITLES = ("Train", "Samples", "Walk", "Map", "Dimensions", "Runs")


def cloud_window(screen):
    return screen.app.query_one(Scatter).cloud.window


def turned_code(network, step, seed=5, noise=0.0):
    """Return the network with its means turned in the latent space, and a little noise."""
    d = network.latent_dim
    weights, bias = network.weights["encoder.2.weight"].T, network.weights["encoder.2.bias"]
    generator = np.random.default_rng(seed)
    turn = np.linalg.qr(generator.normal(size=(d, d)))[0].astype(np.float32)
    weights, bias = weights.copy(), bias.copy()
    weights[:, :d], bias[:d] = weights[:, :d] @ turn, bias[:d] @ turn
    weights[:, :d] += noise * generator.normal(size=weights[:, :d].shape).astype(np.float32)
    changed = {"encoder.2.weight": np.ascontiguousarray(weights.T), "encoder.2.bias": bias}
    return with_weights(network, changed, step=step)


async def test_means_without_classes_are_drawn_by_density_beside_the_nearest_images():
    screen = map_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        screen.reader.load(probe_without_classes())
        await wait_until(pilot, lambda: "·" in plain(screen.view.query_one(Scatter)))
        await pilot.press("l", "l", "n")  # names of classes, the next class: nothing to show
        drawn = plain(screen.view.query_one(Scatter))
        assert set(drawn) <= set(" ·•●[+]\n")
        points = cloud(screen).points.astype(float)
        columns, rows = cloud_window(screen).cells(points)
        crowded = np.unique(np.stack([columns, rows]), axis=1, return_counts=True)[1]
        assert drawn.count("·") in range((crowded == 1).sum() - 3, (crowded == 1).sum() + 1)
        distances = np.square(points - np.array(screen.view.plane.cursor)).sum(1)
        expected = [f"#{index}" for index in distances.argsort(kind="stable")[:10]]
        assert list(screen.view.query_one(ClassGrid).content.names) == expected[1:]
        assert f"(#{expected[0][1:]})" in screen.caption("nearest-name")


async def test_the_map_shows_all_means_by_pca():
    screen = map_screen()
    many = probe(tuple(range(10)) * 100)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        screen.reader.load(many)
        await wait_until(pilot, lambda: "1,000 means" in screen.caption("caption"))
        means = FIRST.encode(many.images)[0].astype(float)
        centred = means - means.mean(0)
        _, values, rows = np.linalg.svd(centred, full_matrices=False)
        share = (values[:2] ** 2).sum() / (values**2).sum()
        assert f"{share:.0%} of the variance" in screen.caption("caption")
        # PCA is free in signs and rotation: lengths and angles within the plane are not.
        flat = centred @ rows[:2].T
        shown = cloud(screen).points.astype(float)
        np.testing.assert_allclose(shown @ shown.T, flat @ flat.T, atol=1e-3)
        drawn = {letter for letter in plain(screen.view.query_one(Scatter)) if letter.isdigit()}
        assert drawn == set("0123456789")


async def test_the_maps_cursor_moves_by_cells_and_its_place_is_decoded():
    screen = map_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        x, y = screen.view.plane.cursor
        scale = cloud(screen).window.scale
        await pilot.press("right", "right", "up", "shift+left", "shift+down")
        assert screen.view.plane.cursor == pytest.approx((x - 3 * scale, y - 8 * scale), abs=1e-5)
        plane = pca(FIRST.encode(probe().images)[0])
        place = np.array([screen.view.plane.cursor], np.float32)
        np.testing.assert_array_equal(
            screen.pictures("here").images, FIRST.decode(plane.codes_at(place))
        )


async def test_the_maps_cursor_stays_in_sight():
    screen = map_screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "4")
        for key in ("left", "right", "up", "down"):
            await pilot.press(*[f"shift+{key}"] * 30)
            window = cloud(screen).window
            columns, rows = window.cells(np.array([screen.view.plane.cursor]))
            assert 0 <= columns[0] < window.width, key
            assert 0 <= rows[0] < window.height, key


async def test_n_goes_from_the_centre_of_one_class_to_that_of_the_next_and_N_back():
    screen = map_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        # The cursor starts on the first class, where there is something to see.
        steps = ((), 0), ("n", 1), ("n", 2), (("right", "n"), 3), ("NNN", 0), ("N", 9)
        for keys, label in steps:
            await pilot.press(*keys)
            middle = np.median(cloud(screen).points[probe().labels == label], axis=0)
            assert screen.view.plane.cursor == pytest.approx(tuple(middle), abs=1e-5), keys


async def test_a_digit_always_switches_to_the_view_of_its_number():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        for number, title in enumerate(TITLES, start=1):
            await pilot.press("4")
            await wait_until(pilot, lambda: screen.view.TITLE == "Map")
            await pilot.press(str(number))
            await wait_until(pilot, lambda title=title: title == screen.view.TITLE)


async def test_m_shows_one_projection_after_the_other():
    may_end = threading.Event()

    def slow(codes, start):
        first, last = embed(codes, start)
        yield first
        may_end.wait(PATIENCE_SECONDS)
        yield last

    screen = map_screen(embed=slow)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        means = FIRST.encode(probe().images)[0]
        assert "PCA" in screen.caption("caption")

        await pilot.press("m")
        await wait_until(pilot, lambda: "computing t-SNE" in screen.caption("caption"))
        may_end.set()
        await wait_until(pilot, lambda: "computing t-SNE" not in screen.caption("caption"))
        assert "t-SNE" in screen.caption("caption")
        np.testing.assert_array_equal(cloud(screen).points, means[:, :2])
        nearest = ((means[:, :2] - np.array(screen.view.plane.cursor)) ** 2).sum(1).argmin()
        assert screen.caption("place") == f"Cursor mean #{nearest}"
        assert screen.caption("nearest-name") == f"nearest: {probe().labels[nearest]} (#{nearest})"
        np.testing.assert_array_equal(
            screen.pictures("nearest").images, probe().images[nearest][None]
        )
        np.testing.assert_array_equal(
            screen.pictures("here").images, FIRST.decode(means[nearest][None])
        )

        await pilot.press("m")
        first, second = np.argsort(-means.var(0))[:2]
        assert f"z{first + 1} across, z{second + 1} upwards" in screen.caption("caption")
        np.testing.assert_allclose(cloud(screen).points, means[:, [first, second]], rtol=1e-5)
        await pilot.press("left_square_bracket", "right_square_bracket")
        across, upwards = (
            int(number) - 1 for number in re.findall(r"z(\d+)", screen.caption("caption"))
        )
        assert across != first
        assert upwards != second
        np.testing.assert_allclose(cloud(screen).points, means[:, [across, upwards]], rtol=1e-5)

        await pilot.press("m")
        assert "PCA" in screen.caption("caption")


async def test_a_click_moves_the_cursor_and_a_double_click_walks_from_there():
    screen = map_screen(views="34")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await wait_until(pilot, lambda: cloud(screen) is not None)
        await pilot.click(Scatter, (30, 10))
        place = cloud(screen).window.point(30, 10)
        assert screen.view.plane.cursor == pytest.approx(place)
        await pilot.click(Scatter, (40, 12), times=2)
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        place = np.array([cloud_window(screen).point(40, 12)], np.float32)
        plane = pca(FIRST.encode(probe().images)[0])
        np.testing.assert_allclose(walk_code(screen), plane.codes_at(place)[0], rtol=1e-4)


async def test_the_same_weights_give_the_same_picture_whatever_was_shown_before():
    screen = map_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await wait_until(pilot, lambda: cloud(screen) is not None)
        points, window = cloud(screen).points, cloud(screen).window
        await pilot.press("m", "m", "m")
        assert "PCA" in screen.caption("caption")
        np.testing.assert_array_equal(cloud(screen).points, points)
        assert cloud(screen).window == window
        await new_weights(pilot, screen, turned_code(FIRST, 560))
        await new_weights(pilot, screen, SECOND)
        await new_weights(pilot, screen, random_network(540))
        np.testing.assert_array_equal(cloud(screen).points, points)
        assert cloud(screen).window == window


async def test_the_map_stays_while_tsne_computes_and_its_cursor_stays_on_its_digit():
    may_begin = threading.Event()

    def late(codes, start):
        may_begin.wait(PATIENCE_SECONDS)
        yield from embed(codes, start)

    screen = map_screen(embed=late)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await wait_until(pilot, lambda: cloud(screen) is not None)
        await pilot.press("n", "n", "right")
        before = cloud(screen)
        await pilot.press("m")
        assert "computing t-SNE ○○○○" in screen.caption("caption")
        np.testing.assert_array_equal(cloud(screen).points, before.points)
        x, y = screen.view.plane.cursor
        nearest = np.square(before.points - [x, y]).sum(1).argmin()
        may_begin.set()
        await wait_until(pilot, lambda: "computing" not in screen.caption("caption"))
        means = FIRST.encode(probe().images)[0]
        assert screen.view.plane.cursor == pytest.approx(tuple(means[nearest, :2]))


async def test_a_bubbles_outline_is_one_standard_deviation_from_its_mean():
    screen = map_screen()
    deviations = np.linspace(0.2, 2.1, 20)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await new_weights(pilot, screen, spread_out(FIRST, np.full(20, 0.3)))
        await pilot.press("o")
        assert "bubbles of 1 sd" in screen.caption("caption")
        shown = cloud(screen)
        away = np.linalg.norm(shown.outlines - shown.points[:, None], axis=2)
        np.testing.assert_allclose(away, 0.3, rtol=1e-4)  # a sphere's shadow is a circle
        await new_weights(pilot, screen, spread_out(SECOND, deviations))
        await pilot.press("m")
        await pilot.press("m")
        across, upwards = (
            int(number) - 1 for number in re.findall(r"z(\d+)", screen.caption("caption"))
        )
        shown = cloud(screen)
        away = np.abs(shown.outlines - shown.points[:, None]).max(1)
        np.testing.assert_allclose(away[:, 0], deviations[across], rtol=5e-3)
        np.testing.assert_allclose(away[:, 1], deviations[upwards], rtol=5e-3)
        assert any("⠀" < letter <= "⣿" for letter in plain(screen.view.query_one(Scatter)))
        await pilot.press("o")
        assert cloud(screen).outlines is None


async def test_enter_walks_from_the_code_under_the_cursor():
    screen = map_screen(views="34")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await pilot.press("right", "right", "up", "enter")
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        place = np.array([screen.app.query_one(MapView).plane.cursor], np.float32)
        plane = pca(FIRST.encode(probe().images)[0])
        np.testing.assert_allclose(walk_code(screen), plane.codes_at(place)[0], rtol=1e-5)
        assert screen.caption("caption").startswith("Code at ")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_map_and_dimensions_are_whole_at_any_size(size):
    screen = Screen(views="45")
    async with screen.at(*size) as pilot:
        await until_reading(pilot, screen)
        for condition in ("nothing yet", "running"):
            await become(pilot, screen, condition)
            await pilot.press("4")
            await until_whole(pilot, screen, condition)
            for key in ("o", "m", "m", "m", "o"):
                await pilot.press(key)
                await pilot.pause()
                await until_whole(pilot, screen, (condition, key))
            await pilot.press("tab")
            await pilot.pause()
            assert screen.view.TITLE == "Dimensions"
            await until_whole(pilot, screen, condition)
            await pilot.press("1")
