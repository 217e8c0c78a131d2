"""Every picture says which weights drew it, whatever else its caption has to say."""

from dataclasses import replace

import numpy as np
import pytest
from support.fake_networks import probe, random_network
from support.run_events import CONFIG
from support.screen import Screen, open_view

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
