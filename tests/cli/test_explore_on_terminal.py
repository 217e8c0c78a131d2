"""Pictures that commands draw in a terminal."""

import sys
from pathlib import Path

import numpy as np
from support.terminal import Terminal

from vae_tui.latent.codes import prior
from vae_tui.model.network_at_step import network_at
from vae_tui.run.folder import Run
from vae_tui.terminal.print_pictures import print_digits
from vae_tui.terminal.tiles import tile

MAIN = Path(sys.executable).with_name("vae-tui")


def on_terminal(run: Run, *line: str, **environment: str) -> Terminal:
    """Return a terminal in which the command has ended."""
    terminal = Terminal([str(MAIN), *line], columns=80, rows=30, environment=environment)
    assert terminal.wait_for_end() == 0, terminal.text
    terminal.close()
    return terminal


def test_on_a_terminal_digits_are_half_blocks_as_large_as_they_fit(run):
    terminal = on_terminal(run, "sample", str(run.path), "-n", "2")
    lines = terminal.text.splitlines()
    assert "▀" in terminal.text
    assert max(len(line.rstrip()) for line in lines[:14]) <= 56
    assert lines[14].startswith("2 samples of the prior, seed 1, temperature 1; weights of step 60")
    cells = terminal.screen.buffer
    network = network_at(run, run.config())
    picture = tile(network.decode(prior(1, 2, 4)), 2)
    y, x = map(int, np.unravel_index(picture[::2].argmax(), picture[::2].shape))
    cell = cells[y][x]
    upper = cell.fg if cell.data == "▀" else cell.bg
    assert abs(int(upper[:2], 16) - int(picture[2 * y, x])) <= 8


def test_white_pictures_on_a_terminal_have_a_gutter_in_the_ground_of_the_terminal(
    monkeypatch, capsys
):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    print_digits(np.full((3, 8, 8), 255, np.uint8))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    width = len(lines[0].split()[0])
    assert lines == [" ".join(["█" * width] * 2)] * (width // 2) + [""] + ["█" * width] * (
        width // 2
    )


def test_without_colours_or_utf_8_a_digit_is_shades_or_ascii(run):
    line = ("decode", str(run.path), "--z", "3,-3,3,1")
    shades = on_terminal(run, *line, NO_COLOR="1").text
    assert set("░▒▓█") & set(shades)
    assert "▀" not in shades
    ascii_only = on_terminal(run, *line, LC_ALL="C").text
    assert ascii_only.isascii()
    assert set(".:-=+*#%@") & set(ascii_only.splitlines()[5])


def test_on_a_terminal_the_map_is_the_figures_of_the_classes(run):
    lines = on_terminal(run, "map", str(run.path)).text.splitlines()
    figures = "".join(lines[:27]).replace(" ", "")
    assert figures.isdigit()
    assert len(set(figures)) == 10
    assert any(line.startswith("PCA (") for line in lines)
