"""Keys of every kind, and ways to press them faster than a pilot does."""

import asyncio

from textual.events import Key

KEYS = [
    *"123456789", "space", "i", "p", "c", "u", "comma", "full_stop", "end", "e", "y",
    "question_mark", "l", "s", "z", "h", "plus", "minus", "equals_sign", "g", "up", "down", "left",
    "right", "shift+left", "shift+right", "shift+up", "shift+down", "0", "x", "a", "b", "k", "d",
    "m", "o", "w", "backspace", "enter", "escape", "tab", "shift+tab", "home",
    "pageup", "pagedown", "f1",
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
