"""The Dimensions view: KL per dimension and advice."""

import re
from functools import partial

import numpy as np
import pytest
from support.fake_networks import flat_network, probe, random_network
from support.run_events import losses
from support.run_events import tested as epoch_ended
from support.screen import Screen, new_weights, open_view, plain, wait_until, walk_code
from support.views import by_kl, closed_form, spread_out
from textual.widgets import Static

from vae_tui.tui.widgets.dimensions.chosen import ChosenDimension
from vae_tui.tui.widgets.dimensions.kl_bars import KlBars
from vae_tui.tui.widgets.dimensions.traversals import Traversals
from vae_tui.tui.widgets.latent_bars import LatentBars

dimensions_screen = partial(Screen, views="5")

FIRST = random_network(540)


async def test_the_two_parts_of_the_kl_add_up_to_the_closed_form():
    screen = dimensions_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        expected = closed_form(FIRST, probe())
        parts = screen.view.query_one(KlBars).parts
        np.testing.assert_allclose(
            np.add(parts.mean, parts.variance), expected, rtol=1e-4, atol=1e-6
        )
        found = re.match(r"KL by .* mean ([\d.]+) █ variance ([\d.]+)", screen.caption())
        assert float(found[1]) + float(found[2]) == pytest.approx(expected.sum(), abs=0.11)
        active = int((FIRST.encode(probe().images)[0].var(0) > 0.01).sum())
        assert f"{active} of 20 active" in screen.caption()


async def test_s_sorts_by_kl_or_by_number():
    screen = dimensions_screen()
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
        (flat_network(560, 90), 50.0, 213.0, ["collapsed", "Lower beta"], ["no action needed"]),
        (
            spread_out(FIRST, np.full(20, 0.2)),
            1.0,
            80.0,
            ["20 dimensions carry"],
            ["collapsed", "too large", "beta"],
        ),
    ],
)
async def test_advice_is_given_for_beta_50_and_not_for_beta_1(network, beta, bce, words, others):
    screen = dimensions_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        screen.reader.report(losses(558, beta=beta), epoch_ended(31, test_bce=bce))
        await new_weights(pilot, screen, network)
        advice = str(screen.view.query_one("#advice", Static).render())
        assert all(word in advice for word in words)
        assert not any(word in advice for word in others)


async def test_walk_and_dimensions_show_the_same_kl_in_the_same_order():
    screen = dimensions_screen(views="35")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        rows = plain(screen.view.query_one(KlBars)).splitlines()
        shown = [tuple(row.lstrip(" >").split()[:2]) for row in rows]
        await pilot.press("3")
        await wait_until(pilot, lambda: screen.view.query_one(LatentBars).bars.order)
        walked = plain(screen.view.query_one(LatentBars)).splitlines()[1:]
        words = [row.lstrip(" >").split() for row in walked if row.strip()]
        assert [(row[0], row[-1]) for row in words] == shown
        assert [int(name[1:]) - 1 for name, _ in shown] == by_kl(FIRST, probe())


async def test_the_mouse_chooses_a_dimension_and_a_double_click_walks_along_it():
    screen = dimensions_screen(views="35")
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "5")
        bars, order = screen.view.query_one(KlBars), by_kl(FIRST, probe())
        await pilot.click(bars, offset=(20, 4))
        assert screen.view.chosen == order[4]
        shown = screen.view.query_one(ChosenDimension)
        code = np.zeros((1, 20), np.float32)
        code[0, order[4]] = -3
        np.testing.assert_array_equal(shown.content.images[:1], FIRST.decode(code))
        await pilot.press("down")
        assert screen.view.chosen == order[5]
        await pilot.click(bars, offset=(20, 7), times=2)
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        await wait_until(pilot, lambda: screen.view.query_one(LatentBars).bars.chosen == order[7])
        np.testing.assert_array_equal(walk_code(screen), np.zeros(20))


async def test_a_double_click_on_a_digit_of_a_card_walks_from_it():
    screen = dimensions_screen(views="35")
    async with screen.at(200, 60) as pilot:
        await open_view(pilot, screen, "5")
        cards = screen.view.query_one(Traversals)
        await wait_until(pilot, lambda: cards.content is not None)
        x = cards.size.width // 2 - 3  # the last digit of the first column, z = 3
        await pilot.click(cards, offset=(x, 2), times=2)
        await wait_until(pilot, lambda: screen.view.TITLE == "Walk")
        code = np.zeros(20)
        code[by_kl(FIRST, probe())[0]] = 3
        await wait_until(pilot, lambda: screen.view.query_one(LatentBars).bars.order)
        np.testing.assert_array_equal(walk_code(screen), code)
