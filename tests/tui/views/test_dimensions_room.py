"""The Dimensions view where there is room: history, digits; and where there is little."""

import dataclasses
import re
from functools import partial
from itertools import product

import numpy as np
import pytest
from support.fake_networks import flat_network, probe, random_network
from support.layout_faults import until_whole
from support.run_events import CONFIG, STARTED
from support.run_events import tested as epoch_ended
from support.screen import Screen, new_weights, open_view, plain, wait_until
from textual.widgets import Static

from vae_tui.terminal.half_blocks import Palette
from vae_tui.tui.state.run_view import MOST_TESTS, RunView, advance
from vae_tui.tui.widgets.dimensions.kl_bars import KlBars
from vae_tui.tui.widgets.dimensions.kl_history import KlHistory
from vae_tui.tui.widgets.dimensions.traversals import VALUES, Traversals, layout
from vae_tui.tui.widgets.latent_bars import first_shown

dimensions_screen = partial(Screen, views="5")

FIRST = random_network(540)


def measured(kl, first=1):
    """Return a test for each row of ``kl`` (T, d)."""
    return [
        dataclasses.replace(epoch_ended(epoch), kl_per_dimension=tuple(row))
        for epoch, row in enumerate(kl.tolist(), first)
    ]


async def test_all_20_dimensions_have_a_row_at_80x24_whatever_the_advice_needs():
    screen = dimensions_screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "5")
        for network in (FIRST, flat_network(560, 90)):
            await new_weights(pilot, screen, network)
            await wait_until(pilot, lambda: len(plain(screen.view.query_one(KlBars))) > 0)
            rows = plain(screen.view.query_one(KlBars)).splitlines()
            assert sorted(int(row.split()[0].lstrip(">")[1:]) for row in rows) == list(range(1, 21))
            assert str(screen.view.query_one("#advice", Static).render())
            await until_whole(pilot, screen)


async def test_the_title_says_what_the_colours_of_the_bars_mean():
    screen = dimensions_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        caption = screen.caption("caption")
        assert "█ mean" in caption
        assert "█ variance" in caption
        assert "█ 1 dead" in caption
        assert "30 test images" in caption


async def test_bars_of_dead_dimensions_are_short_even_where_all_are_dead():
    screen = dimensions_screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "5")
        await new_weights(pilot, screen, flat_network(560, 90))
        await wait_until(pilot, lambda: "20 dead" in screen.caption("caption"))
        assert not set(plain(screen.view.query_one(KlBars))) & set("█▒")


async def test_below_the_bars_the_kl_over_the_training_is_a_heat_map_in_their_order():
    screen = dimensions_screen()
    kl = np.linspace(0, 2, 12)[:, None] * np.linspace(0.1, 1, 20)[None]
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        assert "after the first test" not in screen.caption("history-caption")
        screen.reader.report(*measured(kl, first=31))
        heat = screen.view.query_one(KlHistory)
        await wait_until(pilot, lambda: heat.history is not None and len(heat.history.epochs) > 10)
        np.testing.assert_allclose(heat.history.kl[-12:], kl)
        bars = [
            int(row.split()[0].lstrip(">")[1:])
            for row in plain(screen.view.query_one(KlBars)).split("\n")
        ]
        names = [word for row in plain(heat).splitlines() for word in row.split() if word[0] == "z"]
        assert [int(name[1:]) for name in names] == bars
        assert f"{heat.history.kl.max():.1f} nats" in screen.caption("history-caption")
        await until_whole(pilot, screen)


async def test_200x60_shows_for_each_dimension_five_digits_from_minus_3_to_3():
    screen = dimensions_screen()
    async with screen.at(200, 60) as pilot:
        await open_view(pilot, screen, "5")
        cards = screen.view.query_one(Traversals)
        await wait_until(pilot, lambda: cards.content is not None)
        assert cards.display
        assert not screen.view.query_one(KlBars).display
        order = cards.content.parts.order
        assert cards.content.images.shape == (20, 5, 28, 28)
        for place in (0, 7, 19):
            for column, value in enumerate(VALUES):
                code = np.zeros((1, 20), np.float32)
                code[0, order[place]] = value
                shown = cards.content.images[place, column].astype(int)
                assert np.abs(shown - FIRST.decode(code)[0]).max() <= 1
        text = plain(cards)
        assert all(f"z{number} " in text for number in range(1, 21))
        await until_whole(pilot, screen)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (120, 40), (160, 50), (200, 60)])
@pytest.mark.parametrize("dimensions", [1, 2, 50])
async def test_any_number_of_dimensions_is_whole_at_any_size(size, dimensions):
    screen = dimensions_screen(config=dataclasses.replace(CONFIG, latent_dim=dimensions))
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "5", "started")
        screen.reader.load(random_network(540, d=dimensions), probe())
        screen.reader.report(*measured(np.ones((4, dimensions))))
        await wait_until(pilot, lambda: screen.caption("caption").startswith("KL"))
        await until_whole(pilot, screen)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_cursor_reaches_and_shows_each_of_64_dimensions_and_the_screen_counts_them(size):
    screen = dimensions_screen(config=dataclasses.replace(CONFIG, latent_dim=64))
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "5", "started")
        screen.reader.load(random_network(540, d=64), probe())
        await wait_until(pilot, lambda: " mean " in screen.caption("caption"))
        shown = next(one for one in screen.view.query("KlBars, Traversals") if one.display)
        await wait_until(pilot, lambda: plain(shown))
        assert "1 to " in plain(shown) + screen.caption("caption")
        reached = []
        for _ in range(64):
            await wait_until(pilot, lambda: ">z" in plain(shown))
            reached += re.findall(r">z(\d+)", plain(shown))
            await pilot.press("down")
            await pilot.pause()
        assert sorted(map(int, reached)) == list(range(1, 65))
        assert "to 64 of 64" in plain(shown) + screen.caption("caption")
        await until_whole(pilot, screen)


def test_the_history_of_a_long_run_is_bounded_and_its_means_are_those_of_all_tests():
    kl = np.random.default_rng(1).random((1000, 20))
    view = advance(RunView("run", CONFIG, epochs=1000), measured(kl))
    rows = view.kl_of_dimensions.rows
    assert len(rows) <= MOST_TESTS
    stride = view.kl_of_dimensions.stride
    whole = len(rows) * stride
    expected = kl[:whole].reshape(-1, stride, 20).mean(1)
    np.testing.assert_allclose(rows[:, 2:], expected)


def test_a_resume_takes_back_the_history_of_what_it_voids():
    kl = np.random.default_rng(1).random((5, 20))
    happened = measured(kl)
    restart = dataclasses.replace(STARTED, step=happened[2].step)
    view = advance(RunView("run", CONFIG), [*happened, restart])
    np.testing.assert_allclose(view.kl_of_dimensions.rows[:, 2:], kl[:3])


def test_a_test_with_another_number_of_dimensions_is_left_out():
    view = advance(RunView("run", CONFIG), measured(np.ones((2, 7))))
    assert not len(view.kl_of_dimensions.rows)


@pytest.mark.parametrize("palette", Palette)
async def test_a_heat_map_says_how_many_dimensions_it_has_no_room_for(palette):
    screen = dimensions_screen(palette=palette)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        heat = screen.view.query_one(KlHistory)
        await wait_until(pilot, lambda: len(heat.rows) > 2)
        *rows, last, _ = plain(heat).splitlines()
        names = [word for row in rows for word in row.split() if word[0] == "z"]
        if palette.has_colours:
            names += [word for word in last.split() if word[0] == "z"]
            assert len(names) == 20
        else:
            assert last.strip() == f"{20 - len(names)} more dimensions"
            assert 5 < len(names) < 20


@pytest.mark.parametrize("palette", Palette)
async def test_a_kl_that_is_not_finite_is_drawn_as_the_largest(palette):
    kl = np.full((3, 20), np.inf)
    screen = dimensions_screen(palette=palette)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        heat = screen.view.query_one(KlHistory)
        await wait_until(pilot, lambda: len(heat.rows) > 2)
        screen.reader.report(*measured(kl, first=500))
        await wait_until(pilot, lambda: np.isinf(heat.history.kl).any())
        assert heat.history.largest == 2.5
        assert len(heat.rows) > 2


def test_where_cards_fit_the_chosen_one_is_shown_and_where_there_is_no_room_none_fit():
    for dimensions, width, height in product((1, 4, 64), range(-9, 300, 3), range(-9, 95)):
        columns, rows, _ = layout(width, height, dimensions)
        assert columns >= 0 and rows >= 0
        if not columns * rows:
            continue
        for chosen in {0, dimensions // 2, dimensions - 1}:
            first = first_shown(range(dimensions), chosen, columns, rows)
            assert first <= chosen < first + columns * rows
