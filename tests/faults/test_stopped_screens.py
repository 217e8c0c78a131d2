"""A screen that is stopped, continued or hung up on, and what its terminal is like afterwards."""

import os
import re
import select
import signal
import sys
import time

import pytest
from support.processes import give_way, of_folder, part, process
from support.shells import Shell, assert_it_goes_on, wait_until
from support.terminal import PROGRAM, RawTerminal, Terminal


def shell_prompt(shell: Shell, **size: int) -> RawTerminal:
    """Return a terminal with a person's shell in it."""
    terminal = RawTerminal(
        ["bash", "--norc", "--noprofile", "-i"],
        environment={**shell.environment, "PS1": "ready> "},
        cwd=shell.folder,
        **size,
    )
    shell.terminals.append(terminal)
    terminal.wait_for("ready>")
    return terminal


def test_ctrl_z_gives_the_shell_back_and_fg_the_screen_while_training_goes_on(shell: Shell):
    terminal = shell_prompt(shell)
    terminal.type(" ".join([*PROGRAM, "--epochs", "500000", "--hidden", "16"]) + "\n")
    terminal.wait_for("reconstructions")
    give_way(shell.trainer)
    terminal.type("\x1a")
    terminal.wait_for("Stopped")
    terminal.type("stty -a; echo $((6 * 7))\n")
    terminal.wait_for("42")
    assert re.search(r"(?<!-)icanon.*(?<!-)echo\b", terminal.text, re.DOTALL)
    assert_it_goes_on(shell.run)
    # A screen that is stopped sends nothing: what the shell shows is left alone.
    terminal.type("clear; fg\n")
    terminal.wait_for("reconstructions")
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


def stopped_screen(shell: Shell, how: str) -> tuple[RawTerminal, int]:
    """Return a person's shell with a screen that stops, and the process id of the screen."""
    terminal = shell_prompt(shell)
    terminal.type(" ".join([*PROGRAM, "attach"]) + "\n")
    terminal.wait_for("reconstructions")
    (screen,) = (pid for pid, line in of_folder(shell.folder).items() if "attach" in line)
    stop(terminal, screen, how)
    return terminal, screen


def stop(terminal: RawTerminal, screen: int, how: str) -> None:
    if how == "ctrl+z":
        terminal.type("\x1a")
    else:
        os.kill(screen, signal.SIGSTOP)


@pytest.mark.parametrize("how", ["ctrl+z", "stopped from outside"])
def test_a_screen_continued_in_the_background_once_or_often_waits_there(ended, how):
    terminal, screen = stopped_screen(ended, how)
    shown = 0
    for times in (1, 3, 8):
        if shown:
            stop(terminal, screen, how)
        for turn in range(1, times + 1):
            wait_until(lambda: process(screen).is_stopped)
            shows_prompt = f"ready {turn} of {times}>"
            terminal.type(f"PS1='ready '{turn}' of {times}>'; clear; bg\n")
            terminal.wait_for(shows_prompt)
        wait_until(lambda: process(screen).is_stopped)
        times_taken = terminal.raw.count(b"\x1b[?1049h")
        terminal.type("clear; fg\n")
        # Keys that come before it has taken the terminal anew are thrown away.
        terminal.wait_for(lambda _, taken=times_taken: terminal.raw.count(b"\x1b[?1049h") > taken)
        for seed in range(shown + 1, shown + 12):  # a second reader would swallow about half
            terminal.type("2" if seed == 1 else " ")
            terminal.wait_for(f"seed {seed}")
        shown = seed
    terminal.type("\x1a")
    terminal.wait_for("Stopped")
    terminal.type("clear; fg\n")
    terminal.wait_for(f"seed {shown}")
    terminal.type("q")
    wait_until(lambda: not process(screen))
    terminal.type("clear; stty -a\n")
    terminal.wait_for(re.compile(r"(?<!-)icanon.*(?<!-)echo\b", re.DOTALL).search)
    terminal.close()


def test_a_screen_stopped_in_the_middle_of_a_picture_leaves_the_shells_lines_alone(ended):
    terminal = shell_prompt(ended, columns=200, rows=60)
    terminal.type(" ".join([*PROGRAM, "attach"]) + "\n")
    terminal.wait_for("reconstructions")
    (screen,) = (pid for pid, line in of_folder(ended.folder).items() if "attach" in line)
    terminal.type("2")
    terminal.wait_for("seed 1")
    while terminal.read(0.5) and select.select([terminal.descriptor], [], [], 0.5)[0]:
        pass
    terminal.type(" ")  # more than the terminal's buffer holds
    select.select([terminal.descriptor], [], [])
    os.kill(screen, signal.SIGSTOP)
    wait_until(lambda: process(screen).is_stopped)
    terminal.type("PS1='con''tinued>'; clear; bg\n")
    terminal.wait_for("continued>")
    wait_until(lambda: process(screen).is_stopped)
    terminal.read(0.5)
    assert "▀" not in terminal.raw[terminal.raw.rindex(b"continued>") :].decode(errors="replace")
    terminal.type("kill %1\n")
    wait_until(lambda: not process(screen))
    terminal.close()


def test_a_screen_that_comes_back_right_after_it_was_continued_in_the_background_is_shown(ended):
    terminal, screen = stopped_screen(ended, "ctrl+z")
    wait_until(lambda: process(screen).is_stopped)
    terminal.type("bg; sleep 0.1; fg\n")  # the shell, for which it runs, continues it only once
    terminal.wait_for(lambda _: terminal.raw.count(b"\x1b[?1049h") > 1)
    terminal.type("2")
    terminal.wait_for("seed 1")
    terminal.type("q")
    wait_until(lambda: not process(screen))
    terminal.close()


@pytest.mark.parametrize("how", ["ctrl+z", "stopped from outside"])
@pytest.mark.parametrize("order", ["by the shell", "continued first"])
def test_a_stopped_screen_that_is_ended_is_gone_and_leaves_the_shell_its_terminal(
    ended, how, order
):
    terminal, screen = stopped_screen(ended, how)
    terminal.wait_for("ready>")
    if order == "by the shell":
        terminal.type("kill %1\n")
    else:  # as threads of the screen may take the two signals that the shell sends
        os.kill(screen, signal.SIGCONT)
        time.sleep(0.005)  # not a wait: the time between the two
        os.kill(screen, signal.SIGTERM)
    wait_until(lambda: not process(screen))
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
    terminal.wait_for("reconstructions")
    (screen,) = (pid for pid, line in of_folder(ended.folder).items() if "stty" not in line)
    for turn in range(1, 4):
        os.kill(screen, signal.SIGSTOP)
        wait_until(lambda: process(screen).is_stopped)
        os.kill(screen, signal.SIGCONT)
        # Keys that come before it has taken the terminal anew are thrown away.
        terminal.wait_for(lambda _, turn=turn: terminal.raw.count(b"\x1b[?1049h") > turn)
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
    wait_until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)
    terminal.pid = 0
