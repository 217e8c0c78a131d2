"""The Walk view: interpolation between two digits or two marks."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
from support.fake_networks import probe, probe_without_classes, random_network
from support.screen import Screen, new_weights, open_view, wait_until, walk_code
from support.views import marked, strip

from vae_tui.latent.codes import between, prior
from vae_tui.tui.dialogs.choose_digits import ChooseDigitsDialog
from vae_tui.tui.state.walk_place import FRAMES

walk_screen = partial(Screen, views="3")

FIRST, SECOND = random_network(540), random_network(576)


async def ends_of(pilot, screen):
    """Return the indices of the two test images that the caption names."""
    await wait_until(pilot, lambda: "test images" in screen.caption("strip-caption"))
    return [int(number) for number in re.findall(r"#(\d+)", screen.caption("strip-caption"))]


def leads(screen, start, end):
    """Return whether the strip's title names these classes and its test images."""
    pattern = rf"Morph {start} → {end} · linear · test images #\d+ and #\d+"
    return re.match(pattern, screen.caption("strip-caption"))


async def test_a_morph_goes_from_a_to_b_frame_by_frame_and_ends_at_b():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        await pilot.press("i", "3", "8")
        start, end = await ends_of(pilot, screen)
        assert leads(screen, 3, 8)
        assert [probe().labels[index] for index in (start, end)] == [3, 8]
        means = [FIRST.encode(probe().images[[index]])[0][0] for index in (start, end)]
        frames = FIRST.decode(between(means[0], means[1], FRAMES))
        last, seen = FIRST.decode(means[1][None])[0], []

        def has_arrived():
            seen.append(screen.pictures("digit").images[0])
            return (seen[-1] == last).all()

        await wait_until(pilot, has_arrived)
        places = [
            int(np.abs(frames.astype(int) - picture).sum((1, 2)).argmin()) for picture in seen
        ]
        assert places == sorted(places)
        assert len(set(places)) > 5
        assert all((frames[place] == seen[n]).all() for n, place in enumerate(places))
        np.testing.assert_array_equal(walk_code(screen), means[1])
        strip = screen.pictures("strip").images
        np.testing.assert_array_equal(strip, FIRST.decode(between(*means, len(strip))))


async def test_a_morph_follows_newer_weights():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("i", "3", "8")
        ends = await ends_of(pilot, screen)
        await new_weights(pilot, screen, SECOND)
        means = [SECOND.encode(probe().images[[index]])[0][0] for index in ends]
        last = SECOND.decode(means[1][None])
        await wait_until(pilot, lambda: np.array_equal(screen.pictures("digit").images, last))
        strip = screen.pictures("strip").images
        np.testing.assert_array_equal(strip, SECOND.decode(between(*means, len(strip))))


async def test_a_key_that_moves_ends_a_morph_where_it_is():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("i", "3", "8")
        await ends_of(pilot, screen)
        await pilot.press("right")
        stopped_at = walk_code(screen)
        await pilot.pause(0.3)  # three frames' time in which nothing may move
        np.testing.assert_array_equal(walk_code(screen), stopped_at)
        assert screen.caption("strip-caption").startswith("Traversal z1 from")


async def test_the_ends_of_a_morph_are_two_digit_keys_or_what_enter_offers():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        for keys, expected in (
            (["enter"], (3, 8)),
            (["7", "enter"], (7, 8)),
            (["5", "5"], (5, 5)),
            (["3", "8"], (3, 8)),
            (["a", "space", "1", "up", "9"], (1, 9)),
        ):
            await pilot.press("i", *keys)
            await wait_until(pilot, lambda ends=expected: leads(screen, *ends))


async def test_without_classes_a_morph_is_of_two_test_images_and_others_each_time():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        screen.reader.load(probe_without_classes())
        await wait_until(pilot, lambda: len(screen.app.scene.probe.classes) == 1)
        seen = set()
        for _ in range(3):
            await pilot.press("i")
            await wait_until(pilot, lambda: screen.caption("strip-caption") not in seen)
            seen.add(screen.caption("strip-caption"))
        pattern = r"Morph test image #\d+ → test image #\d+ · linear"
        assert all(re.match(pattern, caption) for caption in seen)


async def test_a_morph_names_the_classes_even_those_that_look_like_markup():
    names = ("[b]oot", *"12345678", "Bag / [red]")
    screen = walk_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        screen.reader.load(replace(probe(), classes=names))
        await wait_until(pilot, lambda: screen.app.scene.probe.classes == names)
        await pilot.press("i", "0", "9")
        await wait_until(pilot, lambda: "Morph [b]oot → Bag / [red] · linear" in screen.text)
        assert "[b]oot into Bag / [red]" in screen.text


async def test_the_ends_of_the_last_morph_are_offered_again():
    screen = walk_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("i", "2", "7", "space", "i", "enter")
        await ends_of(pilot, screen)
        assert leads(screen, 2, 7)


async def test_escape_chooses_no_ends_and_changes_nothing():
    screen = walk_screen(views="23")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "2")
        await pilot.press("i")
        assert isinstance(pilot.app.screen, ChooseDigitsDialog)
        await pilot.press("4", "escape")
        assert not isinstance(pilot.app.screen, ChooseDigitsDialog)
        assert screen.view.TITLE == "Samples"


async def test_i_goes_from_mark_to_mark_and_ends_exactly_at_the_second():
    screen = walk_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        start, end = await marked(pilot, screen)
        np.testing.assert_array_equal(start, prior(2, 1, 20)[0])
        for words in ("a: z from the prior, seed 2", "b: z from the prior, seed 3"):
            assert words in screen.caption("marks")
        assert " · linear" in screen.caption("strip-caption")
        await wait_until(pilot, lambda: np.array_equal(walk_code(screen), end))
        np.testing.assert_array_equal(screen.pictures("digit").images, FIRST.decode(end[None]))
        share = np.linspace(0, 1, len(strip(screen)))[:, None]
        straight = FIRST.decode((start + share * (end - start)).astype(np.float32))
        assert np.abs(strip(screen).astype(int) - straight).max() <= 1
        await pilot.press("i")  # it is there: the next morph is another
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, ChooseDigitsDialog))


async def test_k_names_the_next_path_where_no_strip_does():
    screen = walk_screen()
    async with screen.at(80, 24) as pilot:
        await open_view(pilot, screen, "3")
        await pilot.press("k")
        await wait_until(pilot, lambda: "path of the next morph: slerp" in screen.text)


async def test_k_interpolates_linearly_on_a_great_circle_and_in_pixels():
    screen = walk_screen()
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3")
        start, end = await marked(pilot, screen)
        await wait_until(pilot, lambda: np.array_equal(walk_code(screen), end))
        count = len(strip(screen))
        straight = strip(screen)

        await pilot.press("k")
        assert " · slerp" in screen.caption("strip-caption")
        cosine = start @ end / np.linalg.norm(start) / np.linalg.norm(end)
        angle = np.arccos(cosine)
        share = np.linspace(0, 1, count)[:, None]
        unit_start, unit_end = start / np.linalg.norm(start), end / np.linalg.norm(end)
        circle = np.sin((1 - share) * angle) * unit_start + np.sin(share * angle) * unit_end
        lengths = (1 - share) * np.linalg.norm(start) + share * np.linalg.norm(end)
        codes = (circle / np.sin(angle) * lengths).astype(np.float32)
        assert np.abs(strip(screen).astype(int) - FIRST.decode(codes)).max() <= 1
        assert (strip(screen) != straight).any()

        await pilot.press("k")
        assert " · pixels" in screen.caption("strip-caption")
        ends = FIRST.decode(np.stack([start, end])).astype(float)
        share = share[..., None]
        fade = (1 - share) * ends[0] + share * ends[1]
        assert np.abs(strip(screen) - fade).max() <= 0.51

        await pilot.press("k")
        assert " · linear" in screen.caption("strip-caption")
        np.testing.assert_array_equal(strip(screen), straight)
