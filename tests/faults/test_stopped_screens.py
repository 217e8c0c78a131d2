"""A screen that is stopped, continued or hung up on, and what its terminal is like afterwards."""

import os
import re
import signal
import sys

import pytest
from support.processes import of_folder, part, process
from support.shells import Shell, assert_it_goes_on, wait_until
from support.terminal import PROGRAM, RawTerminal, Terminal


def shell_prompt(shell: Shell) -> RawTerminal:
    """Return a terminal with a person's shell in it."""
    terminal = RawTerminal(
        ["bash", "--norc", "--noprofile", "-i"],
        environment={**shell.environment, "PS1": "ready> "},
        cwd=shell.folder,
    )
    shell.terminals.append(terminal)
    terminal.wait_for("ready>")
    return terminal


def test_ctrl_z_gives_the_shell_back_and_fg_the_screen_while_training_goes_on(shell: Shell):
    terminal = shell_prompt(shell)
    terminal.type(" ".join([*PROGRAM, "--epochs", "500000", "--hidden", "16"]) + "\n")
    terminal.wait_for("reconstructed")
    terminal.type("\x1a")
    terminal.wait_for("Stopped")
    terminal.type("stty -a; echo $((6 * 7))\n")
    terminal.wait_for("42")
    assert re.search(r"(?<!-)icanon.*(?<!-)echo\b", terminal.text, re.DOTALL)
    assert_it_goes_on(shell.run)
    # A screen that is stopped sends nothing: what the shell shows is left alone.
    terminal.type("clear; fg\n")
    terminal.wait_for("reconstructed")
    terminal.type("2")
    terminal.wait_for("seed 1")
    terminal.type("\x1a")
    terminal.wait_for("Stopped")
    (screen,) = (pid for pid, line in of_folder(shell.folder).items() if "--epochs" in line)
    part(screen, terminal.hang_up)  # gone while it is stopped
    os.waitpid(terminal.pid, 0)
    terminal.pid = 0
    assert_it_goes_on(shell.run)
    wait_until(lambda: all("worker" in line for line in of_folder(shell.folder).values()))


@pytest.mark.parametrize("how", ["ctrl+z", "stopped from outside"])
@pytest.mark.parametrize("times", [1, 3, 8])
def test_a_screen_continued_in_the_background_waits_there(ended, how, times):
    terminal = shell_prompt(ended)
    terminal.type(" ".join([*PROGRAM, "attach"]) + "\n")
    terminal.wait_for("reconstructed")
    (screen,) = (pid for pid, line in of_folder(ended.folder).items() if "attach" in line)
    if how == "ctrl+z":
        terminal.type("\x1a")
    else:
        os.kill(screen, signal.SIGSTOP)
    for time in range(1, times + 1):
        wait_until(lambda: process(screen).is_stopped)
        shows_prompt = f"ready {time}>"
        terminal.type(f"PS1='ready '{time}'>'; clear; bg\n")
        terminal.wait_for(shows_prompt)
    wait_until(lambda: process(screen).is_stopped)
    terminal.type("clear; fg\n")
    terminal.wait_for("reconstructed")
    for seed in range(1, 12):  # a second reader would swallow about half of them
        terminal.type("2" if seed == 1 else " ")
        terminal.wait_for(f"seed {seed}")
    terminal.type("\x1a")
    terminal.wait_for("Stopped")
    terminal.type("clear; fg\n")
    terminal.wait_for("seed 11")
    terminal.type("q")
    wait_until(lambda: not process(screen))
    terminal.type("clear; stty -a\n")
    terminal.wait_for(re.compile(r"(?<!-)icanon.*(?<!-)echo\b", re.DOTALL).search)
    terminal.close()


@pytest.mark.parametrize("how", ["ctrl+z", "stopped from outside"])
def test_a_stopped_screen_that_is_ended_is_gone_and_leaves_the_shell_its_terminal(ended, how):
    terminal = shell_prompt(ended)
    terminal.type(" ".join([*PROGRAM, "attach"]) + "\n")
    terminal.wait_for("reconstructed")
    (screen,) = (pid for pid, line in of_folder(ended.folder).items() if "attach" in line)
    if how == "ctrl+z":
        terminal.type("\x1a")
    else:
        os.kill(screen, signal.SIGSTOP)
    terminal.wait_for("ready>")
    terminal.type("kill %1\n")
    wait_until(lambda: not process(screen), seconds=10)
    terminal.type("clear; stty -a; echo $((6 * 7))\n")
    terminal.wait_for("42")
    assert re.search(r"(?<!-)icanon.*(?<!-)echo\b", terminal.text, re.DOTALL)
    for mode in (b"1049", b"1003"):
        assert terminal.raw.rindex(b"\x1b[?" + mode + b"l") > terminal.raw.rindex(mode + b"h")
    terminal.close()


def test_a_screen_stopped_from_outside_goes_on_and_gives_the_terminal_back(ended):
    terminal = RawTerminal(
        ["bash", "-c", " ".join([*PROGRAM, "attach"]) + "; stty -a; sleep 1"],
        environment=ended.environment,
        cwd=ended.folder,
    )
    terminal.wait_for("reconstructed")
    (screen,) = (pid for pid, line in of_folder(ended.folder).items() if "stty" not in line)
    for time in range(1, 4):
        os.kill(screen, signal.SIGSTOP)
        wait_until(lambda: process(screen).is_stopped)
        os.kill(screen, signal.SIGCONT)
        # Keys that come before it has taken the terminal anew are thrown away.
        terminal.wait_for(lambda _, time=time: terminal.raw.count(b"\x1b[?1049h") > time)
    for seed in range(1, 12):  # a second reader would swallow about half of them
        terminal.type("2" if seed == 1 else " ")
        terminal.wait_for(f"seed {seed}")
    terminal.type("q")
    terminal.wait_for(re.compile(r"(?<!-)icanon.*(?<!-)echo\b", re.DOTALL).search)
    terminal.close()


@pytest.mark.parametrize("before", ["trap '' HUP;", "setsid --wait"])
def test_a_screen_started_to_survive_hangups_ends_when_its_terminal_is_gone(ended, before):
    """Spinning for ever on a terminal that is not there would be the worst of surviving."""
    command = " ".join([*PROGRAM, "attach"])
    terminal = RawTerminal(
        ["bash", "-c", f"{before} {command}; true"],
        environment=ended.environment,
        cwd=ended.folder,
    )
    terminal.wait_for("finished")
    pid = terminal.pid
    terminal.hang_up()
    wait_until(lambda: not of_folder(ended.folder))
    os.waitpid(pid, 0)


BLOCKED = """
import os, time
from vae_tui.tui.hangup import watch_for_hangup
watch_for_hangup(lambda: time.sleep(1_000), 129)
print("watching", flush=True)
time.sleep(1_000)
"""


def test_a_screen_that_never_answers_is_ended_when_its_terminal_is_gone():
    terminal = Terminal([sys.executable, "-c", BLOCKED])
    terminal.wait_for("watching")
    pid = terminal.pid
    assert process(pid)
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGCONT)
    terminal.hang_up()
    wait_until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid, seconds=10)
    terminal.pid = 0


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
    terminal.wait_for(lambda _: terminal.raw.count(b"\x1b[?1049h") == 2, seconds=20)
    terminal.type("g")
    assert terminal.wait_for_end() == 0
