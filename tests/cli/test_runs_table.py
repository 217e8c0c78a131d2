import json
import math
import subprocess
import sys

import pytest
from support.logs import NOW, epoch_ended, run_with, started

from vae_tui.cli.runs import table, what_next
from vae_tui.run.events import RunEnded
from vae_tui.run.state import ADVICE
from vae_tui.run.summary import Summary


def row(name: str = "digits-1123-0647", state: str = "running", **changes: object) -> Summary:
    values: dict[str, object] = {
        "name": name,
        "state": state,
        "dataset": "digits",
        "epoch": 35.0,
        "epochs": 150,
        "step": 630,
        "test_loss": 100.91,
        "pid": None,
        "path": f"/runs/{name}",
        "objective": "bce+kl",
        "next": ADVICE[state].format(name=name),
    }
    return Summary(**{**values, **changes})  # type: ignore[arg-type]


def test_a_table_of_runs_reads_like_this():
    rows = [
        row(state="stalled", silent_seconds=41.0),
        row("mnist-d20", "finished", dataset="mnist", epoch=60.0, epochs=60),
        row("new", test_loss=math.nan, epoch=0.0),
        row("plain", "lost", objective="se/2", test_loss=33.2),
    ]
    assert list(table(rows)) == [
        "run               state         data       epoch  test loss  terms",
        "digits-1123-0647  stalled 41 s  digits  35.0/150     100.91  bce+kl",
        "mnist-d20         finished      mnist    60.0/60     100.91  bce+kl",
        "new               running       digits   0.0/150",
        "plain             lost          digits  35.0/150      33.20  se/2",
    ]
    assert list(what_next(rows)) == [
        "lost: its process is gone; resume from the last save: vae-tui resume plain",
        "stalled: its process is alive but silent; vae-tui stop digits-1123-0647 asks it to end",
    ]


@pytest.mark.parametrize("state", ADVICE)
@pytest.mark.parametrize("width", [60, 80])
def test_no_line_is_wider_than_the_terminal_whatever_the_name(state, width):
    rows = [row("x" * 100, state, dataset="fashion-mnist", silent_seconds=4e5), row("y" * 9)]
    lines = list(table(rows, width))
    widest = max(map(len, lines))
    assert widest <= max(width, 72)
    assert all(line.startswith("x" * 7) for line in lines[1:2])
    assert list(table(rows))[1].startswith("x" * 100)


def test_of_several_runs_in_a_state_the_newest_is_named():
    (line,) = what_next([row("a", "lost"), row("b", "lost"), row("c", "running")])
    assert line.endswith("vae-tui resume a; 1 more")


def test_the_command_shows_a_damaged_run_beside_the_others_and_names_the_file(tmp_path):
    good = run_with(
        tmp_path, started(), epoch_ended(2, 100.0), RunEnded(time=NOW, step=12, reason="stopped")
    )
    bad = run_with(tmp_path, started(), epoch_ended(1, 120.0))
    (bad.path / "config.json").write_text("{\n")
    command = [sys.executable, "-m", "vae_tui", "runs", "--runs-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert {line.split()[0] for line in lines[1:3]} == {good.name, bad.name}
    assert done.stderr.startswith(f"vae-tui: {bad.path / 'config.json'} cannot be read: not JSON")
    printed = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    rows = {row["name"]: row for row in json.loads(printed.stdout)}
    assert rows[good.name]["test_loss"] == 102.0
    assert rows[good.name]["next"] == f"continue with: vae-tui resume {good.path}"
    fixed = "name state dataset epoch epochs step test_loss pid path"
    assert rows[bad.name].keys() >= set(fixed.split())
