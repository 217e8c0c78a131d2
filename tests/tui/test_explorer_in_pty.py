"""The latent space of a real run, explored in the real program on a real terminal."""

import base64
import re

from support.terminal import PROGRAM, RawTerminal
from support.tiny_runs import NoCommands, tiny_config

from vae_tui.latent.codes import parse_code
from vae_tui.run.runs_folder import create
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import train

COPIED = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07")


def picture(terminal):
    """Return characters and colours of the large digit of Walk at 80x24."""
    buffer = terminal.screen.buffer
    return [
        [(buffer[y][x].data, buffer[y][x].fg, buffer[y][x].bg) for x in range(28)]
        for y in range(1, 15)
    ]


def test_one_walks_marks_morphs_travels_to_step_0_and_reads_map_and_dimensions(tmp_path):
    environment = {
        "VAE_TUI_RUNS_DIR": str(tmp_path / "runs"),
        "VAE_TUI_DATA_DIR": str(tmp_path / "nothing"),
        "OMP_NUM_THREADS": "1",
    }
    config = tiny_config(latent_dim=20, hidden=64)
    run = create(tmp_path / "runs", "small", config)
    assert train(run, config, NoCommands(), Ranks()) == 0
    with RawTerminal(
        [*PROGRAM, "attach", "small"], environment=environment, cwd=tmp_path
    ) as terminal:
        terminal.wait_for("finished")
        terminal.type("3")
        terminal.wait_for("z from the prior, seed 1")
        before = picture(terminal)
        terminal.type("\x1b[C" * 6)
        terminal.wait_for("seed 1, moved")
        terminal.wait_for(lambda _: picture(terminal) != before)

        terminal.type("y")
        terminal.wait_for(lambda _: COPIED.search(terminal.raw))
        command = base64.b64decode(COPIED.search(terminal.raw)[1]).decode()
        assert re.match(r"vae-tui decode \S*small --z=", command)
        assert len(parse_code(command.split('"')[1], 20)) == 20

        terminal.type("a x")
        terminal.wait_for("(test image #")
        terminal.type("b")
        terminal.wait_for("b: ")
        terminal.type("i")
        terminal.wait_for(lambda text: " into " in text and "●" in text)
        terminal.wait_for(re.compile(r"● *\n").search)
        arrived = picture(terminal)
        terminal.type("," * 20)
        terminal.wait_for(re.compile(r"◇ 0 *$", re.MULTILINE).search)
        terminal.wait_for(lambda _: picture(terminal) != arrived)
        terminal.wait_for("→ 7 · linear")  # the same morph, with the weights of step 0

        terminal.type("4")
        shown = "Map of test images", "nearest", "back in time"
        terminal.wait_for(lambda text: all(words in text for words in shown))
        terminal.type("\t")
        terminal.wait_for("KL by dimension")
        terminal.type("\x1b[F")
        terminal.wait_for(lambda text: "back in time" not in text)
        terminal.type("q")
        assert terminal.wait_for_end() == 0
