"""The screen as a whole: what each state of a run shows, leaving, steering, sizes, any key."""

import asyncio
import itertools
import random
import re
import threading
import time

import pytest
from support.fake_networks import probe, random_network
from support.fake_steering import FakeSteering
from support.layout_faults import until_whole
from support.run_events import CONDITIONS, CONFIG, STARTED, ended, losses
from support.screen import Screen, become, new_weights, open_view, until_reading, wait_until
from textual.events import Key
from textual.widgets import ContentSwitcher, Label, Static

from vae_tui.errors import VaeTuiError
from vae_tui.run.events import Diverged, Paused, Resumed, SettingChanged
from vae_tui.tui.app import LATEST_LOADING_SECONDS
from vae_tui.tui.dialogs.choose_digits import ChooseDigitsDialog
from vae_tui.tui.dialogs.help import HelpDialog
from vae_tui.tui.dialogs.leave import LeaveDialog
from vae_tui.tui.messages import ReadingFailed
from vae_tui.tui.views.train import TrainView
from vae_tui.tui.views.train_digits import TrainDigits

SIZES = [(60, 20), (120, 40), (200, 60), (40, 10), (1, 1), (80, 24)]
KEYS = [
    *"123456789", "space", "i", "p", "c", "u", "comma", "full_stop", "end", "e", "y",
    "question_mark", "l", "s", "z", "h", "plus", "minus", "equals_sign", "g", "up", "down", "left",
    "right", "shift+left", "shift+right", "shift+up", "shift+down", "0", "x", "a", "b", "k", "d",
    "m", "o", "enter", "escape", "tab", "shift+tab", "home", "pageup", "pagedown", "f1",
]  # fmt: skip


async def press_all(pilot, keys):
    """Press the keys, faster than the pilot does, until one of them has ended the program."""
    for key in keys:
        if pilot.app.return_code is not None:
            return
        pilot.app.simulate_key(key)
        await asyncio.sleep(0.005)


def press_at_once(pilot, keys):
    """Press the keys, named between spaces, without waiting for what they do."""
    for key in keys.split():
        pilot.app.post_message(Key(key, {"full_stop": ".", "comma": ","}.get(key)))


# What stands on the screen


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_nothing_is_cut_or_overlaps_at_80x24(condition):
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        for view, own in (
            ("1", "h Cursor"),
            ("2", "- Cooler"),
            ("3", "x Digit"),
            ("4", "m Method"),
            ("tab", "s Sort"),  # on the map a digit is a class
            ("6", "x Overlay"),
        ):
            await pilot.press(view)
            await wait_until(pilot, lambda own=own: own in screen.text)
            await until_whole(pilot, screen)
            footer = screen.text.splitlines()[-1]
            for key in ("tab View" if view == "4" else "1-6 View", "? Help", "q Quit"):
                assert key in footer


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("nothing yet", ["starting"]),
        ("nothing left", ["lost", "p goes on from the last save"]),
        ("running", ["running", "epoch 30/150", "20%", "10 s left", "54.2k img/s"]),
        ("paused", ["paused", "epoch 30/150"]),
        ("stalled", ["stalled", "1 m 40 s", "alive but has said nothing", "trainer.log"]),
        ("finished", ["finished", "epoch 30/150"]),
        ("stopped", ["stopped", "saved at step 540"]),
        ("failed", ["failed", "no space left on device"]),
        ("diverged", ["failed", "bce is not finite at step 543", "step 540", "lr 0.0005"]),
        ("lost", ["lost", "the trainer's process is gone"]),
    ],
)
async def test_each_state_is_named_with_what_to_do(condition, words):
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        await wait_until(pilot, lambda: all(word in screen.text for word in words))


async def test_a_run_that_falls_silent_becomes_stalled_without_a_new_event():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        assert "running" in screen.status
        screen.clock.now += 90
        await wait_until(pilot, lambda: "stalled 1 m 31 s" in screen.status)


async def test_the_age_of_the_weights_is_told_while_the_run_goes_on_and_not_after():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        assert "step 540, 2 s old" in screen.caption("samples-caption")
        screen.reader.report(ended("finished"), live=False)
        await wait_until(pilot, lambda: "step 540 ·" in screen.caption("samples-caption"))


@pytest.mark.parametrize("view", ["1", "2", "3", "5"])
async def test_a_view_that_comes_back_shows_what_came_while_it_was_away(view):
    there, away = Screen(), Screen()
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


async def test_a_long_failure_is_told_to_its_last_word():
    screen = Screen()
    why = "the data folder /a/rather/long/path/of/someone is gone since the run was started, alas"
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        screen.reader.report(STARTED, losses(3), ended("failed", why), live=False)
        await wait_until(pilot, lambda: "p goes on from the last save" in screen.text)
        assert "alas" in screen.text
        await until_whole(pilot, screen)


# Any key, any moment


async def test_every_key_is_safe_while_the_views_are_still_loading():
    loaded = threading.Event()
    screen = Screen(load=loaded.wait)
    async with screen.at() as pilot:
        await wait_until(pilot, lambda: "loading" in screen.text)
        await press_all(pilot, KEYS)
        loaded.set()
        await until_reading(pilot, screen)
        assert pilot.app.return_code is None


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("c 7 enter", ("beta", 7.0)),
        ("c tab 0 full_stop 0 0 3 enter", ("lr", 0.003)),
        ("c tab ctrl+u 0 full_stop 0 0 2 enter", ("lr", 0.002)),
        ("c 1 2 3 backspace backspace 9 enter", ("beta", 19.0)),
        ("i 7 1 c 5 enter", ("beta", 5.0)),
        ("c 7 enter 2 1 c escape", ("beta", 7.0)),
    ],
)
async def test_keys_that_come_together_do_what_they_do_apart(keys, value):
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        press_at_once(pilot, keys)
        await wait_until(pilot, lambda: screen.steering.set)
        assert screen.steering.set == [value]
        if keys[0] == "i":
            assert screen.view.id == "walkview"
            assert re.search(r"7 .* into 1 ", screen.caption("caption"))


async def test_a_comma_in_a_number_is_refused_in_words():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        press_at_once(pilot, "c 4 comma 5 [ / ] enter")
        await wait_until(pilot, lambda: "beta: '4,5[/]' is not a number" in screen.text)
        assert not screen.steering.set


async def test_a_key_whose_widget_is_gone_holds_the_next_one_up_for_a_moment_only():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        await screen.app._keys.take(Key("2", "2"))
        screen.app._keys._number += 1  # the answer comes to nothing
        screen.app._keys._late.cancel()
        screen.app._keys._follow(Label())
        pilot.app.simulate_key("3")
        await wait_until(pilot, lambda: screen.view.id == "walkview")


@pytest.mark.parametrize("view", ["1", "2", "3", "4", "5", "6"])
@pytest.mark.parametrize("condition", ["nothing yet", "running"])
async def test_every_key_is_safe(view, condition):
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        await pilot.press(view)
        for key in KEYS:
            await press_all(pilot, [key])
            if len(pilot.app.screen_stack) > 1:
                await press_all(pilot, ["escape"])
            if key in "123456":
                await press_all(pilot, [view])
        assert pilot.app.return_code is None


async def test_a_key_that_comes_back_unused_when_all_has_been_taken_down_is_dropped():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
    assert not screen.app.screen_stack
    key = Key("pageup", None)
    key._set_forwarded()
    await screen.app.on_event(key)


@pytest.mark.parametrize("seed", range(3))
async def test_random_keys_are_safe(seed):
    chosen = random.Random(seed)
    screen = Screen(read_only=seed == 2)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await press_all(pilot, chosen.choices(KEYS, k=15))
        await become(pilot, screen, ["running", "failed", "finished"][seed])
        await press_all(pilot, chosen.choices([*KEYS, "q", "ctrl+c", "ctrl+p"], k=40))


async def test_views_are_loaded_once_even_if_a_dialog_keeps_the_first_refresh_away():
    loads = []
    screen = Screen(load=lambda: loads.append(1))
    async with screen.at() as pilot:
        await pilot.press("question_mark")
        await wait_until(pilot, screen.reader.follows.is_set)
        await pilot.pause(2 * LATEST_LOADING_SECONDS)
        assert loads == [1]


# Steering


async def test_p_pauses_and_then_resumes():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("p")
        screen.reader.report(Paused(time=screen.clock.now, step=540))
        await wait_until(pilot, lambda: "paused" in screen.status)
        await pilot.press("p")
        screen.reader.report(Resumed(time=screen.clock.now, step=540))
        await wait_until(pilot, lambda: "running" in screen.status)
        assert screen.steering.sent == ["pause", "resume"]
        assert screen.reader.polled_faster == 2


@pytest.mark.parametrize(
    ("condition", "settings"),
    [("diverged", {"lr": 0.0005}), ("failed", {}), ("stopped", {}), ("lost", {})],
)
async def test_p_goes_on_from_the_last_save_and_halves_lr_where_it_diverged(condition, settings):
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        await pilot.press("p")
        assert (screen.steering.sent, screen.steering.restarted) == ([], [settings])


async def test_p_on_a_finished_run_says_how_to_train_longer():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "finished")
        await pilot.press("p")
        await wait_until(pilot, lambda: "--epochs" in screen.text)
        assert screen.steering.restarted == []


async def test_a_run_that_goes_on_after_it_ended_is_starting_and_neither_stalled_nor_stopped():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "stopped")
        screen.clock.now += 86_400
        await wait_until(pilot, lambda: "stopped" in screen.status)
        screen.reader.report(live=True, live_since=screen.clock.now)
        await wait_until(pilot, lambda: "starting" in screen.status)
        assert screen.notice == ""


async def test_read_only_sends_nothing_and_says_so():
    screen = Screen(read_only=True)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        assert "read only" in screen.status
        await pilot.press("p")
        await wait_until(pilot, lambda: "no control" in screen.text)
        await pilot.press("q")
        assert pilot.app.return_code == 0


async def test_read_only_asks_for_no_other_settings():
    screen = Screen(read_only=True)
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("c")
        await wait_until(pilot, lambda: "no control" in screen.text)
        assert pilot.app.screen is screen.app.main


@pytest.mark.parametrize(
    ("condition", "read_only", "keys"),
    [
        ("running", False, ["p Pause", "c Controls"]),
        ("paused", False, ["p Go on", "c Controls"]),
        ("stopped", False, ["p Go on"]),
        ("finished", False, ["p Longer"]),
        ("running", True, []),
        ("nothing yet", False, []),
    ],
)
async def test_the_bottom_line_shows_the_steering_keys_that_work_here_and_now(
    condition, read_only, keys
):
    screen = Screen(read_only=read_only)
    async with screen.at(160, 40) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)

        def shown() -> list[str]:
            footer = screen.text.splitlines()[-1]
            known = ("p Pause", "p Go on", "p Longer", "c Controls", "u Undo")
            return [key for key in known if f" {key} " in f"{footer} "]

        await wait_until(pilot, lambda: shown() == keys)


async def test_weights_that_cannot_be_read_are_named_where_the_digits_would_be():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        screen.reader.tell(
            ReadingFailed("/runs/x/weights.safetensors is short", "weights.safetensors")
        )
        await wait_until(
            pilot, lambda: "weights.safetensors cannot be read" in screen.caption("samples-caption")
        )
        screen.reader.load(random_network(540))
        await wait_until(pilot, lambda: "step 540" in screen.caption("samples-caption"))


async def test_a_refusal_is_told_and_ends_nothing():
    screen = Screen(steering=FakeSteering(VaeTuiError("state.pt is [/not] there")))
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "lost")
        await pilot.press("p")
        await wait_until(pilot, lambda: "state.pt is [/not] there" in screen.text)


# Leaving


async def test_q_then_k_leaves_and_asks_nothing_of_the_trainer():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q")
        assert isinstance(pilot.app.screen, LeaveDialog)
        await pilot.press("k")
        assert pilot.app.return_code == 0
    assert screen.steering.sent == []
    assert screen.reader.left.wait(5)


async def test_q_then_c_stays():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q", "c")
        assert not isinstance(pilot.app.screen, LeaveDialog)
        assert (pilot.app.return_code, screen.steering.sent) == (None, [])


async def test_q_then_s_stops_and_leaves_only_when_the_trainer_has_ended():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q", "s")
        assert screen.steering.sent == ["stop"]
        screen.reader.report(losses(550))
        await wait_until(pilot, lambda: screen.app.scene.run.step == 550)
        assert pilot.app.return_code is None
        screen.reader.report(ended("stopped", step=551), live=False)
        await wait_until(pilot, lambda: pilot.app.return_code == 0)


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+q"])
@pytest.mark.parametrize("before", [[], ["i"], ["question_mark"], ["ctrl+p"]])
async def test_the_interrupting_keys_ask_wherever_they_are_pressed(key, before):
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press(*before)
        await pilot.press(key)
        await wait_until(pilot, lambda: isinstance(pilot.app.screen, LeaveDialog))
        assert (pilot.app.return_code, screen.steering.sent) == (None, [])
        await pilot.press(key)
        await wait_until(pilot, lambda: not isinstance(pilot.app.screen, LeaveDialog))
        assert pilot.app.return_code is None


@pytest.mark.parametrize("condition", ["finished", "failed", "stopped", "lost"])
async def test_q_leaves_at_once_where_nothing_trains(condition):
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        await pilot.press("q")
        assert pilot.app.return_code == 0


async def test_the_way_back_stands_on_one_line_when_leaving():
    screen = Screen(name="fashion-mnist-1123-0713-12")
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q")
        await pilot.pause()
        assert "vae-tui attach fashion-mnist-1123-0713-12" in screen.text


# Help


@pytest.mark.parametrize(
    ("view", "title", "keys"),
    [
        ("1", "Train", ["Logarithmic loss axis", "Smoothed line"]),
        ("2", "Samples", ["Raise the temperature", "Lower the temperature"]),
        ("3", "Walk", ["Choose the dimension", "Set the chosen number to 0"]),
        ("6", "Runs", ["Choose a run", "Show this run", "over this run's, in view 1"]),
    ],
)
async def test_help_tells_this_views_keys_and_the_common_ones(view, title, keys):
    screen = Screen()
    async with screen.at(120, 60) as pilot:
        await until_reading(pilot, screen)
        await pilot.press(view, "question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpDialog)
        for words in (title, *keys, "Pause or resume", "Leave; training may go on"):
            assert words in screen.text
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, HelpDialog)


# Sizes


@pytest.mark.parametrize("condition", ["nothing yet", "running"])
async def test_any_size_and_any_change_of_size_is_survived_in_each_view(condition):
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, condition)
        for view in "123456":
            for width, height in SIZES:
                await pilot.resize_terminal(width, height)
                await pilot.press(view)
                await pilot.pause()
                small = width < 60 or height < 20
                if (width, height) == (40, 10):
                    assert "needs 60x20, has 40x10" in screen.text
                if not small:
                    await until_whole(pilot, screen, (view, width, height))


@pytest.mark.parametrize("view", "123456")
async def test_a_view_has_its_keys_again_after_there_was_too_little_room(view):
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press(view)
        await pilot.pause()
        own = screen.app.main.keys_here()[0]
        assert own
        await pilot.resize_terminal(40, 10)
        await wait_until(pilot, lambda: "needs 60x20, has 40x10" in screen.text)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await until_whole(pilot, screen, view)
        assert screen.app.main.keys_here()[0] == own


async def test_a_screen_that_shrank_and_grew_under_a_question_is_whole_after_it():
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("q")
        await pilot.resize_terminal(40, 10)
        await pilot.press("c")
        await wait_until(pilot, lambda: "needs 60x20, has 40x10" in screen.text)
        await pilot.press("q")
        await pilot.resize_terminal(80, 24)
        await pilot.press("c")
        await wait_until(pilot, lambda: "BCE nats/image" in screen.text)
        await until_whole(pilot, screen)


# Foreign runs


async def test_a_run_whose_name_looks_like_markup_is_shown_asked_about_and_left():
    name = r"a[/x] [b]\[bold red]"
    screen = Screen(name=name)
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
        await wait_until(pilot, lambda: name in screen.text.replace(" \n", ""))


async def test_strange_text_in_events_reaches_the_screen_as_text():
    screen = Screen()
    async with screen.at(100, 24) as pilot:
        await until_reading(pilot, screen)
        screen.reader.report(STARTED, losses(3), ended("failed", "[/x] \x1b[2J [b"), live=False)
        await wait_until(pilot, lambda: "[/x] ?[2J [b" in screen.notice)
        diverged = Diverged(time=screen.clock.now, step=4, what="[/bce]", last_good_step=3)
        screen.reader.report(diverged, ended("failed"), live=False)
        await wait_until(pilot, lambda: "[/bce] is not finite" in screen.notice)


async def test_a_change_of_epochs_shows_in_the_top_line():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        change = SettingChanged(
            time=screen.clock.now, step=540, name="epochs", old=150, new=300, command_id="x"
        )
        screen.reader.report(change)
        await wait_until(pilot, lambda: "epoch 30/300" in screen.status)


async def test_interpolation_of_a_run_of_an_unknown_data_set_asks_for_two_numbers():
    import dataclasses

    screen = Screen(config=dataclasses.replace(CONFIG, dataset="of-somebody-else"))
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        await pilot.press("i", "3", "8")
        await wait_until(pilot, lambda: re.match(r"3 \(.*\) into 8 ", screen.caption("caption")))


async def test_interpolation_offers_only_classes_that_the_probe_holds():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        screen.reader.report(STARTED, losses(3))
        screen.reader.load(random_network(3), probe([4, 7, 4]))
        await wait_until(pilot, lambda: screen.app.scene.probe is not None)
        await pilot.press("i", "3")
        assert isinstance(pilot.app.screen, ChooseDigitsDialog)
        await pilot.press("enter")
        await wait_until(pilot, lambda: re.match(r"4 \(.*\) into 7 ", screen.caption("caption")))


async def test_interpolation_before_the_first_weights_says_that_it_needs_them():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await pilot.press("i")
        await wait_until(pilot, lambda: "interpolation needs the first" in screen.text)
        assert not isinstance(pilot.app.screen, ChooseDigitsDialog)


async def test_a_thread_that_fails_ends_the_program_with_its_error():
    def fail():
        raise RuntimeError("a bug in the reader")

    screen = Screen(load=fail)
    with pytest.raises(RuntimeError, match="a bug in the reader"):
        async with screen.at() as pilot:
            await wait_until(pilot, lambda: pilot.app.return_code is not None)


async def test_nothing_but_the_waiting_line_is_there_before_the_views_are_loaded():
    loaded = threading.Event()
    screen = Screen(load=loaded.wait)
    async with screen.at() as pilot:
        waiting = pilot.app.query_one("#waiting", Static)
        assert pilot.app.query_one(ContentSwitcher).current == "waiting"
        assert waiting.display
        loaded.set()
        await until_reading(pilot, screen)
        await wait_until(pilot, lambda: pilot.app.query_one(ContentSwitcher).current != "waiting")


async def test_a_trainer_that_cannot_be_started_ends_the_screen_with_why():
    def refuse() -> None:
        raise VaeTuiError("no trainer can be started in /x: no space left on device")

    screen = Screen(load=refuse)
    async with screen.at() as pilot:
        await wait_until(pilot, lambda: screen.app.failure is not None)
        assert "no space left" in str(screen.app.failure)
        assert pilot.app.return_code == 1


async def test_a_message_put_up_just_as_its_time_ends_does_not_stop_the_screen(monkeypatch):
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "running")
        now = time.time()
        # Textual asks three times whether it is over, and then how much is left.
        later = itertools.chain([now] * 3, itertools.repeat(now + 3600))
        monkeypatch.setattr("textual.notifications.time", lambda: next(later))
        screen.app.notify("settled", timeout=5)
        await pilot.pause()
        monkeypatch.undo()
        await asyncio.wait_for(asyncio.sleep(0.3), 5)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(screen.app.screen, HelpDialog)


async def test_keys_for_a_view_are_unheard_until_all_views_are_up():
    screen = Screen()
    async with screen.at() as pilot:
        while not screen.app.main.query(TrainView):
            await asyncio.sleep(0)
        assert not screen.app.main.query(TrainDigits)
        screen.app.action_view(0)
        screen.app.action_sample()
        await until_reading(pilot, screen)
        assert screen.view.id == "trainview"


@pytest.mark.parametrize("wait", range(0, 40, 2))
async def test_leaving_while_the_views_are_put_up_raises_nothing(wait):
    screen = Screen()
    async with screen.at() as pilot:
        while not screen.app.main.query(TrainView):
            await asyncio.sleep(0)
        for _ in range(wait):
            await asyncio.sleep(0)
        screen.app.exit()
        await pilot.pause()
