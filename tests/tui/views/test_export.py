"""The files that e writes."""

import csv
import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.fake_networks import probe, random_network, samples_of
from support.processes import PATIENCE_SECONDS
from support.run_events import NOW
from support.screen import Screen, embed, new_weights, open_view, wait_until
from support.views import exported, marked, pixels_of

from vae_tui.export import picture_files
from vae_tui.model.mlp.numpy_twin import NumpyMlp
from vae_tui.tui.state.walk_place import FRAMES

FIRST = random_network(540)


async def test_e_writes_the_samples_the_digit_and_the_interpolation_into_the_folder(tmp_path):
    screen = Screen(views="23", folder=tmp_path)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "2")
        path = await exported(pilot, screen)
        assert [str(file) for file in tmp_path.iterdir()] == [path]
        assert path.endswith("digits-1123-0713-samples-seed1-step540.png")
        columns = screen.pictures().columns
        count = columns * (pixels_of(path).shape[0] // 112)
        expected = picture_files.png(samples_of(FIRST, 1, count), columns)
        np.testing.assert_array_equal(pixels_of(path), pixels_of(io.BytesIO(expected)))

        await pilot.press("3")
        screen.app.notes.clear()
        path = await exported(pilot, screen)
        expected = picture_files.png(samples_of(FIRST, 1, 1), 1)
        np.testing.assert_array_equal(pixels_of(path), pixels_of(io.BytesIO(expected)))

        start, end = await marked(pilot, screen)
        screen.app.notes.clear()
        path = await exported(pilot, screen)
        assert len(list(tmp_path.iterdir())) == 3

    share = np.linspace(0, 1, FRAMES, dtype=np.float32)[:, None]
    expected = picture_files.gif(FIRST.decode((1 - share) * start + share * end))
    with Image.open(path) as there, Image.open(io.BytesIO(expected)) as wanted:
        assert there.n_frames == wanted.n_frames == 2 * FRAMES - 2
        for frame in range(FRAMES):
            there.seek(frame)
            wanted.seek(frame)
            np.testing.assert_array_equal(np.asarray(there), np.asarray(wanted))


async def test_the_step_of_a_tsne_map_is_that_of_the_weights_it_was_computed_from(tmp_path):
    def once(codes, start):
        if start is not None:
            computes_again.set()
            may_end.wait(PATIENCE_SECONDS)
        yield from embed(codes, start)

    computes_again, may_end = threading.Event(), threading.Event()
    screen = Screen(views="4", folder=tmp_path, embed=once)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "4")
        await pilot.press("m")
        await wait_until(pilot, lambda: screen.view.plane.points is not None)
        await wait_until(pilot, lambda: "computing" not in screen.caption("caption"))
        await new_weights(pilot, screen, random_network(576))
        await wait_until(pilot, computes_again.is_set)
        path = Path(await exported(pilot, screen))
        may_end.set()
    assert path.name.endswith("-map-tsne-step540.png")


async def test_e_writes_the_dimensions_as_a_table_whose_sum_is_the_kl(tmp_path):
    screen = Screen(views="5", folder=tmp_path)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "5")
        path = Path(await exported(pilot, screen))
    assert path.name.endswith("-dimensions-step540.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    means, logvars = FIRST.encode(probe().images)
    kl = 0.5 * (means**2 + np.exp(logvars) - logvars - 1).mean(0)
    assert [int(row["dimension"]) for row in rows] == list(range(1, len(kl) + 1))
    np.testing.assert_allclose([float(row["kl"]) for row in rows], kl, rtol=1e-4)
    for row in rows:
        parts = float(row["kl_of_mean"]) + float(row["kl_of_variance"])
        assert parts == pytest.approx(float(row["kl"]), rel=1e-4)
        assert int(row["active"]) == (float(row["variance_of_mean"]) > 0.01)


async def test_e_into_a_folder_that_is_gone_is_one_line_and_ends_nothing(tmp_path):
    screen = Screen(views="3", folder=tmp_path / "gone")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("e")
        await wait_until(pilot, lambda: any("gone" in text for text in screen.app.notes))
        assert pilot.app.return_code is None


@pytest.mark.parametrize("keys", ["1", "2", "3", "4", "4m", "5", "6"])
async def test_no_view_decodes_before_its_export_is_written(keys, tmp_path):
    decoded = []

    class Recording(NumpyMlp):
        __slots__ = ()

        def decoder(self, codes):
            decoded.append(len(codes))
            return super().decoder(codes)

    network = Recording(576, NOW - 2, FIRST.latent_dim, FIRST.image_shape, FIRST.weights)
    screen = Screen(views=keys[0], folder=tmp_path)
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, keys[0])
        await pilot.press(*keys[1:])
        await new_weights(pilot, screen, network)
        await wait_until(pilot, lambda: decoded or keys == "6")
        await wait_until(pilot, lambda: "computing t-SNE" not in screen.text)
        decoded.clear()
        export = screen.view.export()
        assert not decoded
        if export is not None:
            export.write(tmp_path / export.name)
