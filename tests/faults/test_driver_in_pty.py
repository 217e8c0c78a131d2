"""The terminal driver under small apps in real terminals: signals at the worst moments."""

import re
import signal
import sys

import pytest
from support.terminal import RawTerminal

TAKEN_TWICE = """
import os
os.environ["TEXTUAL_COLOR_SYSTEM"] = "256"
from textual.app import App
from vae_tui.tui.link.driver import LinkDriver
class Screen(App):
    def on_mount(self):
        self._driver.start_application_mode()
        self.set_timer(0.3, self.exit)
Screen(driver_class=LinkDriver).run()
"""


def test_a_terminal_taken_twice_is_given_back_as_it_was_at_first(tmp_path):
    script = tmp_path / "taken_twice.py"
    script.write_text(TAKEN_TWICE)
    terminal = RawTerminal(["bash", "-c", f"{sys.executable} {script}; stty -a; sleep 1"])
    terminal.wait_for(re.compile(r"(?<!-)icanon.*(?<!-)echo\b", re.DOTALL).search)
    terminal.close()


QUIT_WHILE_LEAVING = """
import os, signal
from textual.app import App
from vae_tui.tui.link.driver import LinkDriver
class Driver(LinkDriver):
    def disable_input(self):
        super().disable_input()
        os.kill(os.getpid(), signal.SIGQUIT)
class Screen(App):
    def on_mount(self):
        self.exit()
Screen(driver_class=Driver).run(mouse=False)
"""


def test_a_key_that_ends_programs_does_not_keep_the_shells_screen_away(tmp_path):
    script = tmp_path / "quit_while_leaving.py"
    script.write_text(QUIT_WHILE_LEAVING)
    terminal = RawTerminal([sys.executable, str(script)])
    while terminal.read(0.2):
        pass
    assert terminal.raw.rfind(b"\x1b[?1049l") > terminal.raw.rfind(b"\x1b[?1049h")
    terminal.close()


UNHEARD = """
import os, signal
from textual.app import App
from textual.widgets import Static
from vae_tui.tui.link.driver import LinkDriver
class Screen(App):
    BINDINGS = [("g", "exit_well", ""), ("ctrl+z", "suspend_process", "")]
    def compose(self):
        yield Static("here I am")
    def on_mount(self):
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))
        signal.signal(signal.SIGCONT, signal.SIG_IGN)  # as if another ctrl+z had come at once
    def action_exit_well(self):
        self.exit()
Screen(driver_class=LinkDriver).run()
"""


def test_a_screen_that_does_not_hear_that_it_goes_on_takes_the_terminal_again(tmp_path):
    script = tmp_path / "unheard.py"
    script.write_text(UNHEARD)
    terminal = RawTerminal(["bash", "--norc", "-i"])
    terminal.type(f"{sys.executable} {script}\n")
    terminal.wait_for("here I am")
    terminal.type("\x1a")
    terminal.wait_for("Stopped")
    terminal.type("fg\n")
    terminal.wait_for(lambda _: terminal.raw.count(b"\x1b[?1049h") == 2)
    terminal.wait_for("here I am")
    terminal.type("g")
    terminal.wait_for(lambda _: terminal.raw.count(b"\x1b[?1049l") == 2)
    terminal.close()


SIGNALLED_WHILE_WRITING = """
import contextlib, gc, os, queue, sys
from textual.app import App
from textual.widgets import Static
from vae_tui.tui.link.driver import LinkDriver
class Screen(App):
    BINDINGS = [("s", "signal", ""), ("g", "exit_well", "")]
    def compose(self):
        yield Static("here I am")
    def action_signal(self):
        with contextlib.ExitStack() as locks:
            for found in gc.get_objects():
                if isinstance(found, queue.Queue):
                    locks.enter_context(found.mutex)
            os.kill(os.getpid(), int(sys.argv[1]))
    def action_exit_well(self):
        self.exit()
Screen(driver_class=LinkDriver).run()
"""


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGCONT])
def test_a_signal_in_the_middle_of_a_write_does_not_lock_the_screen(tmp_path, number):
    script = tmp_path / "signalled_while_writing.py"
    script.write_text(SIGNALLED_WHILE_WRITING)
    terminal = RawTerminal(["bash", "--norc", "-i"])
    terminal.type(f"{sys.executable} {script} {number:d}\n")
    terminal.wait_for("here I am")
    terminal.type("s")
    if number == signal.SIGTSTP:
        terminal.wait_for("Stopped")
        terminal.type("fg\n")
    terminal.wait_for(lambda _: terminal.raw.count(b"\x1b[?1049h") == 2)
    terminal.type("g")
    terminal.wait_for(lambda _: terminal.raw.rfind(b"1049l") > terminal.raw.rfind(b"1049h"))
    terminal.close()


KEYS_READ_BY_THE_SHELL = """
import os, selectors, signal, threading
from textual.app import App
from textual.widgets import Static
from vae_tui.tui.link.driver import LinkDriver
lie, lied = threading.Event(), threading.Event()
class Selector(selectors.SelectSelector):
    def select(self, timeout=None):
        if not lie.is_set():
            return super().select(timeout)
        lie.clear()
        lied.set()
        return [(key, selectors.EVENT_READ) for key in self.get_map().values()]
selectors.SelectSelector = Selector
class Screen(App):
    BINDINGS = [("s", "signal", ""), ("g", "exit_well", "")]
    def compose(self):
        yield Static("here I am")
    def action_signal(self):
        lie.set()
        lied.wait()
        os.kill(os.getpid(), signal.SIGCONT)
    def action_exit_well(self):
        self.exit()
Screen(driver_class=LinkDriver).run()
"""


def test_keys_that_the_shell_read_first_do_not_keep_the_screen_away(tmp_path):
    script = tmp_path / "keys_read_by_the_shell.py"
    script.write_text(KEYS_READ_BY_THE_SHELL)
    terminal = RawTerminal([sys.executable, str(script)])
    terminal.wait_for("here I am")
    terminal.type("s")
    terminal.wait_for(lambda _: terminal.raw.count(b"\x1b[?1049h") == 2)
    terminal.type("g")
    assert terminal.wait_for_end() == 0
