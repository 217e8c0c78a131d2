"""Beside the map, and the manifold: names of classes, their means, decoded digits."""

import dataclasses
import re
from functools import partial
from itertools import product

import numpy as np
import pytest
from scipy.stats import norm
from support.fake_networks import probe, random_network
from support.layout_faults import until_whole
from support.run_events import CONFIG
from support.screen import (
    Screen,
    open_view,
    plain,
    wait_until,
)
from support.views import cloud
from support.widgets import colours

from vae_tui.data.catalogue import class_names
from vae_tui.terminal.class_colours import CLASS_COLOURS
from vae_tui.tui.views.map_content import mixed_classes, telling_names
from vae_tui.tui.widgets.map.class_grid import ClassGrid, grid_layout
from vae_tui.tui.widgets.map.manifold import AXIS, Manifold
from vae_tui.tui.widgets.map.scatter import Scatter

map_screen = partial(Screen, views="4")

FIRST = random_network(540)


async def open_manifold(pilot, screen, flat):
    """Show the manifold of a network with two dimensions."""
    await open_view(pilot, screen, "4", "started")
    screen.reader.load(flat, probe())
    await wait_until(pilot, lambda: "PCA" in screen.caption("caption"))
    await pilot.press("m", "m", "m")
    await wait_until(pilot, lambda: screen.caption("caption").startswith("Manifold"))


async def test_the_manifold_of_two_dimensions_lies_at_the_quantiles_of_the_normal():
    screen = map_screen(config=dataclasses.replace(CONFIG, latent_dim=2))
    flat = random_network(540, d=2)
    async with screen.at(120, 40) as pilot:
        await open_manifold(pilot, screen, flat)
        await wait_until(pilot, lambda: screen.view.query_one(Manifold).content is not None)
        await pilot.pause()
        sheet = screen.view.query_one(Manifold).content
        columns, rows = sheet.columns, sheet.rows
        across = norm.ppf((np.arange(columns) + 0.5) / columns)
        down = norm.ppf((np.arange(rows)[::-1] + 0.5) / rows)
        np.testing.assert_allclose(sheet.across, across, atol=1e-6)
        np.testing.assert_allclose(sheet.up, down, atol=1e-6)
        codes = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2).astype(np.float32)
        assert np.abs(sheet.images.astype(int) - flat.decode(codes)).max() <= 1
        # The digits fill the pane, beside the axes.
        room = screen.view.query_one(Manifold).size
        filled = columns * sheet.size[0] * rows * sheet.size[1]
        assert filled > 0.85 * (room.width - AXIS) * (room.height - 1)

        column, row = sheet.cursor
        await pilot.press("left", "up")
        assert screen.view.query_one(Manifold).content.cursor == (column - 1, row - 1)
        code = codes[(row - 1) * columns + column - 1]
        np.testing.assert_array_equal(
            screen.pictures("here").images, flat.decode(code[None].astype(np.float32))
        )
        assert screen.caption("place") == f"Cursor {code[0]:.2f}, {code[1]:.2f}"
        means = flat.encode(probe().images)[0]
        nearest = np.linalg.norm(means - code, axis=1).argmin()
        assert f"(#{nearest})" in screen.caption("nearest-name")
        await pilot.click(Manifold, (AXIS + 2 * sheet.size[0] + 1, sheet.size[1] + 1))
        assert screen.view.query_one(Manifold).content.cursor == (2, 1)
        frame = screen.view.query_one(Manifold).rows[sheet.size[1]].text
        assert frame[AXIS + 2 * sheet.size[0] :].startswith("╭" + "─" * (sheet.size[0] - 2) + "╮")
        await pilot.press("m")
        assert "PCA" in screen.caption("caption")


@pytest.mark.parametrize("size", [(100, 30), (120, 40), (200, 60)])
async def test_the_side_panel_shows_the_mean_of_each_class_with_its_count(size):
    screen = map_screen()
    some = probe((3, 3, 3, 7, 7, 0))
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "4")
        screen.reader.load(some)
        await wait_until(pilot, lambda: "6 means" in screen.caption("caption"))
        grid = screen.view.query_one(ClassGrid)
        means = FIRST.encode(some.images)[0]
        centres = np.stack([means[some.labels == label].mean(0) for label in (0, 3, 7)])
        shown = grid.content.images.astype(int)
        assert np.abs(shown - FIRST.decode(centres)).max() <= 1
        assert re.search(r"(?s)0 1\b.*3 3\b.*7 2\b", plain(grid))
        assert "▀" in plain(grid)


def test_ten_classes_fill_their_rows():
    for width, height in product(range(10, 80, 7), range(5, 60, 5)):
        columns, pixels = grid_layout(width, height, 10)
        assert columns in (0, 1, 2, 5, 10), (width, height)
        if columns:
            assert columns * (pixels + 1) - 1 <= width
            assert 10 // columns * (pixels // 2 + 1) <= height


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_the_ten_classes_stand_in_two_columns_beside_the_digits(size):
    screen = map_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "4")
        grid = screen.view.query_one(ClassGrid)
        columns, pixels = grid_layout(*grid.size, 10)
        assert columns == 2
        assert pixels >= 10
        assert screen.caption("nearest-name").startswith("nearest: ")
        await until_whole(pilot, screen)


async def test_on_the_manifold_n_moves_its_own_cursor_and_no_hidden_one():
    screen = map_screen(config=dataclasses.replace(CONFIG, latent_dim=2))
    flat = random_network(540, d=2)
    async with screen.at(120, 40) as pilot:
        await open_manifold(pilot, screen, flat)
        before = screen.view.plane.cursor
        await pilot.press("n")
        assert screen.view.plane.cursor == before
        label = screen.view.plane.label
        middle = np.median(flat.encode(probe().images)[0][probe().labels == label], axis=0)
        sheet = screen.view.query_one(Manifold).content
        column = np.floor(norm.cdf(middle[0]) * sheet.columns)
        row = np.floor((1 - norm.cdf(middle[1])) * sheet.rows)
        assert sheet.cursor == (min(column, sheet.columns - 1), min(row, sheet.rows - 1))


async def test_a_run_of_an_unknown_data_set_has_a_map():
    screen = map_screen(config=dataclasses.replace(CONFIG, dataset="of-somebody-else"))
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await wait_until(pilot, lambda: "30 means" in screen.caption("caption"))
        assert "0 3  " in plain(screen.view.query_one(ClassGrid))


async def test_the_classes_have_their_colours():
    screen = map_screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "4")
        segments = [one for row in screen.view.query_one(ClassGrid).rows for one in row]
        marks = {
            one.text: one.style.color.get_truecolor().hex for one in segments if one.style.bold
        }
        assert marks == dict(zip("0123456789", CLASS_COLOURS, strict=True))


LONG_NAMES = (
    *("Animals and Nature", "Food and Drink", "Smileys and Emotion", "Travel and Places"),
    *("Activities", "Objects", "Symbols", "Flags", "People and Body", "Component"),
)


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_names_too_long_for_the_pictures_are_listed_whole_below_them(size):
    screen = map_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "4")
        screen.reader.load(dataclasses.replace(probe(), classes=LONG_NAMES))
        grid = screen.view.query_one(ClassGrid)
        await wait_until(pilot, lambda: "Activities" in plain(grid))
        listed = plain(grid).splitlines()[-10:]
        assert [row.strip() for row in listed] == [
            f"{n} {name}" for n, name in enumerate(LONG_NAMES)
        ]
        assert "▀" in plain(grid)
        assert re.search(r"0 3\b +1 3\b", plain(grid))  # marks and counts below the pictures
        shown = colours(grid)
        assert shown["P"] == CLASS_COLOURS[8]
        await until_whole(pilot, screen)


def test_a_class_is_mixed_where_most_points_around_its_centre_are_of_others():
    points = np.random.default_rng(1).normal(size=(300, 2)).astype(np.float32)
    labels = np.zeros(300, np.uint8)
    labels[:30] = 1
    points[-50:, 0] += 8
    labels[-50:] = 2
    centres = ((0, (0.0, 0.0)), (1, (0.0, 0.0)), (2, (8.0, 0.0)))
    assert mixed_classes(points, labels, centres) == {1}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_l_hides_the_names_of_the_classes_and_shows_them_again(size):
    screen = map_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "4")
        await wait_until(pilot, lambda: cloud(screen) is not None)
        scatter = screen.view.query_one(Scatter)
        named = plain(scatter)
        await pilot.press("l")
        bare = plain(scatter)
        assert named != bare
        assert not set(bare) & set("▀▄█")
        await pilot.press("l")
        assert plain(scatter) == named


CLOTHES = class_names("fashion-mnist")


@pytest.mark.parametrize(("size", "named"), [((80, 24), True), ((120, 40), False)])
async def test_where_the_classes_are_not_listed_by_name_their_names_stand_on_the_map(size, named):
    screen = map_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "4")
        bare = plain(screen.view.query_one(Scatter))
        assert not any(name in bare for name in CLOTHES)
        screen.reader.load(dataclasses.replace(probe(), classes=CLOTHES))
        await wait_until(pilot, lambda: cloud(screen).names == CLOTHES)
        shown = plain(screen.view.query_one(Scatter))
        found = [name for label, name in enumerate(CLOTHES) if f"{label} {name} " in shown]
        if not named:
            assert not found
            return
        assert len(found) >= 5  # of the fake images the classes lie close together
        marks = set(re.findall(r"\d", shown))
        assert marks == set("0123456789")
        for _ in CLOTHES:
            await pilot.press("n")
            drawn = plain(screen.view.query_one(Scatter))
            label = screen.view.plane.label
            if name := re.search(r"\[(.)\]([A-Z])", drawn):  # it stands at its class
                assert (name[1], name[2]) == (str(label), CLOTHES[label][0])
        await pilot.press("l")
        assert not any(name in plain(screen.view.query_one(Scatter)) for name in CLOTHES)


@pytest.mark.parametrize(
    ("classes", "unicode", "names"),
    [
        (tuple("0123456789"), True, ()),
        (("dög", "cat"), True, ("dög", "cat")),
        (("dög", "cat"), False, ()),
        (("犬", "cat"), True, ()),
    ],
)
def test_names_that_say_no_more_than_the_marks_or_need_other_cells_are_not_on_the_map(
    classes, unicode, names
):
    assert telling_names(classes, unicode=unicode) == names
