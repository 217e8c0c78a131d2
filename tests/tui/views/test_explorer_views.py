"""The explorer's part of the views: where z come from, ways, the map, dimensions, time travel."""

import base64
import csv
import dataclasses
import io
import re
import shlex
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats import norm
from support import fakes
from support.fakes import (
    CONFIG,
    FakeSteering,
    Screen,
    become,
    embed,
    flat_network,
    losses,
    new_weights,
    open_view,
    plain,
    probe,
    random_network,
    samples_of,
    until_reading,
    until_whole,
    wait_until,
    walk_code,
)
from textual.app import App, ComposeResult
from textual.widgets import Input, Static

from vae_tui.export import picture_files
from vae_tui.latent.codes import parse_code, prior
from vae_tui.latent.projection import pca
from vae_tui.terminal import clipboard
from vae_tui.tui.state.walk_place import FRAMES
from vae_tui.tui.views.map import MapView
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.kl_bars import KlBars
from vae_tui.tui.widgets.scatter import Cloud, Scatter, Window

FIRST, SECOND = random_network(540), random_network(576)
VIEWS = "12345"
"""Those that draw with weights; Runs draws with none."""


def told(screen):
    """Return what the screen has told in passing."""
    return screen.app.notes


def cloud(screen):
    return screen.view.query_one(Scatter).cloud


def spread_out(network, deviations):
    """Return the network with q(z|x) of the same standard deviations (d,) everywhere."""
    first, (weights, bias) = network.encoder
    d = network.latent_dim
    weights, bias = weights.copy(), bias.copy()
    weights[:, d:], bias[d:] = 0, 2 * np.log(np.asarray(deviations))
    return dataclasses.replace(network, encoder=(first, (weights, bias)))


def turned_code(network, step, seed=5, noise=0.0):
    """Return the network with its means turned in the latent space, and a little noise."""
    first, (weights, bias) = network.encoder
    d = network.latent_dim
    generator = np.random.default_rng(seed)
    turn = np.linalg.qr(generator.normal(size=(d, d)))[0].astype(np.float32)
    weights, bias = weights.copy(), bias.copy()
    weights[:, :d], bias[:d] = weights[:, :d] @ turn, bias[:d] @ turn
    weights[:, :d] += noise * generator.normal(size=weights[:, :d].shape).astype(np.float32)
    return dataclasses.replace(network, step=step, encoder=(first, (weights, bias)))


def closed_form(network, shown):
    """Return the KL to N(0, I) of each dimension, (d,), as the field writes it."""
    mean, logvar = (values.astype(float) for values in network.encode(shown.images))
    return (-0.5 * (1 + logvar - mean**2 - np.exp(logvar))).mean(0)


def pixels_of(file):
    with Image.open(file) as picture:
        return np.asarray(picture)


# Samples


async def test_g_draws_from_the_aggregate_posterior_and_back():
    screen = Screen()
    # Each posterior is so narrow that its draws are the means of test digits.
    narrow = spread_out(FIRST, np.full(20, 1e-4))
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await new_weights(pilot, screen, narrow)
        from_prior = screen.pictures().images
        await pilot.press("g")
        assert "posterior samples" in screen.caption()
        drawn = screen.pictures().images
        reconstructions = narrow.decode(narrow.encode(probe().images)[0]).astype(int)
        for picture in drawn.astype(int):
            assert np.abs(reconstructions - picture).max(1).min() <= 1
        assert len({picture.tobytes() for picture in drawn}) > 5
        await pilot.press("g")
        assert "prior samples" in screen.caption()
        np.testing.assert_array_equal(screen.pictures().images, from_prior)
        await pilot.press("g")
        np.testing.assert_array_equal(screen.pictures().images, drawn)
        await pilot.press("space")
        assert (screen.pictures().images != drawn).any()
        assert "seed 2" in screen.caption()


# Walk


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


async def test_i_goes_from_mark_to_mark_and_ends_exactly_at_the_second():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        start, end = await marked(pilot, screen)
        np.testing.assert_array_equal(start, prior(2, 1, 20)[0])
        for words in ("a: z from the prior, seed 2", "b: z from the prior, seed 3"):
            assert words in screen.caption("marks")
        assert screen.caption("strip-caption").startswith("linear")
        await wait_until(pilot, lambda: np.array_equal(walk_code(screen), end))
        np.testing.assert_array_equal(screen.pictures("digit").images, FIRST.decode(end[None]))
        share = np.linspace(0, 1, len(strip(screen)))[:, None]
        straight = FIRST.decode((start + share * (end - start)).astype(np.float32))
        assert np.abs(strip(screen).astype(int) - straight).max() <= 1


async def test_both_marks_are_named_where_there_is_little_room():
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("right", "a", "x", "b")
        assert re.fullmatch(r"a: z from.* · b: \d \(test.*", screen.caption("marks"))
        await until_whole(pilot, screen)


async def test_k_takes_the_same_way_straight_on_a_circle_and_in_pixels():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        start, end = await marked(pilot, screen)
        count = len(strip(screen))
        straight = strip(screen)

        await pilot.press("k")
        assert screen.caption("strip-caption").startswith("slerp")
        cosine = start @ end / np.linalg.norm(start) / np.linalg.norm(end)
        angle = np.arccos(cosine)
        share = np.linspace(0, 1, count)[:, None]
        unit_start, unit_end = start / np.linalg.norm(start), end / np.linalg.norm(end)
        circle = np.sin((1 - share) * angle) * unit_start + np.sin(share * angle) * unit_end
        lengths = (1 - share) * np.linalg.norm(start) + share * np.linalg.norm(end)
        codes = (circle / np.sin(angle) * lengths).astype(np.float32)
        assert np.abs(strip(screen).astype(int) - FIRST.decode(codes)).max() <= 1
        assert (strip(screen) != straight).any()

        await pilot.press("k")
        assert screen.caption("strip-caption").startswith("pixels")
        ends = FIRST.decode(np.stack([start, end])).astype(float)
        fade = (1 - share) * ends[0] + share * ends[1]
        assert np.abs(strip(screen) - fade).max() <= 0.51

        await pilot.press("k")
        assert screen.caption("strip-caption").startswith("linear")
        np.testing.assert_array_equal(strip(screen), straight)


async def test_norm_and_energy_of_each_picture_stand_under_the_strip():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        pictures = strip(screen)
        codes = np.repeat(prior(1, 1, 20), len(pictures), axis=0)
        codes[:, 0] = np.linspace(-3, 3, len(pictures))
        pictured = pictures / 255
        (first, first_bias), (second, second_bias) = FIRST.encoder
        means = (np.maximum(pictured @ first + first_bias, 0) @ second + second_bias)[:, :20]
        (first, first_bias), (second, second_bias) = FIRST.decoder
        logits = np.maximum(means @ first + first_bias, 0) @ second + second_bias
        energies = ((1 / (1 + np.exp(-logits)) - pictured) ** 2).sum(1)
        line = plain(screen.view.query_one("#numbers", Drawing))
        found = re.findall(r"\|z\|([\d.]+) E(\d+)", line)
        assert len(found) == len(pictures)
        for (length, energy), code, expected in zip(found, codes, energies, strict=True):
            assert float(length) == pytest.approx(np.sqrt((code**2).sum()), abs=0.051)
            assert float(energy) == pytest.approx(expected, abs=0.51)


async def test_d_drifts_smoothly_until_d_is_pressed_again():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("d")
        assert "drifting" in screen.caption("caption")
        seen = [walk_code(screen)]

        def has_gone_far():
            if (code := walk_code(screen)).tobytes() != seen[-1].tobytes():
                seen.append(code)
            return len(seen) > 8

        await wait_until(pilot, has_gone_far)
        steps = [np.linalg.norm(b - a) for a, b in pairwise(seen)]
        assert max(steps) < 3 * np.linalg.norm(seen[0]) / 20
        await pilot.press("d")
        stopped_at = walk_code(screen)
        assert "drifted here" in screen.caption("caption")
        await pilot.pause(0.3)  # three frames' time in which nothing may move
        np.testing.assert_array_equal(walk_code(screen), stopped_at)


async def test_y_copies_a_command_whose_z_is_the_code_to_the_last_bit():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("right", "y")
        (note,) = [text for text in told(screen) if text.startswith("copied: ")]
        words = shlex.split(note.removeprefix("copied: "))
        assert words[:3] == ["vae-tui", "decode", "digits-1123-0713"]
        (option,) = [word for word in words if word.startswith("--z=")]
        np.testing.assert_array_equal(
            parse_code(option.removeprefix("--z="), 20), walk_code(screen)
        )


@pytest.mark.parametrize(
    ("environment", "before", "after"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]52;c;", "\x07"),
        ({"TMUX": "/tmp/x"}, "\x1bPtmux;\x1b\x1b]52;c;", "\x07\x1b\\"),
        ({"TERM": "screen.xterm"}, "\x1bP\x1b]52;c;", "\x07\x1b\\"),
    ],
)
def test_what_is_copied_goes_out_as_osc_52_through_tmux_and_screen_too(environment, before, after):
    written = []
    clipboard.copy('--z="-1,2" µ', environment, written.append)
    (text,) = written
    assert text.startswith(before)
    assert text.endswith(after)
    inside = text.removeprefix(before).removesuffix(after)
    assert base64.b64decode(inside).decode() == '--z="-1,2" µ'


async def exported(pilot, screen):
    """Press e; return the path that the screen names."""
    await pilot.press("e")
    await wait_until(pilot, lambda: any(text.startswith("written: ") for text in told(screen)))
    (path,) = [text for text in told(screen) if text.startswith("written: ")]
    return path.removeprefix("written: ")


async def test_e_writes_the_samples_the_digit_and_the_way_into_the_folder(tmp_path):
    async def written(view, prepare, folder):
        folder.mkdir()
        screen = Screen(folder=folder)
        async with screen.at(120, 40) as pilot:
            await open_view(pilot, screen, view)
            ends = await prepare(pilot, screen) if prepare else None
            path = await exported(pilot, screen)
            assert [str(file) for file in folder.iterdir()] == [path]
            return path, ends, screen.pictures().columns

    path, _, columns = await written("2", None, tmp_path / "samples")
    assert path.endswith("digits-1123-0713-samples-seed1-step540.png")
    count = columns * (pixels_of(path).shape[0] // 112)
    expected = picture_files.png(samples_of(FIRST, 1, count), columns)
    np.testing.assert_array_equal(pixels_of(path), pixels_of(io.BytesIO(expected)))

    path, _, _ = await written("3", None, tmp_path / "digit")
    expected = picture_files.png(samples_of(FIRST, 1, 1), 1)
    np.testing.assert_array_equal(pixels_of(path), pixels_of(io.BytesIO(expected)))

    path, (start, end), _ = await written("3", marked, tmp_path / "way")
    share = np.linspace(0, 1, FRAMES, dtype=np.float32)[:, None]
    expected = picture_files.gif(FIRST.decode((1 - share) * start + share * end))
    with Image.open(path) as there, Image.open(io.BytesIO(expected)) as wanted:
        assert there.n_frames == wanted.n_frames == 2 * FRAMES - 2
        for frame in range(FRAMES):
            there.seek(frame)
            wanted.seek(frame)
            np.testing.assert_array_equal(np.asarray(there), np.asarray(wanted))


async def test_e_writes_the_dimensions_as_a_table_whose_sum_is_the_kl(tmp_path):
    screen = Screen(folder=tmp_path)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        path = Path(await exported(pilot, screen))
    assert path.name.endswith("-dimensions-step540.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    means, logvars = FIRST.encode(probe().images)
    kl = 0.5 * (means**2 + np.exp(logvars) - logvars - 1).mean(0)
    assert [int(row["dimension"]) for row in rows] == list(range(1, len(kl) + 1))
    np.testing.assert_allclose([float(row["kl"]) for row in rows], kl, rtol=1e-4)
    for row in rows:
        parts = float(row["kl_of_mean"]) + float(row["kl_of_variance"])
        assert parts == pytest.approx(float(row["kl"]), rel=1e-4)
        assert int(row["active"]) == (float(row["variance_of_mean"]) > 0.01)


async def test_e_into_a_folder_that_is_gone_is_one_line_and_ends_nothing(tmp_path):
    screen = Screen(folder=tmp_path / "gone")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("e")
        await wait_until(pilot, lambda: any("gone" in text for text in told(screen)))
        assert pilot.app.return_code is None


# Map


class Host(App[None]):
    def __init__(self, widget):
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


async def test_a_cloud_of_a_few_points_is_drawn_cell_by_cell():
    points = [(0.5, 3.5), (5.5, 0.5), (2.5, 1.0), (2.4, 1.1), (2.6, 0.9), (100, 100), (5.9, 2.1)]
    labels = [7, 3, 4, 1, 1, 9, 0]
    host = Host(Scatter())
    async with host.run_test(size=(6, 2)) as pilot:
        host.widget.cloud = Cloud(
            np.array(points, np.float32),
            np.array(labels, np.uint8),
            Window(left=0.0, top=4.0, scale=1.0, width=6, height=2),
            cursor=(3.5, 3.0),
        )
        await pilot.pause()
        assert plain(host.widget) == "7  + 0\n  1  3"


async def test_the_map_shows_all_means_by_pca():
    screen = Screen()
    many = probe(tuple(range(10)) * 100)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        screen.reader.load(many)
        await wait_until(pilot, lambda: "1000 means" in screen.caption("caption"))
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
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        x, y = screen.view.cursor
        scale = cloud(screen).window.scale
        await pilot.press("right", "right", "up", "shift+left", "shift+down")
        assert screen.view.cursor == pytest.approx((x - 3 * scale, y - 8 * scale), abs=1e-5)
        plane = pca(FIRST.encode(probe().images)[0])
        place = np.array([screen.view.cursor], np.float32)
        np.testing.assert_array_equal(
            screen.pictures("here").images, FIRST.decode(plane.codes_at(place))
        )


@pytest.mark.parametrize("key", ["left", "right", "up", "down"])
async def test_the_maps_cursor_stays_in_sight(key):
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "4")
        for _ in range(30):
            await pilot.press(f"shift+{key}")
        window = cloud(screen).window
        columns, rows = window.cells(np.array([screen.view.cursor]))
        assert 0 <= columns[0] < window.width
        assert 0 <= rows[0] < window.height


async def test_a_digit_key_jumps_to_its_class_and_again_to_the_view_of_that_number():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await pilot.press("3")
        members = probe().labels == 3
        middle = np.median(cloud(screen).points[members], axis=0)
        assert screen.view.cursor == pytest.approx(tuple(middle), abs=1e-5)
        assert screen.view.TITLE == "Map"
        await pilot.press("3")
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        await pilot.press("4", "tab")
        assert screen.view.TITLE == "Dimensions"
        await pilot.press("shift+tab", "shift+tab")
        assert screen.view.TITLE == "Walk"


@pytest.mark.parametrize("key", ["0", "7", "9"])
async def test_a_class_key_without_a_view_of_its_number_stays_on_the_map(key):
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await pilot.press(key, key)
        await pilot.pause()
        assert screen.view.TITLE == "Map"


async def test_m_takes_one_way_after_the_other_to_two_dimensions():
    may_end = threading.Event()

    def slow(codes, start):
        first, last = embed(codes, start)
        yield first
        may_end.wait(20)
        yield last

    screen = Screen(embed=slow)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        means = FIRST.encode(probe().images)[0]
        assert "PCA" in screen.caption("caption")

        await pilot.press("m")
        await wait_until(pilot, lambda: "t-SNE is at work" in screen.caption("caption"))
        may_end.set()
        await wait_until(pilot, lambda: "t-SNE is at work" not in screen.caption("caption"))
        assert "t-SNE" in screen.caption("caption")
        np.testing.assert_array_equal(cloud(screen).points, means[:, :2])
        nearest = ((means[:, :2] - np.array(screen.view.cursor)) ** 2).sum(1).argmin()
        assert f"nearest: #{nearest}, a {probe().labels[nearest]}" == screen.caption("place")
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


async def test_tsne_starts_again_from_its_last_embedding_when_newer_weights_come():
    starts = []

    def remembering(codes, start):
        starts.append(start)
        yield from embed(codes, start)

    screen = Screen(embed=remembering)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await pilot.press("m")
        means = FIRST.encode(probe().images)[0]
        await wait_until(
            pilot,
            lambda: cloud(screen) and np.array_equal(cloud(screen).points, means[:, :2]),
        )
        await new_weights(pilot, screen, SECOND)
        means_now = SECOND.encode(probe().images)[0]
        await wait_until(pilot, lambda: np.array_equal(cloud(screen).points, means_now[:, :2]))
        assert starts[0] is None
        np.testing.assert_array_equal(starts[1], means[:, :2])


async def test_the_manifold_of_two_dimensions_lies_at_the_quantiles_of_the_normal():
    screen = Screen(config=dataclasses.replace(CONFIG, latent_dim=2))
    flat = random_network(540, d=2)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4", "started")
        screen.reader.load(flat, probe())
        await wait_until(pilot, lambda: "30 means" in screen.caption("caption"))
        await pilot.press("m", "m", "m")
        await wait_until(pilot, lambda: screen.caption("caption").startswith("manifold"))
        await wait_until(pilot, lambda: len(screen.pictures("manifold").images) > 1)
        shown = screen.pictures("manifold")
        columns = shown.columns
        rows = len(shown.images) // columns
        across = norm.ppf((np.arange(columns) + 0.5) / columns)
        down = norm.ppf((np.arange(rows)[::-1] + 0.5) / rows)
        codes = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2).astype(np.float32)
        assert np.abs(shown.images.astype(int) - flat.decode(codes)).max() <= 1
        await pilot.press("m")
        assert "PCA" in screen.caption("caption")


async def test_a_bubbles_outline_is_one_standard_deviation_from_its_mean():
    screen = Screen()
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
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await pilot.press("right", "right", "up", "enter")
        place = np.array([screen.app.query_one(MapView).cursor], np.float32)
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        plane = pca(FIRST.encode(probe().images)[0])
        np.testing.assert_allclose(walk_code(screen), plane.codes_at(place)[0], rtol=1e-5)
        assert screen.caption("caption").startswith("at ")


async def test_a_code_that_was_merely_turned_leaves_the_map_where_it_is():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        before, picture = cloud(screen), plain(screen.view.query_one(Scatter))
        await new_weights(pilot, screen, turned_code(FIRST, 560))
        assert "step 560" in screen.caption("caption")
        np.testing.assert_allclose(cloud(screen).points, before.points, atol=1e-3)
        assert cloud(screen).window == before.window
        await new_weights(pilot, screen, turned_code(FIRST, 580, seed=6, noise=0.003))
        moved = np.abs(cloud(screen).points - before.points).max()
        assert 1e-3 < moved < 0.2 * np.ptp(before.points)
        assert cloud(screen).window == before.window
        assert picture != ""


async def test_a_run_of_an_unknown_data_set_has_a_map():
    screen = Screen(config=dataclasses.replace(CONFIG, dataset="of-somebody-else"))
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await wait_until(pilot, lambda: "30 means" in screen.caption("caption"))
        assert "classes 0 1 2" in screen.text


# Dimensions


async def test_the_two_parts_of_the_kl_add_up_to_the_closed_form():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        expected = closed_form(FIRST, probe())
        parts = screen.view.query_one(KlBars).parts
        np.testing.assert_allclose(
            np.add(parts.mean, parts.variance), expected, rtol=1e-4, atol=1e-6
        )
        found = re.match(
            r"KL ([\d.]+) nats .* mean ([\d.]+) \+ variance ([\d.]+)", screen.caption()
        )
        assert float(found[1]) == pytest.approx(expected.sum(), abs=0.051)
        assert float(found[2]) + float(found[3]) == pytest.approx(float(found[1]), abs=0.11)
        active = int((FIRST.encode(probe().images)[0].var(0) > 0.01).sum())
        assert f"{active} of 20 active" in screen.caption()


async def test_s_sorts_by_kl_or_by_number():
    screen = Screen()
    async with screen.at(80, 40) as pilot:
        await open_view(pilot, screen, "5")
        expected = closed_form(FIRST, probe())

        def names():
            return [int(n) - 1 for n in re.findall(r"z(\d+)", plain(bars))]

        bars = screen.view.query_one(KlBars)
        by_kl = sorted(names(), key=lambda index: -expected[index])
        assert names() == by_kl or len(names()) > 20
        await pilot.press("s")
        assert names() == sorted(names())
        await pilot.press("s")
        assert names() == by_kl


@pytest.mark.parametrize(
    ("network", "beta", "bce", "words", "others"),
    [
        (flat_network(560, 90), 50.0, 213.0, ["collapsed", "Lower beta"], ["nothing to mend"]),
        (
            spread_out(FIRST, np.full(20, 0.2)),
            1.0,
            80.0,
            ["20 dimensions carry"],
            ["collapsed", "squeezes", "beta"],
        ),
    ],
)
async def test_advice_is_given_for_beta_50_and_not_for_beta_1(network, beta, bce, words, others):
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        screen.reader.report(losses(558, beta=beta), fakes.tested(31, test_bce=bce))
        await new_weights(pilot, screen, network)
        advice = str(screen.view.query_one("#advice", Static).render())
        assert all(word in advice for word in words)
        assert not any(word in advice for word in others)


# Time travel

KEPT = {step: random_network(step) for step in (0, 18, 180)}


async def travel(pilot, screen, key, step):
    """Press a key of time travel; let the weights come that the screen asks for."""
    await pilot.press(key)
    await wait_until(pilot, lambda: screen.reader.wanted_steps[-1:] == [step])
    screen.reader.load_kept(KEPT[step])
    await wait_until(pilot, lambda: screen.app.scene.network is KEPT[step])


def assert_drawn_with(screen, network):
    """Assert that the view up shows what these weights make of what it shows."""
    title = screen.view.TITLE
    if title == "Train":
        shown = screen.pictures("samples").images
        np.testing.assert_array_equal(shown, samples_of(network, 0, len(shown)))
    elif title == "Samples":
        shown = screen.pictures().images
        np.testing.assert_array_equal(shown, samples_of(network, 1, len(shown)))
    elif title == "Walk":
        shown = screen.pictures("digit").images
        np.testing.assert_array_equal(shown, samples_of(network, 1, 1))
    elif title == "Map":
        means = network.encode(probe().images)[0]
        flat, shown = pca(means).points.astype(float), cloud(screen).points.astype(float)
        np.testing.assert_allclose(shown @ shown.T, flat @ flat.T, rtol=1e-3, atol=1e-2)
    else:
        total = closed_form(network, probe()).sum()
        assert float(re.match(r"KL ([\d.]+)", screen.caption())[1]) == pytest.approx(
            total, abs=0.051
        )


def what_is_said(screen):
    return "\n".join(plain(widget) for widget in screen.view.query(Drawing))


@pytest.mark.parametrize("view", VIEWS)
async def test_each_view_goes_back_and_forth_through_time(view):
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, view)
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        assert_drawn_with(screen, FIRST)
        for key, step in (("comma", 180), ("comma", 18), ("comma", 0), ("full_stop", 18)):
            await travel(pilot, screen, key, step)
            assert f"step {step}, back in time" in what_is_said(screen)
            assert_drawn_with(screen, KEPT[step])
        screen.reader.load(SECOND)
        await wait_until(pilot, lambda: screen.app._stage.newest is SECOND)
        assert_drawn_with(screen, KEPT[18])
        await pilot.press("end")
        await wait_until(pilot, lambda: screen.app.scene.network is SECOND)
        assert_drawn_with(screen, SECOND)
        assert "back in time" not in what_is_said(screen)


async def test_forth_from_the_last_kept_step_leads_to_now():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "2")
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        await travel(pilot, screen, "comma", 180)
        await pilot.press("full_stop")
        await wait_until(pilot, lambda: screen.app.scene.network.step == 540)
        assert "back in time" not in screen.caption()
        await new_weights(pilot, screen, SECOND)
        assert_drawn_with(screen, SECOND)


async def test_weights_that_come_too_late_for_a_faster_traveller_are_passed_over():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "2")
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        await pilot.press("comma", "comma")
        assert screen.reader.wanted_steps == [180, 18]
        screen.reader.load_kept(KEPT[180])
        screen.reader.load_kept(KEPT[18])
        await wait_until(pilot, lambda: screen.app.scene.network is KEPT[18])
        await pilot.press("comma", "end")
        screen.reader.load_kept(KEPT[0])
        screen.reader.report(losses(560))
        await wait_until(pilot, lambda: screen.app.scene.run.step == 560)
        assert screen.app.scene.network.step == 540


async def test_a_morph_is_the_same_morph_back_in_time():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        start, end = await marked(pilot, screen)
        await travel(pilot, screen, "comma", 180)
        share = np.linspace(0, 1, len(strip(screen)), dtype=np.float32)[:, None]
        np.testing.assert_array_equal(
            strip(screen), KEPT[180].decode((1 - share) * start + share * end)
        )
        await wait_until(pilot, lambda: np.array_equal(walk_code(screen), end))


async def test_a_command_copied_back_in_time_names_the_step():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        await travel(pilot, screen, "comma", 180)
        for view, command in (("2", "sample"), ("3", "decode"), ("5", "eval"), ("4", "map")):
            await pilot.press(view, "y")
            copied = [text for text in told(screen) if f"vae-tui {command} " in text]
            assert len(copied) == 1, command
            assert "--step 180" in copied[0]


# Controls


async def ask_controls(pilot, screen, **wanted):
    """Open the controls and write values into their fields."""
    await pilot.press("c")
    await pilot.pause()
    for name, value in wanted.items():
        pilot.app.screen.query_one(f"#{name}", Input).value = value


async def test_c_shows_the_settings_in_force():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await ask_controls(pilot, screen)
        values = {field.id: field.value for field in pilot.app.screen.query(Input)}
        assert values == {"beta": "1", "lr": "0.001", "epochs": "150"}
        await pilot.press("enter")
        assert len(pilot.app.screen_stack) == 1
        assert screen.steering.sent == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("beta", "e+", "'e+' is not a number"),
        ("lr", "0", "lr"),
        ("epochs", "1.5", "whole number"),
        ("beta", "-1", "beta"),
    ],
)
async def test_a_number_that_cannot_be_is_refused_in_words(name, value, words):
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await ask_controls(pilot, screen, **{name: value})
        await pilot.press("enter")
        assert words in str(pilot.app.screen.query_one("#wrong", Static).render())
        assert len(pilot.app.screen_stack) == 2
        await pilot.press("escape")
        assert screen.steering.sent == []


async def test_new_settings_are_asked_for_one_by_one():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await ask_controls(pilot, screen, beta="4", epochs="300")
        await pilot.press("enter")
        assert screen.steering.set == [("beta", 4.0), ("epochs", 300.0)]
        assert screen.steering.sent == ["set", "set"]


async def test_controls_save_now_and_u_undoes():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await ask_controls(pilot, screen)
        await pilot.press("ctrl+s")
        await pilot.press("u")
        await wait_until(pilot, lambda: screen.steering.sent == ["save", "undo"])


async def test_a_screen_that_only_watches_changes_nothing():
    steering = FakeSteering()
    screen = Screen(read_only=True, steering=steering)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("u")
        await ask_controls(pilot, screen)
        if len(pilot.app.screen_stack) > 1:
            pilot.app.screen.query_one("#beta", Input).value = "4"
            await pilot.press("enter")
        await wait_until(pilot, lambda: any("no control" in text for text in told(screen)))
        assert steering.sent == []


# Sizes


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("condition", ["nothing yet", "running"])
async def test_map_and_dimensions_are_whole_at_any_size(size, condition):
    screen = Screen(embed=embed)
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "4", condition)
        await until_whole(pilot, screen)
        for key in ("o", "m", "m"):
            await pilot.press(key)
            await pilot.pause()
            await until_whole(pilot, screen, key)
        await pilot.press("tab")
        await pilot.pause()
        assert screen.view.TITLE == "Dimensions"
        await until_whole(pilot, screen)
