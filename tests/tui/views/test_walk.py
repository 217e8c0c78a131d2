"""The Walk view: the code, its bars, the film strip and the keys that move."""

import re
import shlex
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from support.fake_networks import probe, random_network, samples_of
from support.layout_faults import until_whole
from support.screen import Screen, new_weights, open_view, plain, wait_until, walk_code
from support.views import by_kl, closed_form, strip, with_kl

from vae_tui.latent.codes import parse_code, prior
from vae_tui.run.events import Paused
from vae_tui.tui.views.walk_layout import layout
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.latent_bars import LatentBars

walk_screen = partial(Screen, views="3")

FIRST, SECOND = random_network(540), random_network(576)
BY_KL = by_kl(FIRST, probe())


async def test_walk_says_what_it_waits_for_and_shows_a_digit_when_it_has_come():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3", "started")
        assert "waiting for weights" in screen.caption("caption")
        screen.reader.load(FIRST)
        await wait_until(pilot, lambda: "z from the prior, seed 1" in screen.caption("caption"))
        np.testing.assert_array_equal(screen.pictures("digit").images, samples_of(FIRST, 1, 1))


async def test_walk_keeps_its_z_when_newer_weights_come():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await new_weights(pilot, screen, SECOND)
        np.testing.assert_array_equal(screen.pictures("digit").images, samples_of(SECOND, 1, 1))
        assert "step 576" in screen.caption("caption")


async def test_space_goes_to_another_point_of_the_prior():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("space")
        assert "seed 2" in screen.caption("caption")
        np.testing.assert_allclose(walk_code(screen), prior(2, 1, 20)[0])


async def test_arrows_choose_a_dimension_and_move_it():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        expected = prior(1, 1, 20)[0]
        await pilot.press("down", "down", "up", "right", "right", "shift+right", "left")
        expected[BY_KL[1]] += 1.25
        np.testing.assert_allclose(walk_code(screen), expected, rtol=1e-6)
        np.testing.assert_array_equal(screen.pictures("digit").images, FIRST.decode(expected[None]))
        await pilot.press("shift+left")
        expected[BY_KL[1]] -= 1.0
        np.testing.assert_allclose(walk_code(screen), expected, rtol=1e-6)
        await pilot.press("0")
        assert walk_code(screen)[BY_KL[1]] == 0
        assert "moved" in screen.caption("caption")


async def test_the_chosen_dimension_stops_at_the_ends_of_the_list():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press(*["up"] * 3)
        assert screen.view.query_one(LatentBars).bars.chosen == BY_KL[0]
        await pilot.press(*["down"] * 20)
        assert screen.view.query_one(LatentBars).bars.chosen == BY_KL[19]
        assert f">z{BY_KL[19] + 1}" in plain(screen.view.query_one(LatentBars))


async def test_dimensions_stand_in_the_order_of_their_kl():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        assert screen.view.query_one(LatentBars).bars.order == BY_KL
        await new_weights(pilot, screen, with_kl(SECOND, np.arange(20) / 8))
        assert screen.view.query_one(LatentBars).bars.order == list(range(19, -1, -1))


async def test_x_starts_at_the_mean_of_a_test_digit_and_follows_newer_weights():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("x")
        caption = screen.caption("caption")
        index = int(caption.split("#")[1].split(")")[0])
        assert caption.startswith(f"{probe().labels[index]} (test image #{index}) · step 540")
        image = probe().images[index][None]
        np.testing.assert_allclose(walk_code(screen), FIRST.encode(image)[0][0], rtol=1e-5)
        await new_weights(pilot, screen, SECOND)
        np.testing.assert_allclose(walk_code(screen), SECOND.encode(image)[0][0], rtol=1e-5)


async def test_the_strip_shows_the_chosen_dimension_from_end_to_end():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        strip = screen.pictures("strip").images
        codes = np.repeat(prior(1, 1, 20), len(strip), axis=0)
        first, values = BY_KL[0], np.linspace(-3, 3, len(strip))
        here = np.abs(values - codes[0, first]).argmin()
        values[here] = codes[0, first]  # the picture of where the walk is, not of one near it
        codes[:, first] = values
        np.testing.assert_array_equal(strip, FIRST.decode(codes))
        assert screen.pictures("strip").chosen == here
        kl = closed_form(FIRST, probe())[first]
        assert screen.caption("strip-caption") == (
            f"Traversal z{first + 1} from -3 to 3, the others kept · KL {kl:.2f} nats"
        )


async def test_everything_answers_while_the_training_is_paused():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        screen.reader.report(Paused(time=screen.clock.now, step=540))
        await wait_until(pilot, lambda: "paused" in screen.status)
        await pilot.press("space", "right")
        assert "seed 2, moved" in screen.caption("caption")
        assert screen.caption("caption").endswith(" · step 540")


@pytest.mark.parametrize("framed", [False, True])
def test_the_walks_digit_and_strips_fit_any_view(framed):
    frame, title = (2, 0) if framed else (0, 1)
    for width in range(60, 260, 3):
        for height in range(30 if framed else 18, 80):
            found = layout(width, height, 28, 20, framed=framed)
            strip = found.small // 2 + 1 + frame + title
            assert found.large < width
            assert found.top + found.strips * strip == height
            assert found.large // 2 + frame <= found.top


async def test_both_marks_are_named_where_there_is_little_room():
    screen = walk_screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("right", "a", "x", "b")
        assert re.fullmatch(r"a: z from.* · b: \d \(test.*", screen.caption("marks"))
        await until_whole(pilot, screen)


async def test_value_and_error_of_each_picture_stand_under_the_strip():
    screen = walk_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        pictures = strip(screen)
        values = np.linspace(-3, 3, len(pictures))
        values[screen.pictures("strip").chosen] = prior(1, 1, 20)[0, BY_KL[0]]
        pictured = pictures.reshape(len(pictures), -1) / 255
        w1, c1, w2, c2, w3, c3, w4, c4 = FIRST.weights.values()
        means = (np.maximum(pictured @ w1.T + c1, 0) @ w2.T + c2)[:, :20]
        logits = np.maximum(means @ w3.T + c3, 0) @ w4.T + c4
        energies = ((1 / (1 + np.exp(-logits)) - pictured) ** 2).sum(1)
        line = plain(screen.view.query_one("#strip-numbers", Drawing))
        found = re.findall(rf"z{BY_KL[0] + 1} ([-\d.]+)  err (\d+)", line)
        assert len(found) == len(pictures)
        for (shown, energy), value, expected in zip(found, values, energies, strict=True):
            assert float(shown) == pytest.approx(value, abs=0.0051)
            assert float(energy) == pytest.approx(expected, abs=0.51)


async def test_d_drifts_smoothly_until_d_is_pressed_again():
    screen = walk_screen()
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
    screen = walk_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("right", "y")
        (note,) = [text for text in screen.app.notes if text.startswith("sent to the clipboard: ")]
        words = shlex.split(note.removeprefix("sent to the clipboard: "))
        assert words[:3] == ["vae-tui", "decode", "digits-1123-0713"]
        (option,) = [word for word in words if word.startswith("--z=")]
        np.testing.assert_array_equal(
            parse_code(option.removeprefix("--z="), 20), walk_code(screen)
        )


async def test_the_cursor_is_on_the_largest_kl_until_the_user_has_chosen():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        bars = screen.view.query_one(LatentBars)
        rising = np.arange(20) / 8
        await new_weights(pilot, screen, with_kl(SECOND, rising))
        assert bars.bars.chosen == 19
        await pilot.press("down")
        assert bars.bars.chosen == 18
        await new_weights(pilot, screen, with_kl(random_network(600), rising[::-1]))
        assert bars.bars.order[0] == 0
        assert bars.bars.chosen == 18  # it follows its dimension
