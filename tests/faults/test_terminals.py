"""Terminals of many kinds and none: each gets a readable picture, or one line that says why not."""

import pytest
from support.shells import Shell, assert_restored
from support.terminal import PROGRAM, RawTerminal

TRUE_COLOUR, COLOUR_OF_256 = b"38;2;", b"38;5;"
HALF_BLOCKS, SHADES = set("▀▄"), set("░▒▓")


def picture(shell: Shell, **environment: str) -> RawTerminal:
    """Return the terminal with the screen's samples on it."""
    terminal = shell.screen("attach", **environment)
    terminal.wait_for("reconstructions")
    terminal.type("2")
    terminal.wait_for("seed 1")
    drawn = HALF_BLOCKS | SHADES | set("#%@*+=:.-")
    terminal.wait_for(lambda text: len(drawn & set(text.split("\n")[8])) > 0)
    return terminal


def leave(terminal: RawTerminal) -> None:
    terminal.type("q")
    assert terminal.wait_for_end() == 0
    assert_restored(terminal)
    assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize(
    ("environment", "colours", "drawn"),
    [
        ({"TERM": "xterm"}, COLOUR_OF_256, HALF_BLOCKS),
        ({"TERM": "xterm-256color"}, COLOUR_OF_256, HALF_BLOCKS),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, TRUE_COLOUR, HALF_BLOCKS),
        ({"TERM": "screen"}, COLOUR_OF_256, HALF_BLOCKS),
        ({"TERM": "tmux-256color"}, COLOUR_OF_256, HALF_BLOCKS),
        ({"TERM": "linux"}, None, SHADES),
        ({"TERM": "vt100"}, None, SHADES),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, COLOUR_OF_256, SHADES),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C"}, TRUE_COLOUR, set()),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_terminal_gets_the_picture_that_it_can_show(ended, environment, colours, drawn):
    terminal = picture(ended, **environment)
    sent = bytes(terminal.raw.replace(b"48;", b"38;"))
    used = {kind for kind in (TRUE_COLOUR, COLOUR_OF_256) if kind in sent}
    # To a truecolor terminal too, greys of the palette go out by their shorter names.
    used -= {COLOUR_OF_256} if colours == TRUE_COLOUR else set()
    assert used == ({colours} if colours else set())
    if "NO_COLOR" in environment:
        assert all(map(is_grey, colours_of(terminal)))
    assert drawn & set(terminal.text) if drawn else sent.isascii()
    leave(terminal)


def colours_of(terminal: RawTerminal) -> set[str]:
    cells = [cell for row in terminal.screen.buffer.values() for cell in row.values()]
    return {colour for cell in cells for colour in (cell.fg, cell.bg)}


def is_grey(colour: str) -> bool:
    return colour in ("default", "black", "white") or colour[:2] == colour[2:4] == colour[4:]


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_without_a_cursor_gets_one_line_why_and_plain_lines(ended, term):
    terminal = ended.screen("attach", TERM=term)
    assert terminal.wait_for_end() == 0
    assert terminal.text.count("vae-tui: ") == 1
    assert "TERM is" in terminal.text
    assert "finished at step" in terminal.text
    assert b"\x1b" not in terminal.raw


@pytest.mark.parametrize(
    ("line", "stream"),
    [
        ("{} < /dev/null", "stdin"),
        ("{} > out", "stdout"),
        ("{} 2> out", "stderr"),
        ("nohup {} > out 2>&1", "stdout"),
    ],
)
def test_a_redirected_stream_gets_one_line_why_and_plain_lines(ended, line, stream):
    command = line.format(" ".join([*PROGRAM, "attach"]))
    with RawTerminal(
        ["sh", "-c", command], environment=ended.environment, cwd=ended.folder
    ) as terminal:
        assert terminal.wait_for_end() == 0
        out = ended.folder / "out"
        output = terminal.text + (out.read_text() if out.exists() else "")
        out.unlink(missing_ok=True)
        assert output.count("vae-tui: ") == 1
        assert f"vae-tui: {stream} is not a terminal: plain lines" in output
        assert "finished at step" in output
        assert b"\x1b" not in terminal.raw
