"""Order, filter and preview of the Runs view."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support.fake_networks import random_network, samples_of
from support.fake_readers import listed
from support.layout_faults import until_whole
from support.screen import Screen, open_view, plain, wait_until
from support.views import HERE, chosen, open_runs, table
from textual.geometry import Offset

from vae_tui.tui.widgets.runs.run_columns import COLUMNS, sorted_runs
from vae_tui.tui.widgets.runs.run_preview import RunPreview
from vae_tui.tui.widgets.runs.run_table import RunTable

runs_screen = partial(Screen, views="6")

A = listed("a", best_test_loss=99.0, beta=4.0, started=3e8, seconds=50.0)
B = listed("b", "running", best_test_loss=101.0, beta=1.0, started=2e8, seconds=500.0)
C = listed("c", best_test_loss=float("nan"), beta=2.0, started=1e8, seconds=5.0, dataset="kmnist")


def names(screen):
    return [re.search(r"(?<![\w-])([abc]|digits-\S+)", row)[1] for row in table(screen)[1:]]


async def test_s_sorts_by_one_column_after_the_other_and_S_reverses():
    screen = runs_screen()
    async with screen.at(160, 24) as pilot:
        await open_runs(pilot, screen, A, B, C, attached="a")
        assert names(screen) == ["a", "b", "c"]
        by = {"best test": "abc", "beta": "bca", "started": "abc", "took": "cab"}
        for _ in range(20):
            await pilot.press("s")
            head = screen.view.sorted_by
            if head in by:
                assert names(screen) == list(by.pop(head)), head
                assert f"{head}▲" in table(screen)[0]
                await pilot.press("S")
                assert f"{head}▼" in table(screen)[0]
                await pilot.press("S")
        assert not by


async def test_a_click_on_a_head_sorts_and_a_second_one_reverses():
    screen = runs_screen()
    async with screen.at(160, 24) as pilot:
        await open_runs(pilot, screen, A, B, C, attached="a")
        place = Offset(table(screen)[0].index("beta"), 0)
        await pilot.click(RunTable, place)
        await wait_until(pilot, lambda: names(screen) == ["b", "c", "a"])
        await pilot.click(RunTable, place)
        await wait_until(pilot, lambda: names(screen) == ["a", "c", "b"])


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.head)
def test_each_column_sorts_runs_without_a_test_too(column):
    rows = (C, A, B)
    up = sorted_runs(rows, column.head, is_reversed=False)
    assert sorted(row.path.name for row in up) == ["a", "b", "c"]


async def test_the_cursor_stays_on_its_run_when_the_order_changes():
    screen = runs_screen()
    async with screen.at(160, 24) as pilot:
        await open_runs(pilot, screen, A, B, C, attached="a")
        await pilot.press("down")
        for _ in range(5):
            await pilot.press("s")
            assert re.match(r"> +b ", chosen(screen))


async def test_a_slash_filters_while_words_are_typed_and_escape_shows_all_again():
    screen = runs_screen()
    async with screen.at(160, 24) as pilot:
        await open_runs(pilot, screen, A, B, C, attached="a")
        await pilot.press("slash", *"running")
        assert names(screen) == ["b"]
        assert "1 of 3 match" in screen.caption("caption")
        assert screen.view.TITLE == "Runs"
        await pilot.press("enter", "1")  # keeps the filter; digits are keys again
        await wait_until(pilot, lambda: screen.view.TITLE == "Train")
        await pilot.press("6")
        assert names(screen) == ["b"]
        await pilot.press("slash", "escape")
        assert names(screen) == ["a", "b", "c"]
        await pilot.press("slash", *"kmnist 2", "down")
        assert names(screen) == ["c"]
        await pilot.press("slash", *" zzz")
        assert names(screen) == []
        await pilot.press("enter", "enter", "space", "down", "s", "e", "slash", "escape")
        assert names(screen) == ["a", "b", "c"] or len(names(screen)) == 3
        await until_whole(pilot, screen)


async def test_a_double_click_opens_a_run():
    screen = runs_screen()
    async with screen.at(120, 40) as pilot:
        await open_runs(pilot, screen, HERE, listed("mnist-d20"))
        await pilot.click(RunTable, Offset(8, 2), times=2)
        await wait_until(pilot, lambda: pilot.app.return_code == 0)
        assert screen.app.chosen == Path("/runs/mnist-d20")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_chosen_run_is_previewed_with_eight_samples_of_its_weights(size):
    screen, other = runs_screen(), random_network(900)
    screen.runs.networks[Path("/runs/mnist-d20")] = other
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        run = listed("mnist-d20", losses=(500.0, 140.0, 120.0, 110.0), started=1e8)
        await open_runs(pilot, screen, HERE, run)
        preview = screen.view.query_one(RunPreview)
        own = samples_of(random_network(540), 0, 8)
        await wait_until(pilot, lambda: preview.glance is not None)
        np.testing.assert_array_equal(preview.glance.samples[:8], own)
        assert screen.runs.previews == []
        await pilot.press("down")
        await wait_until(pilot, lambda: screen.app.scene.preview is not None)
        await wait_until(pilot, lambda: preview.glance.samples is not None)
        np.testing.assert_array_equal(preview.glance.samples[:8], samples_of(other, 0, 8))
        text = plain(preview)
        assert "104.25 −ELBO" in text
        assert "140.0" in text
        assert "110.0" in text
        assert preview.rows
        await until_whole(pilot, screen)
        assert screen.runs.previews == [run.path]
        screen.runs.list(HERE, listed("mnist-d20", step=9_000))  # newer weights
        await wait_until(pilot, lambda: len(screen.runs.previews) == 2)


async def test_a_run_without_weights_is_previewed_without_samples():
    screen = runs_screen()
    async with screen.at(120, 40) as pilot:
        await open_runs(pilot, screen, HERE, listed("empty", test_loss=float("nan")))
        await pilot.press("down")
        await wait_until(pilot, lambda: screen.runs.previews)
        await pilot.pause()
        assert screen.view.query_one(RunPreview).glance.samples is None
        assert "no test yet" in plain(screen.view.query_one(RunPreview))
        await until_whole(pilot, screen)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_preview_says_why_there_are_no_samples(size):
    screen = runs_screen()
    screen.runs.why_no_weights = "weights.safetensors: not a safetensors file"
    async with screen.at(*size) as pilot:
        await open_runs(pilot, screen, HERE, listed("damaged"))
        preview = screen.view.query_one(RunPreview)
        await pilot.press("down")
        await wait_until(pilot, lambda: "no samples: weights.safetensors" in plain(preview))
        await until_whole(pilot, screen)
        screen.runs.networks[Path("/runs/damaged")] = random_network(900)
        screen.runs.list(HERE, listed("damaged", step=9_000))
        await wait_until(pilot, lambda: "no samples" not in plain(preview))
