"""`vae-tui doctor` as a user starts it, with whole and broken installations of torch."""

import json
import os
import subprocess
import sys

import pytest
from support.processes import PATIENCE_SECONDS
from support.terminal import Terminal

from vae_tui.doctor.colour_card import GREYS, card
from vae_tui.terminal.half_blocks import GREY_LEVELS

DOCTOR = [sys.executable, "-m", "vae_tui", "doctor"]
QUICK_TORCH = """
    __version__ = "9.9.9"
    class version: cuda = None
    class cuda: is_available = staticmethod(lambda: False)
    class backends:
        class mps: is_available = staticmethod(lambda: False)
    def get_num_threads(): return 3
    def device(name): raise RuntimeError(name)
    class ones:
        def __init__(self, *_): pass
        def __matmul__(self, _): return self
        def sum(self): return 64.0**3
    """
PATIENCE = str(PATIENCE_SECONDS / 2)
"""Seconds that the doctor waits for torch, on a busy machine too."""
BROKEN_TORCHES = {
    "raise ImportError('libtorch_cpu.so: cannot open')": "libtorch_cpu.so: cannot open",
    "raise SystemExit(3)": "SystemExit",
    "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)": "was ended by SIGSEGV",
    "import os; os._exit(7)": "was ended by exit status 7",
    "import time; time.sleep(1000)": "has not ended within",
}


def fake(folder, name, code):
    """Make a package that stands before the installed one; return where."""
    import textwrap

    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(textwrap.dedent(code))
    return folder


def doctor(folder, *arguments, paths=(), **environment):
    given = {**os.environ, "VAE_TUI_DATA_DIR": str(folder), **environment}
    given["PYTHONPATH"] = os.pathsep.join([*map(str, paths), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [*DOCTOR, "--runs-dir", str(folder / "runs"), "--timeout", PATIENCE, *arguments],
        env={name: value for name, value in given.items() if value is not None},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def findings(done, about):
    return [it for it in json.loads(done.stdout)["findings"] if it["about"] == about]


def test_it_says_which_torch_there_is_and_that_nothing_would_stop_a_run(tmp_path):
    done = doctor(tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    import torch

    report = json.loads(done.stdout)
    assert report["problems"] == 0
    assert report["torch"]["version"] == torch.__version__
    assert report["torch"]["cuda_available"] == torch.cuda.is_available()
    assert set(report) == {
        *("problems", "findings", "terminal", "torch", "packages", "runs", "data"),
    }
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("code", "words"), BROKEN_TORCHES.items())
def test_a_torch_that_is_broken_is_a_finding_and_not_our_end(tmp_path, code, words):
    paths = [fake(tmp_path / "fakes", "torch", code)]
    options = ["--timeout", "1"] if "within" in words else []
    done = doctor(tmp_path, "--json", *options, paths=paths)
    assert (done.returncode, done.stderr) == (1, "")
    (found,) = findings(done, "torch")
    assert found["level"] == "problem" and words in found["text"]
    assert found["fix"][-1] == "pip install --force-reinstall torch torchvision"


def test_what_torch_said_before_it_broke_is_reported(tmp_path):
    paths = [fake(tmp_path / "fakes", "torch", QUICK_TORCH)]
    done = doctor(tmp_path, "--json", paths=paths)
    assert done.returncode == 1
    assert findings(done, "torch")[0]["text"].startswith("9.9.9, built without CUDA")
    assert findings(done, "cpu")[0]["level"] == "problem"


def test_it_needs_neither_textual_nor_rich_nor_numpy_nor_platformdirs(tmp_path):
    absent = ("textual", "rich", "numpy", "plotext", "platformdirs", "safetensors", "torch")
    for name in absent:
        fake(tmp_path / "fakes", name, f"raise ImportError('no {name}')")
    done = doctor(tmp_path, paths=[tmp_path / "fakes"], VAE_TUI_DATA_DIR=None)
    assert (done.returncode, done.stderr) == (1, "")
    assert "PROBLEM torch" in done.stdout


def test_it_works_with_no_environment_at_all(tmp_path):
    paths = [fake(tmp_path / "fakes", "torch", "raise ImportError('no')")]
    bare = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([*map(str, paths), *sys.path])}
    done = subprocess.run(
        DOCTOR,
        env=bare,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "TERM=nothing names no terminal" in done.stdout


def test_runs_that_could_not_be_written_are_a_problem(tmp_path):
    (tmp_path / "runs").symlink_to(tmp_path / "gone")
    paths = [fake(tmp_path / "fakes", "torch", QUICK_TORCH)]
    done = doctor(tmp_path, "--json", paths=paths)
    assert done.returncode == 1
    assert findings(done, "runs")[0]["fix"][0] == f"mkdir -p {tmp_path / 'gone'}"


def test_sequences_in_the_environment_and_in_torchs_words_do_not_steer_the_terminal(tmp_path):
    paths = [fake(tmp_path / "fakes", "torch", r"raise ImportError('\x1b]0;pwned\x07')")]
    for arguments in ((), ("--json",)):
        done = doctor(
            tmp_path, *arguments, paths=paths, TERM="\x1b]0;x\x07", COLORTERM="\x9b2J", LANG="\x1bc"
        )
        assert "pwned" in done.stdout
        assert all(letter.isprintable() or letter == "\n" for letter in done.stdout)


def test_letters_that_the_character_set_lacks_do_not_end_it(tmp_path):
    folder = tmp_path / "кот"
    folder.mkdir()
    paths = [fake(tmp_path / "fakes", "torch", QUICK_TORCH)]
    done = doctor(folder, paths=paths, PYTHONIOENCODING="iso-8859-1", LC_ALL="C")
    assert done.stderr == ""
    assert "/???/runs" in done.stdout


def test_the_greys_of_the_card_are_those_of_the_pictures():
    assert GREY_LEVELS.tolist() == list(GREYS)


@pytest.mark.parametrize("colours", ["none", "16", "256", "truecolor"])
@pytest.mark.parametrize("unicode", [True, False])
def test_a_card_is_narrow_and_plain_where_it_must_be(colours, unicode):
    import re

    lines = card(colours, unicode)
    text = "".join(lines)
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) < 80 for line in lines)
    assert ("▀" in text and "▄" in text and "⣀" in text) is unicode
    assert text.isascii() is not unicode
    assert ("\x1b" in text) is (unicode and colours != "none")


@pytest.mark.parametrize("colorterm", ["", "truecolor"])
def test_the_card_is_drawn_in_greys_that_rise_and_in_two_equal_pictures(tmp_path, colorterm):
    paths = [str(fake(tmp_path / "fakes", "torch", "raise ImportError('no')"))]
    with Terminal(
        [*DOCTOR, "--runs-dir", str(tmp_path)],
        rows=60,
        environment={
            "PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")]),
            "COLORTERM": colorterm,
        },
    ) as terminal:
        terminal.wait_for("1 problem")
        assert terminal.wait_for_end() == 1
        rows = terminal.text.splitlines()
        (ramp,) = [number for number, row in enumerate(rows) if "26 greys, each" in row]
        cells = terminal.screen.buffer
        greys = [int(cells[ramp][column].bg, 16) for column in range(2, 28)]
        assert greys == sorted(set(greys)) and greys[0] == 0 and greys[-1] == 0xFFFFFF

        def pixels(row):
            found = [cells[row][column] for column in range(2, 28)]
            upper = [cell.fg if cell.data == "▀" else cell.bg for cell in found]
            lower = [cell.bg if cell.data == "▀" else cell.fg for cell in found]
            return upper, lower

        assert pixels(ramp + 1) == pixels(ramp + 2)
        assert pixels(ramp + 1)[0] == [f"{grey:06x}" for grey in greys]


def test_what_is_known_is_reported_before_torch_answers(tmp_path):
    paths = [str(fake(tmp_path / "fakes", "torch", "import time; time.sleep(99)"))]
    with Terminal(
        [*DOCTOR, "--runs-dir", str(tmp_path), "--timeout", "90"],
        rows=60,
        environment={"PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")])},
    ) as terminal:
        terminal.wait_for("python      3.")
        terminal.type("\x03")
        assert terminal.wait_for_end() == 130, terminal.text
