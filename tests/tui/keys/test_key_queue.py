"""Keys take effect one after another."""

import re

import pytest
from support.key_presses import press_at_once
from support.screen import Screen, open_view, wait_until
from textual.app import App
from textual.events import Event
from textual.widgets import Static

from vae_tui.tui.keys.key_queue import KeyProbe, KeyQueue


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
    screen = Screen(views="23")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        press_at_once(pilot, keys)
        await wait_until(pilot, lambda: screen.steering.set)
        assert screen.steering.set == [value]
        if keys[0] == "i":
            assert screen.view.id == "walkview"
            assert re.search(r"^7 into 1 ", screen.caption("caption"))


async def test_a_comma_in_a_number_is_refused_in_words():
    screen = Screen(views="")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        press_at_once(pilot, "c 4 comma 5 [ / ] enter")
        await wait_until(pilot, lambda: "beta: '4,5[/]' is not a number" in screen.text)
        assert not screen.steering.set


class Vanishing(Static, can_focus=True):
    """Removes itself on a key, and with itself what follows the key."""

    def on_key(self) -> None:
        self.remove()


class QueueingApp(App[None]):
    BINDINGS = [("y", "note", "Note")]

    def __init__(self) -> None:
        super().__init__()
        self.queue = KeyQueue(self, super().on_event)
        self.noted = 0

    def compose(self):
        yield Vanishing()

    async def on_event(self, event: Event) -> None:
        await self.queue.handle(event)

    async def on_key_probe(self, message: KeyProbe) -> None:
        await self.queue.probe_arrived(message.number)

    def action_note(self) -> None:
        self.noted += 1


async def test_a_key_that_removes_its_widget_does_not_block_the_next_ones():
    app = QueueingApp()
    async with app.run_test() as pilot:
        app.query_one(Vanishing).focus()
        await pilot.pause()
        press_at_once(pilot, "x y y")
        await wait_until(pilot, lambda: app.noted == 2)


async def test_a_hundred_keys_at_once_are_all_handled():
    app = QueueingApp()
    async with app.run_test() as pilot:
        press_at_once(pilot, "y " * 100)
        await wait_until(pilot, lambda: app.noted == 100)
