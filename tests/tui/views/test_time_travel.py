"""Every view with the weights of an earlier step."""

import re

import numpy as np
import pytest
from support.fake_networks import probe, random_network, samples_of
from support.run_events import losses
from support.run_events import tested as epoch_ended
from support.screen import Screen, new_weights, open_view, plain, wait_until, walk_code
from support.views import chart, closed_form, cloud, marked, strip

from vae_tui.latent.projection import pca
from vae_tui.tui.widgets.drawing import Drawing

FIRST, SECOND = random_network(540), random_network(576)
KEPT = {step: random_network(step) for step in (0, 18, 180)}


async def travel(pilot, screen, key, step):
    """Press a key of time travel; let the weights come that the screen asks for."""
    await pilot.press(key)
    await wait_until(pilot, lambda: screen.reader.requested_steps[-1:] == [step])
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
        parts = re.search(r"mean ([\d.]+) \S+ variance ([\d.]+)", screen.caption())
        assert float(parts[1]) + float(parts[2]) == pytest.approx(total, abs=0.11)


def what_is_said(screen):
    return "\n".join(plain(widget) for widget in screen.view.query(Drawing))


async def test_each_view_goes_back_and_forth_through_time():
    screen, now = Screen(views="12345"), FIRST
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        for number, view in enumerate(("1", "2", "3", "4", "tab")):  # on the map 5 is a class
            await pilot.press(view)
            await pilot.pause()
            assert_drawn_with(screen, now)
            for key, step in (("comma", 180), ("comma", 18), ("comma", 0), ("full_stop", 18)):
                await travel(pilot, screen, key, step)
                assert f"step {step}, back in time" in what_is_said(screen)
                assert_drawn_with(screen, KEPT[step])
            now = SECOND if now is FIRST else FIRST
            screen.reader.load(now)
            screen.reader.report(losses(577 + number))  # comes after them
            await wait_until(pilot, lambda step=577 + number: screen.app.scene.run.step == step)
            assert_drawn_with(screen, KEPT[18])
            await pilot.press("end")
            await wait_until(pilot, lambda network=now: screen.app.scene.network is network)
            assert_drawn_with(screen, now)
            assert "back in time" not in what_is_said(screen)


async def test_train_says_that_its_test_loss_is_the_newest_one():
    screen = Screen(views="1")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(epoch_ended(30), kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.caption("losses").startswith("−ELBO "))
        now = screen.caption("losses")
        await travel(pilot, screen, "comma", 180)
        await wait_until(pilot, lambda: screen.caption("losses") == f"newest {now}")
        await pilot.press("end")
        await wait_until(pilot, lambda: screen.caption("losses") == now)


async def test_forth_from_the_last_kept_step_leads_to_now():
    screen = Screen(views="2")
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


async def test_weights_that_are_no_longer_requested_are_not_drawn():
    screen = Screen(views="2")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "2")
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        await pilot.press("comma", "comma")
        assert screen.reader.requested_steps == [180, 18]
        screen.reader.load_kept(KEPT[180])
        screen.reader.load_kept(KEPT[18])
        await wait_until(pilot, lambda: screen.app.scene.network is KEPT[18])
        await pilot.press("comma", "end")
        screen.reader.load_kept(KEPT[0])
        screen.reader.report(losses(560))
        await wait_until(pilot, lambda: screen.app.scene.run.step == 560)
        assert screen.app.scene.network.step == 540


async def test_a_morph_is_the_same_morph_back_in_time():
    screen = Screen(views="3")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        start, end = await marked(pilot, screen)
        await wait_until(pilot, lambda: np.array_equal(walk_code(screen), end))
        await travel(pilot, screen, "comma", 180)
        share = np.linspace(0, 1, len(strip(screen)), dtype=np.float32)[:, None]
        np.testing.assert_array_equal(
            strip(screen), KEPT[180].decode((1 - share) * start + share * end)
        )
        await wait_until(pilot, lambda: np.array_equal(walk_code(screen), end))


async def test_a_command_copied_back_in_time_names_the_step():
    screen = Screen(views="2345")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        await travel(pilot, screen, "comma", 180)
        for view, command in (("2", "sample"), ("3", "decode"), ("5", "eval"), ("4", "map")):
            await pilot.press(view, "y")
            copied = [text for text in screen.app.notes if f"vae-tui {command} " in text]
            assert len(copied) == 1, command
            assert "--step 180" in copied[0]


async def test_the_charts_have_a_cursor_where_older_weights_are_from():
    screen = Screen(views="1")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.report(kept=tuple(KEPT))
        await wait_until(pilot, lambda: screen.app.scene.run.kept)
        assert "▲" not in chart(screen, "reconstruction")
        await travel(pilot, screen, "comma", 180)
        for name in ("reconstruction", "kl"):
            assert "▲10─" in chart(screen, name)  # 18 steps an epoch
        await pilot.press("end")
        await wait_until(pilot, lambda: "▲" not in chart(screen, "reconstruction"))
