"""Each view by itself: what it draws from a scene, and what its keys do."""

import re

import numpy as np
import pytest
from support import fakes
from support.fakes import (
    NOW,
    STARTED,
    Screen,
    flat_network,
    losses,
    new_weights,
    open_view,
    plain,
    probe,
    random_network,
    samples_of,
    until_reading,
    wait_until,
    walk_code,
)

from vae_tui.latent.codes import between, prior
from vae_tui.run.events import Paused, SettingChanged
from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.dialogs.choose_digits import EndsDialog
from vae_tui.tui.views.samples import TEMPERATURES, grid
from vae_tui.tui.views.train_digits import digit_layout
from vae_tui.tui.views.walk import FRAMES, sizes
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.latent_bars import LatentBars
from vae_tui.tui.widgets.loss_chart import LossChart
from vae_tui.tui.widgets.pictures import Pictures

FIRST, SECOND = random_network(540), random_network(576)


def chart(screen, which):
    return plain(screen.view.query_one(f"#{which}", LossChart))


# Train


async def test_train_says_what_it_waits_for():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1", "nothing yet")
        for which in ("reconstruction", "kl"):
            assert "waiting for the first loss" in chart(screen, which)
        assert screen.caption("samples-caption") == "digits: with the first weights"


async def test_charts_and_digits_follow_two_updates():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        for step, grey in ((18, 60), (36, 200)):  # one would not show a dead follower
            screen.reader.report(STARTED, losses(step, bce=step * 10.0, kl=step + 0.25))
            screen.reader.load(flat_network(step, grey))
            await wait_until(
                pilot, lambda step=step: f"{step * 10}.0" in chart(screen, "reconstruction")
            )
            assert f"train {step}.2" in chart(screen, "kl")
            await wait_until(
                pilot, lambda grey=grey: (screen.pictures("samples").images == grey).all()
            )
            assert f"step {step}," in screen.caption("samples-caption")


@pytest.mark.parametrize("width", [80, 120])
async def test_train_names_a_beta_that_is_not_the_usual_one_behind_both_test_losses(width):
    screen = Screen()
    async with screen.at(width, 24) as pilot:
        await open_view(pilot, screen, "1")
        assert "beta" not in screen.caption("losses")
        change = SettingChanged(time=NOW, step=540, name="beta", old=1.0, new=4.0, command_id="x")
        screen.reader.report(change)
        losses = screen.view.query_one("#losses", Caption)
        await wait_until(pilot, lambda: "z = mean · beta 4" in losses.text)
        shown = screen.text.splitlines()[1]
        assert re.search(r"test \S+ z sampled · \S+ z = mean", shown)
        assert ("beta 4" in shown) == (width == 120)


async def test_train_draws_the_same_z_with_newer_weights():
    screen = Screen()
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
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        before = screen.pictures("samples").images
        await pilot.press("space")
        assert (screen.pictures("samples").images != before).any()


async def test_train_sets_test_digits_over_their_reconstructions_with_the_error_of_each():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        images = probe().images[:3]
        copies, errors = FIRST.reconstruct(images, "bce")
        np.testing.assert_array_equal(screen.pictures("inputs").images, images)
        np.testing.assert_array_equal(screen.pictures("copies").images, copies)
        numbers = " · ".join(f"{error:.0f}" for error in errors)
        assert screen.caption("copies-caption") == f"reconstructed BCE {numbers}"


async def test_the_reference_levels_stand_in_the_reconstruction_chart():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        for words in ("floor 46.6", "collapse 213.8", "untrained 544.0"):
            assert words in chart(screen, "reconstruction")


async def test_l_s_and_z_change_the_charts_and_change_them_back():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        plainly = chart(screen, "reconstruction")
        for key in "lsz":
            await pilot.press(key)
            assert chart(screen, "reconstruction") != plainly
            if key == "s":
                assert "train, smoothed" in chart(screen, "reconstruction")
            await pilot.press(key)
            assert chart(screen, "reconstruction") == plainly


async def test_the_cursor_reads_the_value_below_it():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("h")
        assert "@30" in chart(screen, "reconstruction")
        await pilot.press(*["left"] * 10)
        assert "@27" in chart(screen, "reconstruction")
        assert f"train {losses(27 * 18).bce:.1f}" in chart(screen, "reconstruction")
        screen.view.cursor_share = 0.01
        await pilot.press("left", "left")
        assert "@0" in chart(screen, "reconstruction")
        await pilot.press("h")
        assert "@" not in chart(screen, "reconstruction")


async def test_a_loss_that_is_not_finite_is_marked_and_ends_nothing():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(losses(543, bce=float("nan"), kl=float("inf")))
        await wait_until(pilot, lambda: "×" in chart(screen, "reconstruction"))
        assert "nan" in chart(screen, "reconstruction")
        assert "×" in chart(screen, "kl")


@pytest.mark.parametrize("width", [*range(30, 260, 7), 1])
def test_the_digits_of_train_fit_their_half_of_any_view(width):
    for height in range(18, 80):
        pixels, columns, rows = digit_layout(width, height)
        assert columns >= 1
        assert rows >= 1
        if width >= 60:
            assert pixels * columns <= width // 2
            assert 3 + (rows + 2) * (pixels // 2) <= height


# Samples


async def test_samples_say_what_they_wait_for():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2", "started")
        assert "first weights come in a moment" in screen.caption()


async def test_samples_of_a_dead_run_without_weights_say_so():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2", "nothing left")
        assert "no weights that can be read" in screen.caption()


async def test_samples_follow_newer_weights_with_the_same_z():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        count = len(screen.pictures().images)
        assert count == 15
        np.testing.assert_array_equal(screen.pictures().images, samples_of(FIRST, 1, count))
        await new_weights(pilot, screen, SECOND)
        np.testing.assert_array_equal(screen.pictures().images, samples_of(SECOND, 1, count))
        assert "step 576" in screen.caption()


async def test_space_draws_new_samples_and_names_their_seed():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        assert "seed 1" in screen.caption()
        await pilot.press("space")
        assert "seed 2" in screen.caption()
        np.testing.assert_array_equal(screen.pictures().images, samples_of(FIRST, 2, 15))


async def test_plus_and_minus_scale_z_and_stop_at_the_ends():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("plus")
        assert "temperature 1.2" in screen.caption()
        expected = FIRST.decode(prior(1, 15, 20) * 1.2)
        np.testing.assert_array_equal(screen.pictures().images, expected)
        await pilot.press(*["minus"] * 7)
        assert "temperature 0" in screen.caption()
        assert (screen.pictures().images == screen.pictures().images[0]).all()
        await pilot.press(*["plus"] * 12)
        assert f"temperature {TEMPERATURES[-1]:g}" in screen.caption()


async def test_as_many_samples_are_drawn_as_fit_another_size():
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "2")
        await pilot.resize_terminal(200, 60)
        await wait_until(pilot, lambda: len(screen.pictures().images) == 7 * 4)
        assert screen.pictures().pixels == 28
        assert screen.caption().startswith("28 ")


def test_a_grid_never_leaves_the_view():
    for width in range(28, 260):
        for height in range(14, 90):
            pixels, columns, rows = grid(width, height)
            assert columns * pixels <= width
            assert rows * pixels // 2 <= height


# Walk


async def test_walk_says_what_it_waits_for_and_shows_a_digit_when_it_has_come():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3", "started")
        assert "first weights come in a moment" in screen.caption("caption")
        screen.reader.load(FIRST)
        await wait_until(pilot, lambda: "z from the prior, seed 1" in screen.caption("caption"))
        np.testing.assert_array_equal(screen.pictures("digit").images, samples_of(FIRST, 1, 1))


async def test_walk_keeps_its_z_when_newer_weights_come():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await new_weights(pilot, screen, SECOND)
        np.testing.assert_array_equal(screen.pictures("digit").images, samples_of(SECOND, 1, 1))
        assert "step 576" in screen.caption("weights")


async def test_space_goes_to_another_point_of_the_prior():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("space")
        assert "seed 2" in screen.caption("caption")
        np.testing.assert_allclose(walk_code(screen), prior(2, 1, 20)[0])


async def test_arrows_choose_a_dimension_and_move_it():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        expected = prior(1, 1, 20)[0]
        await pilot.press("down", "down", "up", "right", "right", "shift+right", "left")
        expected[1] += 1.25  # the second by KL is z2
        np.testing.assert_allclose(walk_code(screen), expected, rtol=1e-6)
        np.testing.assert_array_equal(screen.pictures("digit").images, FIRST.decode(expected[None]))
        await pilot.press("shift+left")
        expected[1] -= 1.0
        np.testing.assert_allclose(walk_code(screen), expected, rtol=1e-6)
        await pilot.press("0")
        assert walk_code(screen)[1] == 0
        assert "moved" in screen.caption("caption")


async def test_the_chosen_dimension_stops_at_the_ends_of_the_list():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press(*["up"] * 3)
        assert screen.view.query_one(LatentBars).bars.chosen == 0
        await pilot.press(*["down"] * 20)
        assert screen.view.query_one(LatentBars).bars.chosen == 19
        assert ">z20" in plain(screen.view.query_one(LatentBars))


async def test_dimensions_stand_in_the_order_of_their_kl():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        rising = tuple(index / 8 for index in range(20))
        screen.reader.report(fakes.tested(31, kl_per_dimension=rising))
        await wait_until(
            pilot, lambda: screen.view.query_one(LatentBars).bars.order == list(range(19, -1, -1))
        )


async def test_x_starts_at_the_mean_of_a_test_digit_and_follows_newer_weights():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("x")
        caption = screen.caption("caption")
        index = int(caption.split("#")[1].removesuffix(")"))
        assert caption == f"{probe().labels[index]} (test digit #{index})"
        image = probe().images[index][None]
        np.testing.assert_allclose(walk_code(screen), FIRST.encode(image)[0][0], rtol=1e-5)
        await new_weights(pilot, screen, SECOND)
        np.testing.assert_allclose(walk_code(screen), SECOND.encode(image)[0][0], rtol=1e-5)


async def test_the_strip_shows_the_chosen_dimension_from_end_to_end():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        strip = screen.pictures("strip").images
        codes = np.repeat(prior(1, 1, 20), len(strip), axis=0)
        codes[:, 0] = np.linspace(-3, 3, len(strip))
        np.testing.assert_array_equal(strip, FIRST.decode(codes))
        assert screen.caption("strip-caption") == "z1 from -3 to 3, the others kept"


async def ends_of(pilot, screen):
    """Return the indices of the two test digits that the caption names."""
    await wait_until(pilot, lambda: " into " in screen.caption("caption"))
    return [int(number) for number in re.findall(r"#(\d+)", screen.caption("caption"))]


def assert_leads(screen, start, end):
    """Assert that the caption names two test digits of these classes."""
    pattern = rf"{start} \(test digit #\d+\) into {end} \(test digit #\d+\)"
    assert re.fullmatch(pattern, screen.caption("caption"))


async def test_a_morph_goes_from_a_to_b_frame_by_frame_and_ends_at_b():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("i", "3", "8")
        start, end = await ends_of(pilot, screen)
        assert_leads(screen, 3, 8)
        assert [probe().labels[index] for index in (start, end)] == [3, 8]
        means = [FIRST.encode(probe().images[[index]])[0][0] for index in (start, end)]
        frames = FIRST.decode(between(means[0], means[1], FRAMES))
        last, seen = FIRST.decode(means[1][None])[0], []

        def has_arrived():
            seen.append(screen.pictures("digit").images[0])
            return (seen[-1] == last).all()

        await wait_until(pilot, has_arrived)
        places = [int(np.abs(frames.astype(int) - picture).sum(1).argmin()) for picture in seen]
        assert places == sorted(places)
        assert len(set(places)) > 5
        assert all((frames[place] == seen[n]).all() for n, place in enumerate(places))
        np.testing.assert_array_equal(walk_code(screen), means[1])
        strip = screen.pictures("strip").images
        np.testing.assert_array_equal(strip, FIRST.decode(between(*means, len(strip))))


async def test_a_morph_follows_newer_weights():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("i", "3", "8")
        ends = await ends_of(pilot, screen)
        await new_weights(pilot, screen, SECOND)
        means = [SECOND.encode(probe().images[[index]])[0][0] for index in ends]
        strip = screen.pictures("strip").images
        np.testing.assert_array_equal(strip, SECOND.decode(between(*means, len(strip))))
        last = SECOND.decode(means[1][None])
        await wait_until(pilot, lambda: np.array_equal(screen.pictures("digit").images, last))


async def test_a_key_that_moves_ends_a_morph_where_it_is():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("i", "3", "8")
        await ends_of(pilot, screen)
        await pilot.press("right")
        stopped_at = walk_code(screen)
        await pilot.pause(0.3)  # three frames' time in which nothing may move
        np.testing.assert_array_equal(walk_code(screen), stopped_at)
        assert screen.caption("strip-caption").startswith("z1 from")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["3", "8"], (3, 8)),
        (["5", "5"], (5, 5)),
        (["enter"], (3, 8)),
        (["7", "enter"], (7, 8)),
        (["a", "space", "1", "up", "9"], (1, 9)),
    ],
)
async def test_the_ends_of_a_morph_are_two_digit_keys_or_what_enter_offers(keys, expected):
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("i", *keys)
        await ends_of(pilot, screen)
        assert_leads(screen, *expected)


async def test_the_ends_of_the_last_morph_are_offered_again():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("i", "2", "7", "space", "i", "enter")
        await ends_of(pilot, screen)
        assert_leads(screen, 2, 7)


async def test_escape_chooses_no_ends_and_changes_nothing():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("i")
        assert isinstance(pilot.app.screen, EndsDialog)
        await pilot.press("4", "escape")
        assert not isinstance(pilot.app.screen, EndsDialog)
        assert screen.view.TITLE == "Samples"


async def test_everything_answers_while_the_training_is_paused():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        screen.reader.report(Paused(time=screen.clock.now, step=540))
        await wait_until(pilot, lambda: "paused" in screen.status)
        await pilot.press("space", "right")
        assert "seed 2, moved" in screen.caption("caption")
        assert screen.caption("weights") == "step 540"


@pytest.mark.parametrize("palette", [Palette.SHADES, Palette.ASCII])
@pytest.mark.parametrize("view", ["1", "2", "3"])
async def test_pictures_are_drawn_in_the_characters_the_terminal_has(view, palette):
    screen = Screen(palette=palette, unicode=palette is not Palette.ASCII)
    async with screen.at() as pilot:
        await open_view(pilot, screen, view)
        await pilot.press("i", "3", "8") if view == "3" else None
        await pilot.pause()
        for pictures in screen.view.query(Pictures):
            if not pictures.display:  # for a run laid over this one
                continue
            drawn = {letter for strip in pictures.rows for letter in strip.text}
            assert len(drawn) > 1
            assert drawn <= set(palette.value)


def test_the_walks_digit_and_strip_fit_any_view():
    for width in range(60, 260, 3):
        for height in range(18, 80):
            large, small = sizes(width, height)
            assert large < width
            assert large // 2 + 2 + small // 2 <= height
