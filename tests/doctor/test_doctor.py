"""Surroundings in, findings out."""

import dataclasses
import os
import sys
import threading
import time
import tty

import pytest
from rich.console import Console
from support.tiny_runs import TINY

from vae_tui.doctor import folder_findings, link_findings, package_findings, torch_findings
from vae_tui.doctor.colours import colours_in_use
from vae_tui.doctor.environment import Surroundings, look
from vae_tui.doctor.folder_findings import Folder, judge_data, judge_runs, look_at
from vae_tui.doctor.link_findings import Link, judge_link
from vae_tui.doctor.package_findings import Packages, fits, judge_packages, look_at_packages
from vae_tui.doctor.terminal_findings import judge_terminal
from vae_tui.doctor.torch_findings import judge_memory, judge_torch
from vae_tui.doctor.torch_probe import Asking, TorchAnswer
from vae_tui.run.runs_folder import create
from vae_tui.terminal.capabilities import colour_system

PLAIN = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": "yes"}
SSH = {**PLAIN, "SSH_CONNECTION": "yes"}
WELL = TorchAnswer(
    version="2.15.0+cu132",
    built_for_cuda="13.2",
    threads=2,
    cpu_precision="bf16",
    driver=True,
    driver_version="600.10",
    driver_cuda="13.2",
    _reached=("version", "cpu_precision", "cuda_available", "driver"),
)


def answer(**changes):
    return dataclasses.replace(WELL, **changes)


def told(findings):
    """Return (level, about, text and mends in one) of each finding."""
    return [(it.level, it.about, "\n".join((it.text, *it.mend))) for it in findings]


def said(findings, about):
    """Return level and words of the only finding about a thing."""
    (found,) = [(level, words) for level, name, words in told(findings) if name == about]
    return found


def terminal(environment=PLAIN, **changes):
    return list(judge_terminal(Surroundings(environment=environment, **changes)))


@pytest.mark.parametrize(
    "term",
    [
        *("xterm", "xterm-256color", "screen", "tmux-256color", "linux", "vt100", "foot"),
        *("xterm-kitty", "xterm-16color", None),
    ],
)
@pytest.mark.parametrize("colorterm", ["truecolor", "24bit", "yes", "", None])
@pytest.mark.parametrize("asked", [None, "auto", "standard", "256", "truecolor"])
def test_the_colours_in_use_are_those_that_rich_decides_on(term, colorterm, asked):
    given = {"TERM": term, "COLORTERM": colorterm, "TEXTUAL_COLOR_SYSTEM": asked}
    environment = {name: value for name, value in given.items() if value is not None}
    insisted = asked or colour_system(environment) or "auto"
    console = Console(force_terminal=True, color_system=insisted, _environ=environment)
    names = {"standard": "16"}
    wanted = names.get(console.color_system, console.color_system)
    assert colours_in_use(environment).system == wanted


def test_no_color_is_obeyed_before_all_else():
    used = colours_in_use({"NO_COLOR": "", "COLORTERM": "truecolor", "TERM": "xterm"})
    assert (used.system, used.because) == ("none", "NO_COLOR is set")


def test_a_terminal_that_lacks_nothing_gets_no_advice():
    found = terminal({**PLAIN, "COLORTERM": "truecolor"})
    assert {level for level, _, _ in told(found)} == {"ok"}


def test_what_would_stop_no_run_is_no_problem():
    worst = {"TERM": "", "LC_ALL": "C", "TMUX": "yes", "NO_COLOR": "1", "SSH_TTY": "yes"}
    found = terminal(worst, stdin=False, stderr=False, columns=10, rows=3, tmux_features="256")
    assert {level for level, _, _ in told(found)} == {"note"}


@pytest.mark.parametrize(
    ("environment", "changes", "about", "lines"),
    [
        (SSH, {}, "colours", ["SendEnv COLORTERM", "AcceptEnv COLORTERM", "export COLORTERM="]),
        ({**PLAIN, "NO_COLOR": "1"}, {}, "colours", ["unset NO_COLOR"]),
        ({**PLAIN, "TERM": "vt100"}, {}, "colours", ["export TERM=xterm-256color"]),
        ({**PLAIN, "TERM": "dumb"}, {}, "way", ["export TERM=xterm-256color"]),
        ({**PLAIN, "LC_ALL": "C"}, {}, "locale", ["export LC_ALL=C.UTF-8"]),
        (SSH, {"stdin": False, "stdout": False, "stderr": False}, "terminal", ["ssh -t HOST"]),
        (PLAIN, {"stderr": False}, "terminal", ["stderr is no terminal"]),
        (PLAIN, {"columns": 59, "rows": 40}, "size", ["59x40", "60x20"]),
        (PLAIN, {"columns": 0, "rows": 0}, "size", ["stty columns 80"]),
        ({**PLAIN, "STY": "yes"}, {}, "screen", ["tmux new"]),
        ({**PLAIN, "TMUX": "yes"}, {"tmux_features": "bpaste,256"}, "tmux",
         ["set -as terminal-features ',*:RGB'"]),
        ({**PLAIN, "TMUX": "yes"}, {"tmux_features": "RGB", "tmux_passthrough": "off"},
         "clipboard", ["set -g allow-passthrough on"]),
    ],
)  # fmt: skip
def test_each_lack_comes_with_the_line_that_mends_it(environment, changes, about, lines):
    level, words = said(terminal(environment, **changes), about)
    assert level == "note"
    assert all(line in words for line in lines), words


def test_only_named_variables_are_kept_and_no_address():
    kept = look({"TERM": "xterm", "SSH_CONNECTION": "1.2.3.4", "TOKEN": "secret"}).environment
    assert kept == {"TERM": "xterm", "SSH_CONNECTION": "yes"}


def test_a_folder_is_tried_out_and_left_as_it_was(tmp_path):
    found = look_at(tmp_path)
    assert (found.exists, found.wrong, found.locks) == (True, "", True)
    assert found.free_bytes > 0
    assert abs(found.skew_seconds) < 5
    assert list(tmp_path.iterdir()) == []
    assert {level for level, _, _ in told(judge_runs(found, 0, 0))} <= {"ok", "note"}


def test_a_folder_that_is_not_there_is_judged_by_the_nearest_one_above(tmp_path):
    found = look_at(tmp_path / "a" / "b")
    assert (found.exists, found.wrong) == (False, "")
    assert not (tmp_path / "a").exists()
    assert said(judge_runs(found, 0, 0), "runs")[0] == "ok"


def test_a_link_that_leads_nowhere_is_a_problem_with_both_places(tmp_path):
    (tmp_path / "runs").symlink_to(tmp_path / "gone")
    level, words = said(judge_runs(look_at(tmp_path / "runs"), 0, 0), "runs")
    assert level == "problem"
    assert f"mkdir -p {tmp_path / 'gone'}" in words and "--runs-dir DIR" in words


def test_a_folder_in_which_nothing_can_be_made_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("no folder")
    level, words = said(judge_runs(look_at(tmp_path / "file" / "runs"), 0, 0), "runs")
    assert level == "problem" and "Not a directory" in words


@pytest.mark.parametrize(
    ("changes", "about", "level", "words"),
    [
        ({"wrong": "Read-only file system"}, "runs", "problem", "--runs-dir DIR"),
        (
            {"free_bytes": folder_findings.SAVE_BYTES - 1},
            "disk",
            "problem",
            "not enough for one save",
        ),
        ({"free_bytes": folder_findings.RUN_BYTES - 1}, "disk", "note", "a run takes up to 200MB"),
        ({"free_files": 0}, "disk", "problem", "inodes"),
    ],
)
def test_a_runs_folder_that_lacks_something_says_what(changes, about, level, words):
    folder = Folder(path="/runs", **{"free_bytes": 1 << 40, **changes})
    assert said(judge_runs(folder, 3, 1), about)[0] == level
    assert words in said(judge_runs(folder, 3, 1), about)[1]


def test_locks_and_clocks_that_differ_are_told():
    folder = Folder(path="/runs", free_bytes=1 << 40, locks=False, skew_seconds=-90.0)
    found = told(judge_runs(folder, 0, 0))
    assert [(level, about) for level, about, _ in found] == [
        ("ok", "runs"),
        ("ok", "disk"),
        ("problem", "runs"),
        ("note", "runs"),
    ]
    assert "90 s behind" in found[3][2]


def test_runs_are_counted_with_those_that_live(tmp_path):
    create(tmp_path, "one", TINY)
    lock = create(tmp_path, "two", TINY).take_lock()
    assert folder_findings.count_runs(tmp_path) == (2, 1)
    os.close(lock)
    assert folder_findings.count_runs(tmp_path / "nowhere") == (0, 0)


def test_the_data_sets_that_are_there_are_named(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte").touch()
    assert "mnist; and the digits" in said(judge_data(look_at(tmp_path)), "data")[1]
    assert "no data set" in said(judge_data(look_at(tmp_path / "none")), "data")[1]


def test_a_home_that_nobody_knows_is_told():
    level, words = said(judge_data(Folder(path="/data/~/.cache")), "data")
    assert level == "note" and "--data-dir DIR" in words


@pytest.mark.parametrize(
    ("version", "bounds", "fit"),
    [
        ("8.2.8", ">=8.2,<9", True),
        ("9.0", ">=8.2,<9", False),
        ("8.2", ">=8.2,<9", True),
        ("8.1.9", ">=8.2", False),
        ("2.15.0+cpu", "==2.15.0", True),
        ("2.15", "==2.15.0", True),
        ("2.10.0", ">=2.7", True),
        ("anything", "", True),
    ],
)
def test_versions_are_compared_as_numbers(version, bounds, fit):
    assert fits(version, bounds) is fit


def test_what_is_installed_here_fits():
    found = list(judge_packages(look_at_packages()))
    assert {level for level, about, _ in told(found) if about == "packages"} == {"ok"}


def test_packages_that_lack_or_do_not_fit_come_with_the_line_that_installs_them():
    installed = dict.fromkeys(package_findings.NEEDED, "5.0")
    del installed["textual"], installed["torchvision"]
    found = told(
        judge_packages(
            Packages(
                python="3.10.4", installed=installed, bounds={"textual": ">=8.2,<9", "rich": ">=14"}
            )
        )
    )
    wrong = {words for level, _, words in found if level != "ok"}
    assert wrong == {
        "3.10.4; 3.11 is needed\npython3.11 -m venv .venv",
        "textual is not installed\npip install 'textual>=8.2,<9'",
        "rich 5.0 is not >=14\npip install 'rich>=14'",
        "torchvision is not installed\npip install 'torchvision'",
    }


@pytest.mark.parametrize(
    ("torch", "vision", "built_for", "words"),
    [
        ("2.15.0", "0.29.2", "==2.14.0", "torchvision was built for torch==2.14.0, not 2.15.0"),
        ("2.15.0+cpu", "0.29.2", "==2.15.0", "torchvision was built for CUDA, torch was not"),
    ],
)
def test_a_torchvision_that_is_not_torchs_is_told(torch, vision, built_for, words):
    installed = {
        **dict.fromkeys(package_findings.NEEDED, "5"),
        "torch": torch,
        "torchvision": vision,
    }
    found = Packages(
        python="3.12.0", installed=installed, bounds={}, torch_of_torchvision=built_for
    )
    level, text = said(judge_packages(found), "torchvision")
    assert level == "note" and words in text and "pip install" in text


@pytest.mark.parametrize(
    ("changes", "about", "level", "words"),
    [
        ({}, "driver", "note", "torch finds no device"),
        ({"driver": False, "driver_version": ""}, "driver", "ok", "training is on the CPU"),
        ({"driver": False}, "driver", "note", "--gpus all"),
        ({"driver_code": 803}, "driver", "note", "sudo reboot"),
        ({"driver_code": 100}, "driver", "note", "finds no GPU"),
        ({"driver_code": 12345}, "driver", "note", "code 12345"),
        ({"driver_cuda": "12.4"}, "driver", "note", "download.pytorch.org/whl/cu126"),
        ({"built_for_cuda": ""}, "driver", "note", "torch was built without CUDA"),
        ({"cuda_complaint": "moon"}, "driver", "note", "finds no device: moon"),
        ({"error": "RuntimeError: boom"}, "gpu", "problem", "CUDA_VISIBLE_DEVICES= vae-tui"),
        ({"timed_out": True, "seconds": 20.0}, "gpu", "problem", "CUDA does not answer within 20"),
        ({"died_of": "SIGILL", "_reached": ("version",)}, "cpu", "problem", "SIGILL"),
        ({"version": "", "timed_out": True, "seconds": 20.0}, "torch", "problem",
         "import torch has not ended within 20 s"),
        ({"version": "", "died_of": "SIGSEGV"}, "torch", "problem", "dies of SIGSEGV"),
        ({"version": "", "error": "No module named 'torch'"}, "torch", "problem",
         "pip install torch torchvision"),
        ({"version": ""}, "torch", "problem", "it says nothing"),
    ],
)  # fmt: skip
def test_what_torch_and_the_driver_say_is_put_into_words(changes, about, level, words):
    found = said(judge_torch(answer(**changes)), about)
    assert found[0] == level
    assert words in found[1]


def test_devices_are_named_and_one_that_refuses_is_a_problem_where_auto_would_take_it():
    good = {"name": "H100", "capability": "9.0", "works": True,
            "free_bytes": 70 << 30, "total_bytes": 80 << 30}  # fmt: skip
    bad = {"name": "K80", "capability": "3.7", "works": False, "error": "no kernel image"}
    for devices, levels in (((good, bad), ["ok", "note"]), ((bad, good), ["problem", "ok"])):
        found = [
            (level, words)
            for level, about, words in told(
                judge_torch(answer(cuda_available=True, devices=devices))
            )
            if about == "gpu"
        ]
        assert [level for level, _ in found] == levels
    assert found[1][1] == "cuda:1 H100, capability 9.0, 70GB of 80GB free"
    assert "no kernel image" in found[0][1]


def test_too_little_memory_for_a_trainer_is_told(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   300000 kB\n")
    free = torch_findings.available_memory(tmp_path / "meminfo")
    assert free == 300_000 * 1024
    assert said(judge_memory(free), "memory")[0] == "note"
    assert said(judge_memory(1 << 33), "memory")[0] == "ok"
    assert list(judge_memory(torch_findings.available_memory(tmp_path / "none"))) == []


def test_a_slow_link_gets_compression():
    assert "ssh -C HOST" in said(judge_link(Link(0.04, 10_000)), "link")[1]
    assert "ssh -C HOST" in said(judge_link(Link(0.9)), "link")[1]
    assert said(judge_link(Link(0.04, 1e6)), "link") == ("ok", "40 ms there and back, 977KB/s")
    assert said(judge_link(Link(None)), "link")[0] == "ok"


def test_the_link_is_measured_on_a_terminal_that_answers():
    outer, inner = os.openpty()
    tty.setraw(inner)
    seen = bytearray()

    def answer_each_question() -> None:
        while seen.count(b"\x1b[6n") < 2:
            seen.extend(os.read(outer, 1 << 16))
            if seen.endswith(b"\x1b[6n"):
                os.write(outer, b"\x1b[7;1R")

    answering = threading.Thread(target=answer_each_question, daemon=True)
    answering.start()
    found = link_findings.measure(inner, inner, load=True, patience=30.0)
    answering.join(30)
    assert found.round_trip_seconds is not None and found.bytes_a_second > 0
    assert len(seen) > link_findings.LOAD_BYTES / 2
    shown = bytes(seen).replace(b"\x1b[6n", b"").replace(b"\x1b[0m", b"")
    assert all(part.startswith(b"38;5;") for part in shown.split(b"\x1b[")[1:])
    os.close(outer)
    os.close(inner)


def test_a_terminal_that_never_answers_is_not_waited_for_long():
    outer, inner = os.openpty()
    assert link_findings.measure(inner, inner, load=True, patience=0.05) == Link(None)
    os.close(outer)
    os.close(inner)


def test_an_interrupt_just_before_a_wait_is_heard_soon(monkeypatch):
    """Python runs its handlers between bytecodes: such a one stays unheard while it waits."""
    asking = Asking([sys.executable, "-c", "import time; time.sleep(99)"])

    def wait_without_hearing(timeout: float) -> None:
        time.sleep(min(timeout, 5.0))
        raise KeyboardInterrupt

    began = time.monotonic()
    with monkeypatch.context() as patched:
        patched.setattr(asking._process, "communicate", wait_without_hearing)
        with pytest.raises(KeyboardInterrupt):
            asking.answer(30.0)
    assert time.monotonic() - began < 2.0
    asking.close()
