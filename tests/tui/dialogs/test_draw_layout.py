"""Where the parts of the dialog to draw a digit are."""

from itertools import combinations

import pytest
from textual.geometry import Region

from vae_tui.image_shape import ImageShape
from vae_tui.tui.dialogs.draw_layout import draw_layout


@pytest.mark.parametrize("side", [8, 28, 64])
@pytest.mark.parametrize("latent_dim", [1, 2, 20, 64])
def test_no_parts_overlap_or_leave_the_room(side, latent_dim):
    shape = ImageShape(side, side, 1)
    for width in range(56, 240, 7):
        for height in range(17, 80, 3):
            found = draw_layout(width, height, shape, latent_dim)
            parts = [
                found.pad, found.labels, found.pictures, found.facts, found.bars, found.map_label,
                found.map,
            ]  # fmt: skip
            for part in parts:
                assert Region(0, 0, width, height).contains_region(part), (width, height, part)
            for one, other in combinations(parts, 2):
                assert not one.overlaps(other), (width, height, one, other)
            assert found.count * (found.pixels + 1) - 1 <= found.pictures.width
            assert found.facts.height >= 1


@pytest.mark.parametrize(
    ("width", "height", "pad"), [(76, 21, 28), (116, 37, 56), (196, 57, 56), (56, 17, 28)]
)
def test_the_pad_shows_every_pixel_of_28x28(width, height, pad):
    found = draw_layout(width, height, ImageShape(28, 28, 1), 20)
    assert found.pad.size == (pad + 2, pad // 2 + 2)
    assert found.count >= 2


def test_all_bars_fit_at_80x24():
    found = draw_layout(76, 21, ImageShape(28, 28, 1), 20)
    assert found.bars.height * (found.bars.width // 22) >= 20
    assert found.map.height >= 5
