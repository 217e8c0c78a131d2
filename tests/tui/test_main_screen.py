"""What the screen shows in each state of a run, and for text that is not ours."""

import pytest
from support.fake_networks import random_network
from support.layout_faults import until_whole
from support.run_events import CONDITIONS, STARTED, ended, losses
from support.screen import Screen, become, new_weights, open_view, until_reading, wait_until
from textual.widgets import Static

from vae_tui.run.events import Diverged, SettingChanged
from vae_tui.tui.messages import ReadingFailed

WORDS = {
    "nothing yet": ["starting"],
    "nothing left": ["lost", "p continues from the last save"],
    "running": ["running", "epoch 30/150", "20%", "10 s left", "54.2k img/s"],
    "paused": ["paused", "epoch 30/150"],
    "stalled": ["stalled", "1 m 40 s", "alive but silent", "trainer.log"],
    "finished": ["finished", "epoch 30/150"],
    "stopped": ["stopped", "saved at step 540"],
    "failed": ["failed", "no space left on device"],
    "diverged": ["failed", "bce is not finite at step 543", "step 540", "lr 0.0005"],
    "lost": ["lost", "the trainer's process is gone"],
}


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_each_state_is_named_with_what_to_do_and_nothing_is_cut_or_overlaps_at_80x24(
    condition,
):
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        words = WORDS.get(condition, [])
        await wait_until(pilot, lambda: all(word in screen.text for word in words))
        for view, own in (
            ("1", "h Cursor"),
            ("2", "z Size"),
            ("3", "w Draw"),
            ("4", "m Method"),
            ("5", "s Sort"),
            ("6", "space Overlay"),
        ):
            await pilot.press(view)
            await wait_until(pilot, lambda own=own: own in screen.text)
            await until_whole(pilot, screen)
            footer = screen.text.splitlines()[-1]
            for key in ("? Help", "q Leave"):
                assert key in footer


async def test_a_run_that_falls_silent_becomes_stalled_without_a_new_event():
    screen = Screen(views="")
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        assert "running" in screen.status
        screen.clock.now += 90
        await wait_until(pilot, lambda: "stalled 1 m 31 s" in screen.status)


async def test_the_age_of_the_weights_follows_the_clock_and_redraws_no_picture():
    screen = Screen(views="12345")
    async with screen.at(120, 40) as pilot:
        await open_view(pilot, screen, "3", "stalled")
        for minute, view in enumerate("12345"):
            await pilot.press(view)
            age = f"{minute} m 02 s" if minute else "2 s"
            await wait_until(pilot, lambda age=age: f"step 540, {age} old" in screen.text)
            drawn_from = screen.view.scene
            screen.clock.now += 60
            later = f"step 540, {minute + 1} m 02 s old"
            await wait_until(pilot, lambda later=later: later in screen.text)
            assert screen.view.scene is drawn_from


@pytest.mark.parametrize("condition", ["paused", "finished", "lost"])
async def test_weights_that_no_trainer_will_replace_have_no_age(condition):
    screen = Screen(views="1")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1", "running")
        await wait_until(pilot, lambda: "step 540, 2 s old" in screen.caption("samples-caption"))
        await become(pilot, screen, condition)
        await wait_until(pilot, lambda: screen.caption("samples-caption").endswith("step 540"))


@pytest.mark.parametrize("view", ["1", "2", "3", "5"])
async def test_a_view_that_comes_back_shows_what_came_while_it_was_away(view):
    there, away = Screen(views=f"{view}6"), Screen(views=f"{view}6")
    texts = []
    for screen in (there, away):
        async with screen.at() as pilot:
            await open_view(pilot, screen, view)
            await wait_until(pilot, lambda s=screen: "step 540" in s.text)
            if screen is away:
                await pilot.press("6")
                await wait_until(pilot, lambda s=screen: "step 540" not in s.text)
            screen.reader.report(ended("finished"), live=False)
            await new_weights(pilot, screen, random_network(576))
            if screen is away:
                await pilot.press(view)
            await wait_until(pilot, lambda s=screen: "step 576" in s.text)
            texts.append(screen.text)
    assert texts[0] == texts[1]


async def test_a_long_failure_is_one_line_with_its_end_and_the_help_has_all_of_it():
    screen = Screen(views="")
    why = "the data folder /a/rather/long/path/of/someone is gone since the run was started, alas"
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        screen.reader.report(STARTED, losses(3), ended("failed", why), live=False)
        await wait_until(pilot, lambda: "p continues from the last save" in screen.text)
        assert "the data folder" in screen.notice
        assert screen.notice.endswith("started, alas · p continues from the last save")
        assert "\n" not in screen.notice
        await until_whole(pilot, screen)
        await pilot.press("question_mark")
        assert why in str(screen.app.screen.query_one("#news", Static).render())


async def test_weights_that_cannot_be_read_are_named_where_the_digits_would_be():
    screen = Screen(views="1")
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        screen.reader.post(
            ReadingFailed("/runs/x/weights.safetensors is short", "weights.safetensors")
        )
        await wait_until(
            pilot, lambda: "weights.safetensors cannot be read" in screen.caption("samples-caption")
        )
        screen.reader.load(random_network(540))
        await wait_until(pilot, lambda: "step 540" in screen.caption("samples-caption"))


async def test_a_run_whose_name_looks_like_markup_is_shown_asked_about_and_left():
    name = r"a[/x] [b]\[bold red]"
    screen = Screen(views="", name=name)
    async with screen.at(100, 40) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        assert name in screen.status
        await pilot.press("q")
        await pilot.pause()
        assert f"Leave {name}?" in screen.text
        await pilot.press("c", "question_mark", "escape")
        screen.reader.report(ended("finished"), live=False)
        await wait_until(pilot, lambda: "finished" in screen.status)
        await pilot.press("p")
        await wait_until(pilot, lambda: "All 150 epochs are done" in screen.text)


async def test_strange_text_in_events_reaches_the_screen_as_text():
    screen = Screen(views="")
    async with screen.at(100, 24) as pilot:
        await until_reading(pilot, screen)
        screen.reader.report(STARTED, losses(3), ended("failed", "[/x] \x1b[2J [b"), live=False)
        await wait_until(pilot, lambda: "[/x] ?[2J [b" in screen.notice)
        diverged = Diverged(time=screen.clock.now, step=4, what="[/bce]", last_good_step=3)
        screen.reader.report(diverged, ended("failed"), live=False)
        await wait_until(pilot, lambda: "[/bce] is not finite" in screen.notice)


async def test_a_change_of_epochs_shows_in_the_top_line():
    screen = Screen(views="")
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        change = SettingChanged(
            time=screen.clock.now, step=540, name="epochs", old=150, new=300, command_id="x"
        )
        screen.reader.report(change)
        await wait_until(pilot, lambda: "epoch 30/300" in screen.status)
