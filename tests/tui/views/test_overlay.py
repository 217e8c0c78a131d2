"""Another run's curves and digits over this one's."""

import dataclasses
import re
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from support.fake_networks import random_network, samples_of
from support.fake_readers import listed
from support.layout_faults import until_whole
from support.run_events import CONFIG, STARTED, losses
from support.run_events import tested as epoch_ended
from support.screen import Screen, become, new_weights, open_view, until_reading, wait_until
from support.views import HERE, chart, chosen, open_runs

from vae_tui.terminal.tiles import GAP, widths
from vae_tui.tui.messages import OverlayFailed
from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.views.train_digits import SCALES, digit_layout
from vae_tui.tui.widgets.loss_chart import LossChart

two_runs_screen = partial(Screen, views="16")

FIRST, OTHER = random_network(540), random_network(900)


def other_run(name="mnist-d20", epochs=60, bce=70.0, **settings):
    """Return what is known of a run with constant losses."""
    config = dataclasses.replace(CONFIG, dataset="mnist", epochs=epochs, **settings)
    happened = [STARTED]
    for epoch in range(1, epochs + 1):
        happened += [losses(epoch * 18, bce=bce, kl=33.0), epoch_ended(epoch, test_bce=bce + 1)]
    return advance(RunView(name, config, epochs=epochs), happened)


async def overlay(pilot, screen, run, network=OTHER):
    """Lay the second run of the list over this one, and go to view 1."""
    path = Path("/runs/mnist-d20")
    await open_runs(pilot, screen, HERE, listed("mnist-d20"), listed("third"))
    await pilot.press("down", "x")
    await wait_until(pilot, lambda: screen.runs.overlays)
    assert screen.runs.overlays[-1][0] == path
    screen.runs.lay_over(path, run, network)
    await wait_until(pilot, lambda: screen.app.scene.overlay is not None)
    await pilot.press("1")
    await pilot.pause()


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_x_overlays_the_other_runs_curves_with_its_name_and_its_digits_of_the_same_z(size):
    screen = two_runs_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        assert "mnist-d20" not in screen.text
        await overlay(pilot, screen, other_run())
        await wait_until(pilot, lambda: len(screen.pictures("overlay").images))
        await until_whole(pilot, screen)
        if size > (60, 20):
            assert "mnist-d20 70.0" in chart(screen, "reconstruction")
            assert "mnist-d20 33.0" in chart(screen, "kl")
            assert chart(screen, "kl").endswith("150")  # the last epoch of this run
        count = len(screen.pictures("samples").images)
        assert count >= (6 if size > (60, 20) else 3)
        np.testing.assert_array_equal(
            screen.pictures("samples").images, samples_of(FIRST, 0, count)
        )
        np.testing.assert_array_equal(
            screen.pictures("overlay").images, samples_of(OTHER, 0, count)
        )
        assert screen.caption("overlay-caption").startswith("mnist-d20 · step 900")
        await pilot.press("space")
        np.testing.assert_array_equal(
            screen.pictures("overlay").images, samples_of(OTHER, 1, count)
        )


async def test_the_overlay_follows_the_other_run():
    screen = two_runs_screen()
    async with screen.at() as pilot:
        await overlay(pilot, screen, other_run())
        newer = random_network(918)
        screen.runs.lay_over(Path("/runs/mnist-d20"), other_run(bce=65.0), newer)
        await wait_until(pilot, lambda: "mnist-d20 65.0" in chart(screen, "reconstruction"))
        shown = screen.pictures("overlay").images
        np.testing.assert_array_equal(shown, samples_of(newer, 0, len(shown)))
        await new_weights(pilot, screen, random_network(576))
        np.testing.assert_array_equal(screen.pictures("overlay").images, shown)


async def test_space_again_removes_the_overlay_and_on_another_run_adds_one():
    screen = two_runs_screen()
    async with screen.at() as pilot:
        await overlay(pilot, screen, other_run())
        await pilot.press("6")
        assert chosen(screen).startswith("> ■ mnist-d20")
        await pilot.press("down", "space")
        await wait_until(pilot, lambda: len(screen.runs.overlays) == 2)
        (_, first), (path, second) = screen.runs.overlays
        assert path == Path("/runs/third")
        screen.runs.lay_over(path, other_run("third"))
        await wait_until(pilot, lambda: len(screen.app.scene.overlays) == 2)
        assert [(one.path.name, one.role) for one in screen.app.scene.overlays] == [
            *(("mnist-d20", "overlay"), ("third", "overlay2")),
        ]
        await pilot.press("up", "space")
        assert first.is_set()
        assert not second.is_set()
        screen.runs.lay_over(Path("/runs/mnist-d20"), other_run())  # too late
        await pilot.pause()
        assert [one.role for one in screen.app.scene.overlays] == ["overlay2"]
        await pilot.press("down", "x")
        assert second.is_set()
        assert screen.app.scene.overlays == ()
        await pilot.press("1")
        assert "third" not in chart(screen, "reconstruction")
        assert len(screen.pictures("inputs").images)
        assert screen.pictures("inputs").display
        assert not screen.pictures("overlay").display


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (random_network(900, d=7), "mnist-d20 · d = 7, not 20"),
        (None, "mnist-d20 · no weights"),
    ],
)
async def test_where_the_z_is_not_common_the_caption_says_why_and_the_curves_stay(network, words):
    screen = two_runs_screen()
    async with screen.at() as pilot:
        await overlay(pilot, screen, other_run(), network)
        assert screen.caption("overlay-caption").startswith(words)
        assert not screen.pictures("overlay").display
        assert screen.pictures("inputs").display
        assert "mnist-d20 70.0" in chart(screen, "reconstruction")
        await until_whole(pilot, screen)


async def test_a_run_of_another_reconstruction_is_named_with_it():
    screen = two_runs_screen()
    async with screen.at(160, 40) as pilot:
        await overlay(pilot, screen, other_run(reconstruction="mse"))
        assert "mnist-d20 SE/2 70.0" in chart(screen, "reconstruction")
        assert "SE/2" not in chart(screen, "kl")


async def test_a_run_that_cannot_be_overlaid_is_one_note():
    screen = two_runs_screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE, listed("gone"))
        await pilot.press("down", "x")
        await wait_until(pilot, lambda: screen.runs.overlays)
        screen.runs.post(OverlayFailed(Path("/runs/gone"), "gone is not there any more"))
        await wait_until(pilot, lambda: "gone is not there any more" in screen.app.notes)
        assert screen.app.scene.overlay is None


async def test_at_most_four_runs_are_overlaid_each_in_its_own_colour():
    screen = two_runs_screen()
    async with screen.at() as pilot:
        names = [f"run-{number}" for number in range(5)]
        await open_runs(pilot, screen, *map(listed, names), HERE)
        await pilot.press("home", "space", "down", "space", "down", "space", "down", "space")
        await wait_until(pilot, lambda: len(screen.runs.overlays) == 4)
        for bce, (path, _) in zip((70, 150, 250, 350), screen.runs.overlays, strict=True):
            screen.runs.lay_over(path, other_run(path.name, bce=bce))
        await wait_until(pilot, lambda: len(screen.app.scene.overlays) == 4)
        styles = [screen.app.console.get_style(one.role) for one in screen.app.scene.overlays]
        assert len({style.color for style in styles}) == 4
        await pilot.press("1")
        drawn = {segment.style for row in screen.view.query_one("#reconstruction", LossChart).rows
                 for segment in row if segment.text.strip()}  # fmt: skip
        assert {style.color for style in styles} <= {style.color for style in drawn if style}
        await pilot.press("6")
        await pilot.press("down", "space")
        assert "at most 4 runs" in screen.app.notes[-1]
        assert len(screen.runs.overlays) == 4
        await pilot.press("up", "up", "space", "down", "down", "space")
        await wait_until(pilot, lambda: len(screen.runs.overlays) == 5)
        screen.runs.lay_over(Path("/runs/run-4"), other_run("run-4"))
        await wait_until(pilot, lambda: len(screen.app.scene.overlays) == 4)
        assert screen.app.scene.overlays[-1].role == "overlay3"  # the one that is free again


async def test_without_colours_each_run_has_a_character_in_legend_and_chart(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = two_runs_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        await overlay(pilot, screen, other_run())
        await wait_until(pilot, lambda: "a mnist-d20 70.0" in chart(screen, "reconstruction"))
        title, *rows = chart(screen, "reconstruction").splitlines()
        assert " o test " in title
        assert any("a" in re.findall("[a-z]+", row) for row in rows[:-1])


async def test_a_run_is_not_overlaid_on_itself():
    screen = two_runs_screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE)
        await pilot.press("x")
        assert screen.runs.overlays == []
        assert "choose another" in screen.app.notes[-1]


async def test_smoothing_log_and_zoom_are_of_both_runs():
    screen = two_runs_screen()
    async with screen.at(160, 40) as pilot:
        await overlay(pilot, screen, other_run())
        plainly = chart(screen, "reconstruction")
        for key in "lsz":
            await pilot.press(key)
            changed = chart(screen, "reconstruction")
            assert changed != plainly
            assert f"mnist-d20 {'@30 ' if key == 'z' else ''}70.0" in changed
            await pilot.press(key)
            assert chart(screen, "reconstruction") == plainly


async def test_a_longer_run_is_cut_off_where_the_run_shown_ends_until_z_shows_all_of_it():
    screen = two_runs_screen()
    async with screen.at(120, 40) as pilot:
        await overlay(pilot, screen, other_run(epochs=90, bce=70.0))
        await pilot.press("t")

        def last_tick():
            return chart(screen, "kl").strip("─").split("─")[-1]

        assert last_tick() == "30"
        assert "mnist-d20 @30 70.0" in chart(screen, "reconstruction")
        await pilot.press("z")
        assert last_tick() == "30"
        await pilot.press("z")
        assert last_tick() in ("80", "90")
        assert "mnist-d20 70.0" in chart(screen, "reconstruction")
        assert screen.app.scene.run.epoch == 30
        await pilot.press("z")
        assert last_tick() == "30"


async def test_an_overlay_before_the_first_weights_of_this_run_shows_its_curves():
    screen = two_runs_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "started")
        await pilot.press("6")
        await wait_until(pilot, lambda: screen.runs.listings)
        screen.runs.list(HERE, listed("mnist-d20"))
        await wait_until(pilot, lambda: screen.app.scene.runs is not None)
        await pilot.press("down", "x")
        await wait_until(pilot, lambda: screen.runs.overlays)
        screen.runs.lay_over(Path("/runs/mnist-d20"), other_run(), OTHER)
        await pilot.press("1")
        await wait_until(pilot, lambda: "mnist-d20 70.0" in chart(screen, "reconstruction"))
        assert "waiting for weights" in screen.caption("samples-caption")


def test_the_digits_of_both_runs_fit_any_room():
    for width, height in product([*range(30, 260, 7), 1], range(18, 80)):
        pixels, columns, rows = digit_layout(width, height, widths(28, *SCALES), overlaid=True)
        assert min(columns, rows) >= 1
        if width >= 30:
            assert (pixels + GAP) * columns - GAP <= width
            assert 2 * rows * (pixels // 2) <= height
