"""All images, or a window of them at a time: the same images in the same order."""

from functools import partial

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny_runs import CPU, tiny_config

from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.random_streams import block_order, epoch_order
from vae_tui.training.step.image_feed import AllImages, Windows, feed_for


def numbered(count: int) -> torch.Tensor:
    """Return images that hold their number."""
    numbers = torch.arange(count)
    return torch.stack((numbers // 256, numbers % 256), 1).to(torch.uint8)


def seen(feed, epoch: int, count: int, batch: int, first: int = 0) -> torch.Tensor:
    """Return what a trainer sees of an epoch, from its place ``first`` on."""
    images, start = [], first
    while start < count:
        at_most = min(3 * batch, feed.longest(start))
        images.append(feed.images[feed.rows(epoch, start, at_most)].clone())
        start += at_most
    return torch.cat(images)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 700),
    batch=st.integers(1, 40),
    batches=st.integers(1, 9),
    block=st.integers(0, 90),
    places=st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), max_size=5),
)
def test_windows_hold_what_all_images_hold(count, batch, batches, block, places):
    window = batch * batches
    order = partial(epoch_order, 1, count=count)
    if block:
        order = partial(block_order, 1, count=count, block=block, window=window)
    whole = AllImages(numbered(count), CPU, order)
    windows = Windows(numbered(count), CPU, order, window)
    for epoch, share in ((0, 0.0), (1, 0.0), *places):
        first = int(share * (count - 1) / batch) * batch
        expected = seen(whole, epoch, count, batch, first)
        assert torch.equal(seen(windows, epoch, count, batch, first), expected)


@given(count=st.integers(1, 700), block=st.integers(1, 90), window=st.integers(1, 300))
def test_an_epoch_in_blocks_has_every_image_once(count, block, window):
    order = block_order(1, 2, count, block, window)
    assert torch.equal(order.sort().values, torch.arange(count))
    assert torch.equal(order, block_order(1, 2, count, block, window))


def test_a_window_is_of_few_blocks_and_shuffled_and_no_epoch_is_like_another():
    orders = [block_order(1, epoch, 10_000, 50, 1_000) for epoch in range(3)]
    assert not torch.equal(orders[0], orders[1])
    for order in orders:
        for window in order.split(1_000):
            assert len((window // 50).unique()) == 20
            neighbours = ((window[1:] - window[:-1]) == 1).sum()
            assert neighbours < 30


def test_a_run_has_windows_only_if_its_config_says_so():
    images = numbered(300)
    assert isinstance(feed_for(tiny_config(), images, CPU, Ranks()), AllImages)
    config = tiny_config(shuffle_block=7, shuffle_window=200)
    assert isinstance(feed := feed_for(config, images, CPU, Ranks()), Windows)
    assert len(feed.images) == 200
    plain = feed_for(tiny_config(), images, CPU, Ranks())
    assert torch.equal(plain.rows(4, 0, 300), epoch_order(1, 4, 300))
