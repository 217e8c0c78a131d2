"""The real screen at the far end of a slow link; pyte reads what comes through."""

from pathlib import Path

import pytest
from support.slow_terminal import SlowTerminal
from support.terminal import PROGRAM, Terminal

RUNS = {"VAE_TUI_RUNS_DIR": str(Path(__file__).parents[3] / "checkpoints")}
ATTACH = [*PROGRAM, "attach", "mnist-d20"]
RATE = 60_000


def rest(screen: Terminal) -> int:
    """Wait until nothing comes any more; return the bytes that came."""
    before = screen.bytes_received
    while True:
        count = screen.bytes_received
        screen.read(0.5)
        if screen.bytes_received == count:
            return count - before


def looks(text: str) -> str:
    """Return what is shown; which half of a pair of pixels is drawn depends on what was before."""
    return text.replace("▀", "▄")


@pytest.mark.parametrize("buffers", [False, True], ids=["full-pty", "buffers-like-ssh"])
def test_pictures_that_newer_keys_overtook_are_not_sent(buffers):
    with SlowTerminal(
        ATTACH, rate=RATE, buffers=buffers, answers=buffers, environment=RUNS
    ) as slow:
        slow.wait_for("reconstructions")
        slow.type("2")
        slow.wait_for("seed 1")
        rest(slow)
        slow.type(" ")
        slow.wait_for("seed 2")
        whole = rest(slow)
        for number in range(3, 9):
            slow.type(" ")
            slow.wait_for(f"seed {number}")
        assert rest(slow) < 4 * whole
        assert "seed 8" in slow.text


def test_the_caption_of_a_key_does_not_wait_for_its_picture():
    with SlowTerminal(ATTACH, rate=RATE / 4, environment=RUNS) as slow:
        slow.wait_for("reconstructions")
        slow.type("2")
        slow.wait_for("seed 1")
        rest(slow)
        before = slow.bytes_received
        slow.type(" ")
        slow.wait_for("seed 2")
        so_far = slow.bytes_received - before
        assert so_far < rest(slow)


def test_what_else_wrote_on_the_terminal_is_gone_after_ctrl_l():
    with Terminal(ATTACH, environment=RUNS) as screen:
        screen.wait_for("reconstructions")
        rest(screen)
        shown = looks(screen.text)
        screen.show(b"\x1b[5;10HBroadcast message from root")
        assert looks(screen.text) != shown
        screen.type("\x0c")
        screen.wait_for(lambda text: looks(text) == shown)


def test_after_another_size_everything_is_drawn_again():
    with Terminal(ATTACH, environment=RUNS) as screen:
        screen.wait_for("reconstructions")
        rest(screen)
        shown = looks(screen.text)
        screen.resize(100, 30)
        screen.wait_for(lambda text: "reconstructions" in text and looks(text) != shown)
        rest(screen)
        screen.resize(80, 24)
        screen.show(b"\x1b[2J")
        screen.wait_for(lambda text: looks(text) == shown)


@pytest.mark.parametrize("arguments", [["attach", "mnist-d20"], ["train"]])
@pytest.mark.parametrize("how", ["option", "variable"])
def test_fps_out_of_range_ends_with_one_line(arguments, how, tmp_path):
    more = ["--fps", "99"] if how == "option" else []
    variable = {} if more else {"VAE_TUI_FPS": "99"}
    runs = {"VAE_TUI_RUNS_DIR": str(tmp_path)}
    with Terminal([*PROGRAM, *arguments, *more], environment={**runs, **variable}) as screen:
        assert screen.wait_for_end() == 2
        assert "--fps must be 60 or less, not 99; the nearest is 60" in screen.text
    assert not list(tmp_path.iterdir())
