"""Images that fit in memory stay there; of others a window."""

import shutil

import pytest

from vae_tui.cli.data_set.memory_plan import check_disk, plan_memory
from vae_tui.errors import VaeTuiError
from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.run.config import RunConfig


def test_up_to_half_of_the_available_memory_the_images_are_in_it():
    fits = plan_memory(1_000, DEFAULT_SHAPE, 256, 2 * 784_000)
    assert (fits.bytes, fits.shuffle_block, fits.shuffle_window) == (784_000, 0, 0)
    assert plan_memory(1_000, DEFAULT_SHAPE, 256, 2 * 784_000 - 1).shuffle_window


@pytest.mark.parametrize("shape", [DEFAULT_SHAPE, ImageShape(64, 64, 3), ImageShape(8, 8, 1)])
@pytest.mark.parametrize("batch_size", [1, 256, 1_000_000])
def test_windows_are_of_whole_batches_and_of_bounded_size(shape, batch_size):
    plan = plan_memory(10**9, shape, batch_size, 1e9)
    assert plan.shuffle_window * shape.pixels <= max(1e9 / 8, batch_size * shape.pixels)
    RunConfig(
        dataset="mnist", data_dir="/d", epochs=1, batch_size=batch_size,
        shuffle_block=plan.shuffle_block, shuffle_window=plan.shuffle_window,
    )  # fmt: skip


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(tmp_path):
    folder = tmp_path / "data" / "own"
    check_disk(1, folder)
    with pytest.raises(VaeTuiError, match=r"take \d+GB, and .* has \d+\w+ free; .*--data-dir"):
        check_disk(shutil.disk_usage(tmp_path).total + (1 << 40), folder)
    assert not folder.exists()
