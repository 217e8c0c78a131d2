"""Every picture says which weights drew it, whatever else its caption has to say."""

from dataclasses import replace

import numpy as np
import pytest
from support.fake_networks import probe, random_network
from support.run_events import CONFIG
from support.screen import Screen, open_view, wait_until

from vae_tui.tui.views.walk import WalkView

LONG = "posterior sample 12, temperature 0.85, seed 123456789, of a run with a long name"


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (120, 40)])
@pytest.mark.parametrize("view", "2345")
async def test_every_view_names_its_weights_at_any_width(view, size):
    screen = Screen(views=view)
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, view)
        if isinstance(screen.view, WalkView):
            screen.view.start_at(np.zeros(20, np.float32), LONG)
            await pilot.pause()
            assert "posterior sample 1" in screen.text
        assert "step 540" in screen.text


async def test_the_manifold_names_its_weights_too():
    screen = Screen(views="4", config=replace(CONFIG, latent_dim=2))
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "4", "started")
        screen.reader.load(random_network(540, d=2), probe())
        for _ in range(3):
            await pilot.press("m")
        await pilot.pause()
        assert screen.view.plane.method == "manifold"
        assert "step 540" in screen.text


async def test_at_80_columns_the_map_names_its_method_and_a_morph_both_ends():
    screen = Screen(views="34", config=replace(CONFIG, epochs=5))
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "4")
        screen.clock.now += 600
        screen.reader.load(random_network(14_100), probe())
        await wait_until(pilot, lambda: "step 14,100" in screen.text)
        assert " · PCA" in screen.caption("caption")
        assert not any(row[-1].strip() for row in screen.text.splitlines()[2:-1])
        await pilot.press("3", "i", "3", "8")
        await wait_until(pilot, lambda: "3 into 8 · step 14,100" in screen.text)
