"""Opening an image of one's own in Walk: typed or dropped, its scores, a walk from its code."""

import threading
from functools import partial

import numpy as np
import pytest
from PIL import Image
from support.fake_networks import probe, random_network
from support.screen import Screen, open_view, plain, screen_text, wait_until, walk_code
from textual.events import Paste
from textual.widgets import Input

from vae_tui.latent.scores import energies, percentiles, score
from vae_tui.tui.dialogs.dialog import ErrorLine
from vae_tui.tui.dialogs.open_image import OpenImageDialog
from vae_tui.tui.widgets.drawing import Drawing
from vae_tui.tui.widgets.pictures import Pictures

walk_screen = partial(Screen, views="3")

FIRST = random_network(540)
IMAGE = 255 - probe().images[4]


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "my shirt.png"
    Image.fromarray(IMAGE).save(found)
    return found


async def open_dialog(pilot, screen):
    await open_view(pilot, screen, "3")
    await pilot.press("o")
    await wait_until(pilot, lambda: isinstance(pilot.app.screen, OpenImageDialog))
    return pilot.app.screen


def shown(dialog):
    return dialog.query_one("#pictures", Pictures).images


def words(dialog):
    return plain(dialog.query_one("#scores", Drawing))


async def typed(pilot, text):
    await pilot.press(*("space" if mark == " " else mark for mark in text))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_typed_path_is_scored_and_walked_from(path, size):
    screen = walk_screen()
    async with screen.at(*size) as pilot:
        dialog = await open_dialog(pilot, screen)
        assert "enter open" in screen_text(pilot.app)
        dialog.query_one(Input).value = str(path)
        await pilot.press("enter")
        await wait_until(pilot, lambda: len(shown(dialog)))
        assert "enter walk from its code" in screen_text(pilot.app)
        found = score(FIRST, IMAGE[None], "bce")
        percentile = percentiles(found.energy, energies(FIRST, probe().images, "bce"))[0]
        for text in (
            f"ELBO loss {found.elbo_loss[0]:.1f} nats",
            f"BCE {found.loss[0]:.1f} + KL {found.kl[0]:.1f}",
            f"energy {found.energy[0]:.1f} nats",
            f"percentile {percentile:.1f}",
            "30 test images",
            "step 540",
        ):
            assert text in words(dialog)
        reconstruction = FIRST.decode(FIRST.encode(IMAGE[None])[0])[0]
        np.testing.assert_array_equal(shown(dialog)[0], IMAGE)
        np.testing.assert_array_equal(shown(dialog)[1], reconstruction)
        error = np.abs(reconstruction.astype(int) - IMAGE)
        np.testing.assert_array_equal(shown(dialog)[2], error)
        for part in dialog.query("#labels, #pictures, #scores"):
            assert part.size.width and part.size.height
            assert dialog.region.contains_region(part.region)
        pictures = dialog.query_one("#pictures", Pictures)
        assert pictures.size.height >= pictures.pixels // 2
        await pilot.press("enter")
        await wait_until(pilot, lambda: pilot.app.screen is not dialog)
        np.testing.assert_allclose(walk_code(screen), FIRST.encode(IMAGE[None])[0][0], rtol=1e-5)
        assert "my shirt.png" in screen.caption("caption")


@pytest.mark.parametrize("paste", ["'{}' ", "file://{}", "{}"])
async def test_a_file_dropped_on_the_view_or_in_the_dialog_is_scored_at_once(path, paste):
    text = paste.format(str(path).replace(" ", "%20") if "file:" in paste else path)
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        for _ in range(2):
            pilot.app.post_message(Paste(text))
            await wait_until(pilot, lambda: isinstance(pilot.app.screen, OpenImageDialog))
            dialog = pilot.app.screen
            await wait_until(pilot, lambda dialog=dialog: len(shown(dialog)))
            assert dialog.query_one(Input).value == str(path)
            np.testing.assert_array_equal(shown(dialog)[0], IMAGE)
            await pilot.press("escape")
            await wait_until(pilot, lambda: not isinstance(pilot.app.screen, OpenImageDialog))
            await pilot.press("o")
            await wait_until(pilot, lambda: isinstance(pilot.app.screen, OpenImageDialog))


async def test_a_pasted_part_of_a_path_is_inserted(path):
    screen = walk_screen()
    async with screen.at() as pilot:
        dialog = await open_dialog(pilot, screen)
        dialog.query_one(Input).value = f"{path.parent}/"
        await pilot.press("end")
        pilot.app.post_message(Paste(path.name))
        await wait_until(pilot, lambda: dialog.query_one(Input).value == str(path))
        assert not len(shown(dialog))


async def test_a_file_that_cannot_be_used_is_named_and_another_can_be_tried(path, tmp_path):
    (tmp_path / "a.txt").write_text("no image")
    screen = walk_screen()
    async with screen.at() as pilot:
        dialog = await open_dialog(pilot, screen)
        error, code = dialog.query_one(ErrorLine), walk_code(screen)
        await pilot.press("enter")  # nothing was typed
        for name, why in (("nothing.png", "not found"), ("a.txt", "not an image")):
            dialog.query_one(Input).value = str(tmp_path / name)
            await pilot.press("enter")
            await wait_until(pilot, lambda why=why: error.display and why in str(error.content))
            assert not len(shown(dialog))
        dialog.query_one(Input).value = str(path)
        await pilot.press("enter")
        await wait_until(pilot, lambda: len(shown(dialog)))
        assert not error.display
        await pilot.press("escape")
        await wait_until(pilot, lambda: pilot.app.screen is not dialog)
        np.testing.assert_array_equal(walk_code(screen), code)


async def test_keys_are_answered_while_an_image_is_read(path, monkeypatch):
    is_free, begun = threading.Event(), threading.Event()

    def slow(text, scene, read=OpenImageDialog.score):
        begun.set()
        is_free.wait()
        return read(text, scene)

    monkeypatch.setattr(OpenImageDialog, "score", staticmethod(slow))
    screen = walk_screen()
    async with screen.at() as pilot:
        dialog = await open_dialog(pilot, screen)
        dialog.query_one(Input).value = str(path)
        await pilot.press("enter")
        await wait_until(pilot, begun.is_set)
        await pilot.press("enter", "x")
        assert dialog.query_one(Input).value == f"{path}x"
        await pilot.press("escape")
        await wait_until(pilot, lambda: pilot.app.screen is not dialog)
        is_free.set()
        await pilot.press("down")
        assert screen.view.TITLE == "Walk"


async def test_before_the_first_weights_o_says_what_it_needs():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3", "started")
        await pilot.press("o")
        assert any("first weights" in note for note in screen.app.notes)
