"""The driver on a pseudo-terminal, and the private names of Textual that it uses."""

import asyncio
import itertools
import os
import signal
import sys

import pytest
from support.processes import wait_until
from support.terminal import RawTerminal
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from vae_tui.tui.link.driver import LinkDriver, QuietEnd, driver_of, write_through

SCREEN = """
import os
from textual.app import App
from textual.widgets import Static
from vae_tui.tui.link.driver import LinkDriver, driver_of
class Screen(App):
    def compose(self):
        yield Static("nothing yet")
    def on_key(self, event):
        reports = driver_of(self).writer.flow.reports
        self.query_one(Static).update(f"key {event.key}, reports {reports}.")
Screen(driver_class=LinkDriver).run()
"""


def screen(tmp_path, **environment: str) -> RawTerminal:
    script = tmp_path / "screen.py"
    script.write_text(SCREEN)
    return RawTerminal([sys.executable, str(script)], environment=environment)


F3 = {"\x1b[1;2R": "shift+f3", "\x1b[1;5R": "ctrl+f3", "\x1b[1;8R": "alt+ctrl+shift+f3"}


def test_a_cursor_report_measures_the_link_and_is_no_key_and_f3_with_modifiers_is_one(tmp_path):
    with screen(tmp_path) as terminal:
        terminal.wait_for("nothing yet")
        for sequence, key in F3.items():
            terminal.type(sequence)
            terminal.wait_for(f"key {key}, reports False.")

        keys = itertools.cycle("ab")

        def measured() -> bool:
            # A report counts while one is awaited: for a second at first, then when something is
            # drawn 10 s later.
            terminal.type("\x1b[24;1R")
            terminal.type(key := next(keys))
            terminal.read(0.1)
            return f"key {key}, reports True." in terminal.text

        wait_until(measured)


@pytest.mark.parametrize("variable", ["TMUX", "STY"])
def test_in_tmux_and_screen_the_terminal_is_not_queried(tmp_path, variable):
    with screen(tmp_path, **{variable: "yes"}) as terminal:
        terminal.wait_for("nothing yet")
        terminal.type("a")
        terminal.wait_for("key a, reports False.")
        assert b"\x1b[6n" not in terminal.raw


def test_a_byte_that_is_not_utf8_is_passed_over(tmp_path):
    with screen(tmp_path) as terminal:
        terminal.wait_for("nothing yet")
        os.write(terminal.descriptor, b"\xe1")
        terminal.type("b")
        terminal.wait_for("key b")


KEYS_SCREEN = """
from textual.app import App
from textual.widgets import Static
from vae_tui.tui.link.driver import LinkDriver
class Screen(App):
    keys = []
    def compose(self):
        yield Static("nothing yet")
    def on_key(self, event):
        self.keys.append(event.key)
        self.query_one(Static).update(f"keys: {' '.join(self.keys)}.")
Screen(driver_class=LinkDriver).run()
"""


ESCAPES = {
    ("\x1b7",): "escape 7",
    ("\x1b", "b"): "escape b",
    ("\x1b\x1b[B", "\x1b\r"): "escape down escape enter",
    ("\x1b",): "escape",
}


def test_escape_and_a_key_right_after_it_are_two_keys(tmp_path):
    script = tmp_path / "screen.py"
    script.write_text(KEYS_SCREEN)
    expected = []
    with RawTerminal([sys.executable, str(script)]) as terminal:
        terminal.wait_for("nothing yet")
        for typed, keys in ESCAPES.items():
            for text in typed:
                terminal.type(text)
            expected.append(keys)
            terminal.wait_for(f"keys: {' '.join(expected)}.")


async def test_textual_still_has_the_private_names_that_the_driver_uses():
    driver, theirs = LinkDriver(App()), vars(LinuxDriver(App()))
    for name in ("_file", "_key_thread", "_must_signal_resume", "_loop", "_driver"):
        assert name in theirs or name in vars(App())
    assert {"_sigtstp_application", "_sigcont_application"} <= vars(LinuxDriver).keys()
    assert theirs["_file"] is sys.__stderr__ and theirs["_key_thread"] is None
    assert vars(driver)["_file"] is driver.writer


async def test_textual_still_leaves_job_control_to_the_methods_that_the_driver_replaces():
    driver = LinkDriver(App())
    for number in (signal.SIGTSTP, signal.SIGCONT):
        handler = signal.getsignal(number)
        assert handler.__self__ is driver
        assert handler.__func__.__qualname__.startswith("LinkDriver.")


async def test_an_app_without_a_terminal_has_no_writer():
    async with App().run_test() as pilot:
        assert driver_of(pilot.app) is None
        write_through(pilot.app, "\a")


@pytest.mark.parametrize("moment", ["mount", "message", "timer"])
async def test_what_fails_after_exit_neither_keeps_the_app_nor_changes_its_exit_code(moment):
    class Failing(QuietEnd):
        def on_mount(self) -> None:
            self.exit(return_code=3)
            if moment == "message":
                self.call_later(lambda: 1 / 0)
            elif moment == "timer":
                self.set_timer(0, lambda: 1 / 0)
            else:
                raise ZeroDivisionError

    app = Failing()
    await asyncio.wait_for(app.run_async(headless=True), 60)
    assert app.return_code == 3


async def test_what_fails_before_exit_ends_the_app():
    class Failing(QuietEnd):
        def on_mount(self) -> None:
            self.call_later(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        async with Failing().run_test() as pilot:
            await pilot.pause()
