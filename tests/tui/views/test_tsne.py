"""The map while t-SNE runs in a thread."""

import threading
import time
from functools import partial

import numpy as np
from support.fake_networks import probe, random_network
from support.screen import Screen, embed, new_weights, open_view, wait_until
from support.views import cloud

map_screen = partial(Screen, views="4")

FIRST, SECOND = random_network(540), random_network(576)


async def test_tsne_starts_again_from_its_last_embedding_when_newer_weights_come():
    starts = []

    def remembering(codes, start):
        starts.append(start)
        yield from embed(codes, start)

    screen = map_screen(embed=remembering)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await pilot.press("m")
        means = FIRST.encode(probe().images)[0]
        await wait_until(
            pilot,
            lambda: cloud(screen) and np.array_equal(cloud(screen).points, means[:, :2]),
        )
        await new_weights(pilot, screen, SECOND)
        means_now = SECOND.encode(probe().images)[0]
        await wait_until(pilot, lambda: np.array_equal(cloud(screen).points, means_now[:, :2]))
        assert starts[0] is None
        np.testing.assert_array_equal(starts[1], means[:, :2])


async def test_tsne_that_ends_while_the_screen_does_is_dropped():
    def late(codes, start):
        (first, *_) = embed(codes, start)
        begun.set()
        while screen.app.is_running:
            time.sleep(0.001)
        for _ in range(1_000):
            yield first

    begun = threading.Event()
    screen = map_screen(embed=late)
    async with screen.at() as pilot:
        await open_view(pilot, screen, "4")
        await pilot.press("m")
        await wait_until(pilot, begun.is_set)


async def test_the_map_names_the_weights_that_tsne_was_computed_with():
    def slow_the_second_time(codes, start):
        if start is not None:
            is_free.wait()
        yield from embed(codes, start)

    is_free = threading.Event()
    screen = map_screen(embed=slow_the_second_time)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await pilot.press("m")
        await wait_until(pilot, lambda: cloud(screen) and "t-SNE" in screen.caption("caption"))
        await new_weights(pilot, screen, SECOND)
        assert "step 540" in screen.caption("caption")
        is_free.set()
        await wait_until(pilot, lambda: "step 576" in screen.caption("caption"))
