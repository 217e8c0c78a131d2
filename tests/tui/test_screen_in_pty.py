"""The real program, its real trainer, in a real terminal; pyte reads the screen."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from support.logs import live
from support.shells import Shell, assert_it_goes_on, assert_restored, wait_until
from support.terminal import PROGRAM, RawTerminal, Terminal

from vae_tui.tui.link.refresh_limiter import MOST_CPU_WAIT_SECONDS

SHIPPED = {"VAE_TUI_RUNS_DIR": str(Path(__file__).parents[2] / "checkpoints")}
CTRL_C = "\x03"
GREYS = {f"{level:02x}" * 3 for level in (*range(8, 239, 10), 0, 255)}


@pytest.fixture
def shell(tmp_path):
    made = Shell(tmp_path)
    yield made
    made.end_everything()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Give a shell with one finished run, and the answer of the command that trained it."""
    made = Shell(tmp_path_factory.mktemp("finished"))
    yield made, made.answer("--epochs", "2", "--hidden", "16")
    made.end_everything()


def train_loss(text: str) -> str:
    """Return the trend of the training loss in the upper chart."""
    found = re.search(r"BCE.*?trend ([\d.]+)", text)
    return found[1] if found else ""


def rows_of(terminal: Terminal, first: int, last: int):
    """Return the characters and colours of some rows."""
    buffer = terminal.screen.buffer
    return [
        [(buffer[y][x].data, buffer[y][x].fg, buffer[y][x].bg) for x in range(80)]
        for y in range(first, last)
    ]


def is_quiet(terminal: Terminal) -> bool:
    """Return whether nothing comes for longer than the last losses and weights may take."""
    received = terminal.bytes_received
    terminal.read(MOST_CPU_WAIT_SECONDS + 1.5)
    return terminal.bytes_received == received


def watch_sample_and_walk(terminal: Terminal) -> None:
    """Assert that the chart's numbers move, and that each view answers its keys."""
    terminal.wait_for(train_loss)
    first = train_loss(terminal.text)
    terminal.wait_for(lambda text: train_loss(text) not in ("", first))
    terminal.wait_for("reconstructions")

    terminal.type("2")
    terminal.wait_for("seed 1")
    before = rows_of(terminal, 2, 23)
    terminal.type(" ")
    terminal.wait_for("seed 2")
    assert rows_of(terminal, 2, 23) != before

    terminal.type("3")
    terminal.wait_for("z from the prior")
    terminal.type("i")
    terminal.wait_for("which class?")
    terminal.type("38")
    terminal.wait_for(re.compile("3 into 8 ").search)
    terminal.wait_for("●")
    strip = rows_of(terminal, 17, 23)
    assert len({cell for row in strip for cell in row}) > 10


def test_a_run_is_watched_walked_left_when_asked_found_again_paused_and_stopped(shell):
    terminal = shell.train()
    watch_sample_and_walk(terminal)
    for leave in ("q", CTRL_C):
        terminal.type(leave)
        terminal.wait_for("Keep training")
        terminal.type(CTRL_C)  # a second time stays
        terminal.wait_for(lambda text: "Keep training" not in text)
    terminal.type(CTRL_C)
    terminal.wait_for("Keep training")
    terminal.type("k")
    assert terminal.wait_for_end() == 0
    assert_restored(terminal)
    run = shell.run
    assert_it_goes_on(run)

    again = shell.screen("attach")
    again.wait_for("running")
    again.wait_for(lambda text: "└0" in text and "untrained" in text)  # from the first epoch on
    again.type("p")
    again.wait_for("paused")
    assert shell.state == "paused"
    again.wait_for(lambda _: is_quiet(again))  # where nothing changes, nothing is sent
    again.type("p")
    again.wait_for("running")
    again.type("q")
    again.wait_for("Stop and save")
    again.type("s")
    assert again.wait_for_end() == 0
    assert_restored(again)
    wait_until(lambda: not run.is_live())
    assert shell.state == "stopped"
    assert b"is stopped and saved; continue with: vae-tui resume" in again.raw

    third = shell.screen("attach")
    third.wait_for("stopped and saved at step")
    third.type("p")
    third.wait_for("starting")
    third.wait_for("running")
    third.wait_for(lambda text: "stopped" not in text)
    assert_it_goes_on(run)


def test_signals_end_the_screen_at_once_and_never_the_training(shell):
    terminal = shell.train()
    terminal.wait_for("running")
    for number in (signal.SIGTERM, signal.SIGHUP):
        os.kill(terminal.pid, number)
        assert terminal.wait_for_end() == 128 + number
        assert_restored(terminal)
        assert_it_goes_on(shell.run)
        terminal = shell.screen("attach")
        terminal.wait_for("running")
    # The terminal vanishes: nobody is left to answer, the screen must end by itself.
    pid = terminal.pid
    terminal.hang_up()
    wait_until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)
    terminal.pid = 0
    assert_it_goes_on(shell.run)


def colours_of(terminal):
    """Return the colours that are seen: a blank has none but its ground."""
    # Beside the chosen digit, whose frame is coloured.
    cells = [cell for row in rows_of(terminal, 2, 23) for cell in row[14:]]
    inks = {fg for letter, fg, _ in cells if letter in "▀▄█"}
    return (inks | {bg for *_, bg in cells}) - {"default", "black"}


def test_digits_are_greys_of_256_colours_and_shades_without_colours(shell):
    with shell.screen("attach", "mnist-d20", **SHIPPED) as terminal:
        terminal.wait_for("reconstructions")
        terminal.type("2")
        terminal.wait_for("seed 1")
        terminal.wait_for(lambda _: "▀" in "".join(terminal.screen.display[4:22]))
        # The charts of the view before vanish a moment after the caption has come.
        terminal.wait_for(lambda _: len(colours_of(terminal)) > 8 and colours_of(terminal) <= GREYS)
        assert b"38;5;" in terminal.raw
        assert b"38;2;" not in terminal.raw

    with shell.screen("attach", "mnist-d20", **SHIPPED, NO_COLOR="1") as plain:
        plain.wait_for("reconstructions")
        plain.type("2")
        plain.wait_for("seed 1")
        plain.wait_for(lambda _: set(" ░▒▓█") <= set("".join(plain.screen.display[2:23])))


def test_a_terminal_of_ascii_gets_nothing_else(shell):
    shutil.copytree(Path(SHIPPED["VAE_TUI_RUNS_DIR"], "mnist-d20"), shell.runs_dir / "mnist-d20")
    lock = live(shell.run)  # so that leaving asks
    try:
        narrow = shell.screen("attach", LC_ALL="C")
        narrow.wait_for("reconstructions")
        for key, words in (("2", "seed 1"), ("3", "from the prior"), ("i", "which class")):
            narrow.type(key)
            narrow.wait_for(words)
        narrow.type("38")
        narrow.wait_for(re.compile(r"3 -> 8 - linear").search)
        narrow.type("?")
        narrow.wait_for("Keys of this view")
        narrow.type("\x1b[F")  # end
        narrow.wait_for("Kingma and Welling")
        narrow.type("\x1b")
        narrow.wait_for(lambda text: "Kingma" not in text)
        narrow.type("q")
        narrow.wait_for("Keep training")
        narrow.type("k")
        assert narrow.wait_for_end() == 0
        assert narrow.raw.isascii()
    finally:
        os.close(lock)


def test_a_dumb_terminal_gets_one_line_why_and_plain_lines(shell):
    with shell.screen("--epochs", "2", "--hidden", "16", TERM="dumb") as terminal:
        assert terminal.wait_for_end() == 0
        assert terminal.text.count("vae-tui: ") == 1
        assert "TERM is dumb" in terminal.text
        assert b"\x1b[?1049h" not in terminal.raw
        assert "epoch" in terminal.text
    assert shell.state == "finished"


def test_without_a_terminal_it_trains_in_plain_lines_and_says_so(finished):
    shell, done = finished
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "stdout is not a terminal" in done.stderr
    assert "\x1b" not in done.stdout
    assert re.search(r"epoch +2", done.stdout)
    assert shell.state == "finished"


def test_a_theme_of_ours_named_by_the_environment_has_its_own_colours(tmp_path):
    environment = SHIPPED | {"TEXTUAL_THEME": "vae-light", "COLORTERM": "truecolor"}
    command = [*PROGRAM, "attach", "mnist-d20"]
    with RawTerminal(command, environment=environment, cwd=tmp_path) as terminal:
        terminal.wait_for("reconstructions")
        assert b"48;2;255;255;255" in terminal.raw


def test_an_ended_run_is_shown_without_a_trainer_until_p_and_a_number_train_more(finished, shell):
    shutil.copytree(finished[0].run.path, shell.runs_dir / "copy")
    with shell.screen("attach") as terminal:
        terminal.wait_for("finished")
        terminal.wait_for("reconstructions")
        assert not shell.run.is_live()
        terminal.type("p")
        terminal.wait_for("How many more?")
        terminal.type("2\r")
        terminal.wait_for(lambda text: "finished" in text and "epoch 4/4" in text)
        terminal.type("q")
        assert terminal.wait_for_end() == 0
