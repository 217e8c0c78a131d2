"""The Train view: charts and digits from a scene, and what its keys do."""

import asyncio
import dataclasses
import re
from functools import partial
from itertools import product

import numpy as np
import pytest
from support.fake_networks import flat_network, probe, random_network, samples_of
from support.run_events import CONFIG, NOW, STARTED, losses, machine_measured
from support.screen import Screen, new_weights, open_view, plain, until_reading, wait_until
from support.views import chart

from vae_tui.run.events import Paused, SettingChanged
from vae_tui.run.series import charts
from vae_tui.terminal.tiles import GAP, widths
from vae_tui.tui.messages import ProbeLoaded
from vae_tui.tui.views.train_digits import SCALES, digit_layout
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.loss_chart import LossChart

train_screen = partial(Screen, views="1")

FIRST, SECOND = random_network(540), random_network(576)


async def test_train_says_what_it_waits_for():
    screen = train_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1", "nothing yet")
        for which in ("reconstruction", "kl"):
            assert "waiting for the first loss" in chart(screen, which)
        assert screen.caption("samples-caption") == "Samples: importing torch"


async def test_charts_have_the_height_that_they_keep_before_anything_is_drawn():
    screen = train_screen()
    async with screen.at(120, 40) as pilot:
        while not (drawn := screen.app.main.query(LossChart)) or not drawn.first().size:
            await asyncio.sleep(0)
        height = drawn.first().size.height
        await open_view(pilot, screen, "1")
        screen.reader.report(STARTED, losses(18, bce=180.25))
        await wait_until(pilot, lambda: "180.2" in chart(screen, "reconstruction"))
        assert drawn.first().size.height == height


async def test_the_test_digits_are_there_before_the_first_weights():
    screen = train_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1", "nothing yet")
        assert "importing torch" in screen.text
        screen.app.post_message(ProbeLoaded(probe()))
        await wait_until(pilot, lambda: len(screen.pictures("inputs").images))
        shown = screen.pictures("inputs").images
        np.testing.assert_array_equal(shown, probe().images[: len(shown)])
        assert "Test images" in screen.text
        assert not len(screen.pictures("copies").images)
        for name in ("samples", "copies"):
            assert "appear here" in plain(screen.pictures(name))
        await new_weights(pilot, screen, FIRST)
        await wait_until(pilot, lambda: len(screen.pictures("copies").images))
        assert "appear here" not in screen.text


async def test_charts_and_digits_follow_two_updates():
    screen = train_screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        for step, grey in ((18, 60), (36, 200)):  # one would not show a dead follower
            screen.reader.report(STARTED, losses(step, bce=step * 10.0, kl=step + 0.25))
            screen.reader.load(flat_network(step, grey))
            await wait_until(
                pilot, lambda step=step: f"{step * 10}.0" in chart(screen, "reconstruction")
            )
            assert re.search(r"trend \S+", chart(screen, "kl"))
            await wait_until(
                pilot, lambda grey=grey: (screen.pictures("samples").images == grey).all()
            )
            assert f"step {step}," in screen.caption("samples-caption")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_g_shows_the_norm_of_the_gradient_and_hides_it_again(size):
    screen = train_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(STARTED, losses(18, more={"gradient_norm": 37.5}))
        await pilot.press("g")
        await wait_until(pilot, lambda: "Gradient norm" in screen.text and "37.5" in screen.text)
        await pilot.press("g")
        await wait_until(pilot, lambda: "Gradient norm" not in screen.text)


async def test_a_run_without_gradient_norms_says_that_it_has_none():
    screen = train_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(STARTED, losses(18))
        await pilot.press("g")
        await wait_until(pilot, lambda: "not recorded by this run" in screen.text)
        assert "no finite value" not in screen.text


@pytest.mark.parametrize("width", [80, 120])
async def test_train_names_a_beta_that_is_not_the_usual_one_behind_both_test_losses(width):
    screen = train_screen()
    async with screen.at(width, 24) as pilot:
        await open_view(pilot, screen, "1")
        assert "beta" not in screen.caption("losses")
        change = SettingChanged(time=NOW, step=540, name="beta", old=1.0, new=4.0, command_id="x")
        screen.reader.report(change)
        losses = screen.view.query_one("#losses", Caption)
        await wait_until(pilot, lambda: "· beta 4" in losses.text)
        shown = screen.text.splitlines()[2]
        assert re.search(r"−ELBO \S+ · best \S+ · at mean \S+", shown)
        assert ("beta 4" in shown) == (width == 120)


@pytest.mark.parametrize("size", [(120, 40), (160, 50)])
async def test_train_shows_the_kl_in_the_loss_and_how_far_beta_has_risen(size):
    config = dataclasses.replace(CONFIG, free_bits=0.1, warmup=10.0)
    screen = train_screen(config=config)
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        measured = losses(45, epoch=2.5, kl=12.5, more={"kl_in_loss": 14.25})
        screen.reader.report(STARTED, measured)
        await wait_until(pilot, lambda: "in the loss" in chart(screen, "kl"))
        assert "14.2" in chart(screen, "kl")
        assert "beta 0.25 of 1 (warm-up)" in screen.caption("machine")
        assert "0.25 of 1 (warm-up)" in screen.text
        assert "beta 1 is 0.00128 with the reconstruction averaged" in screen.view.explanation


@pytest.mark.parametrize(("size", "shown"), [((120, 40), True), ((80, 24), False)])
async def test_the_machine_of_a_live_run_is_in_the_frame_where_there_is_one(size, shown):
    screen = train_screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        rows = screen.view.query_one("#kl").size.height
        for celsius in (64.0, 65.0):
            screen.reader.report(
                machine_measured(543, gpu_percent=(87.0,), gpu_celsius=(celsius,)), losses(543)
            )
            line = f"GPU 87 % · {celsius:.0f} °C · CPU 93 % · RAM 21.0 of 24 GiB"
            await wait_until(pilot, lambda line=line: screen.caption("machine") == line)
        await wait_until(pilot, lambda: (line in screen.text) == shown)
        assert screen.view.query_one("#kl").size.height == rows
        screen.reader.report(Paused(time=NOW, step=543))
        await wait_until(pilot, lambda: "GPU" not in screen.text)


async def test_train_draws_the_same_z_with_newer_weights():
    screen = train_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        count = len(screen.pictures("samples").images)
        np.testing.assert_array_equal(
            screen.pictures("samples").images, samples_of(FIRST, 0, count)
        )
        await new_weights(pilot, screen, SECOND)
        np.testing.assert_array_equal(
            screen.pictures("samples").images, samples_of(SECOND, 0, count)
        )


async def test_space_draws_other_z_in_train():
    screen = train_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        before = screen.pictures("samples").images
        await pilot.press("space")
        assert (screen.pictures("samples").images != before).any()


async def test_train_sets_test_digits_over_their_reconstructions_with_the_error_of_each():
    screen = train_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        images = probe().images[:3]
        copies, errors = FIRST.reconstruct(images, "bce")
        np.testing.assert_array_equal(screen.pictures("inputs").images, images)
        np.testing.assert_array_equal(screen.pictures("copies").images, copies)
        assert "BCE at mean" in screen.view.query_one("#inputs-caption", Caption).text
        assert screen.caption("errors").split() == [f"{error:.0f}" for error in errors]


async def test_the_reference_levels_stand_in_the_reconstruction_chart():
    screen = train_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        for words in ("floor 47", "collapse 214", "untrained 544"):
            assert words in chart(screen, "reconstruction")


async def test_l_s_and_z_change_the_charts_and_change_them_back():
    screen = train_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        plainly = chart(screen, "reconstruction")
        for key in "lsz":
            await pilot.press(key)
            assert chart(screen, "reconstruction") != plainly
            if key == "s":
                assert "trend" not in chart(screen, "reconstruction")
            await pilot.press(key)
            assert chart(screen, "reconstruction") == plainly


async def test_the_cursor_reads_the_value_below_it():
    screen = train_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("t", "h")
        assert "30▲" in chart(screen, "reconstruction")
        await pilot.press(*["left"] * 10)
        assert "▲27─" in chart(screen, "reconstruction")
        await pilot.press("s")
        assert f"train {losses(27 * 18).bce:.1f}" in chart(screen, "reconstruction")
        screen.view.cursor_share = 0.01
        await pilot.press("left", "left")
        assert "└▲0─" in chart(screen, "reconstruction")
        await pilot.press("h")
        assert "▲" not in chart(screen, "reconstruction")


async def test_a_loss_that_is_not_finite_is_marked_and_ends_nothing():
    screen = train_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(losses(543, bce=float("nan"), kl=float("inf")))
        await wait_until(pilot, lambda: "×" in chart(screen, "reconstruction"))
        assert "nan" in chart(screen, "reconstruction")
        assert "×" in chart(screen, "kl")


def test_the_digits_of_train_fit_any_room():
    for width, height in product([*range(30, 260, 7), 1], range(18, 80)):
        pixels, columns, rows = digit_layout(width, height, widths(28, *SCALES))
        assert columns >= 1
        assert rows >= 1
        if width >= 30:
            assert (pixels + GAP) * columns - GAP <= width
            assert (rows + 2) * (pixels // 2) <= height


@pytest.mark.parametrize("turns", range(4))
async def test_digits_grow_with_the_view_while_a_hidden_widget_is_repainted(turns):
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "1")
        samples, height = screen.pictures("samples"), screen.view.size.height
        large = samples.pixels
        screen.app.main.news = (("a line above the view",),)
        await wait_until(pilot, lambda: screen.view.size.height < height and samples.pixels < large)
        screen.app.main.views[1].query_one("#grid").refresh()
        for _ in range(turns):  # the repaint has to come just before the layout
            await asyncio.sleep(0)
        screen.app.main.news = ()
        await wait_until(pilot, lambda: screen.view.size.height == height)
        await wait_until(pilot, lambda: samples.pixels == large)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_all_plots_begin_and_end_in_the_same_columns(size):
    screen = train_screen()

    def axes():
        drawn = [one for one in screen.view.query(LossChart) if one.region and one.rows]
        return [one.rows[-1].text for one in drawn]

    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        usual = 3 if size == (200, 60) else 2
        for key, count in (("l", usual), ("t", usual), ("g", len(charts()))):
            await pilot.press(key)
            await wait_until(pilot, lambda count=count: len(axes()) == count)
            await pilot.pause()
            ends = {(axis.index("└"), len(axis.rstrip())) for axis in axes()}
            assert len(ends) == 1, axes()
            assert ends.pop()[1] < len(axes()[0]), "no room for the names of the lines"


async def test_a_large_screen_has_a_chart_of_the_speed_below_those_of_the_losses():
    screen = train_screen()
    async with screen.at(200, 60) as pilot:
        await open_view(pilot, screen, "1")
        await wait_until(pilot, lambda: "trend 54" in chart(screen, "images_per_second"))
        heights = {one.id: one.size.height for one in screen.view.query(LossChart)}
        assert heights["reconstruction"] > heights["images_per_second"] >= 6
        assert not heights["gradient_norm"]
        await pilot.resize_terminal(120, 40)
        await wait_until(pilot, lambda: "Speed images/s" not in screen.text)
