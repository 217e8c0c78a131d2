"""Facts in, findings out."""

import dataclasses
import os
import threading
import time
import tty

import pytest
from rich.console import Console
from support.tiny_runs import TINY

from vae_tui.doctor import folder_findings, link_findings, package_findings, torch_findings
from vae_tui.doctor.environment import TerminalEnvironment, read_environment
from vae_tui.doctor.folder_findings import Folder, data_findings, read_folder, runs_findings
from vae_tui.doctor.link_findings import Link
from vae_tui.doctor.package_findings import Packages, read_packages
from vae_tui.doctor.terminal_findings import terminal_findings
from vae_tui.doctor.torch_findings import memory_findings
from vae_tui.doctor.torch_probe import TorchProbe, TorchReport
from vae_tui.run.runs_folder import create
from vae_tui.terminal.capabilities import colour_system, colours_in_use

PLAIN = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": "yes"}
SSH = {**PLAIN, "SSH_CONNECTION": "yes"}
WELL = TorchReport(
    version="2.15.0+cu132",
    built_for_cuda="13.2",
    threads=2,
    cpu_precision="bf16",
    driver=True,
    driver_version="600.10",
    driver_cuda="13.2",
    cuda_available=False,
)


def answer(**changes):
    return dataclasses.replace(WELL, **changes)


def told(findings):
    """Return (level, about, text and fixes in one) of each finding."""
    return [(it.level, it.about, "\n".join((it.text, *it.fix))) for it in findings]


def said(findings, about):
    """Return level and words of the only finding about a thing."""
    (found,) = [(level, words) for level, name, words in told(findings) if name == about]
    return found


def terminal(environment=PLAIN, **changes):
    return list(terminal_findings(TerminalEnvironment(environment=environment, **changes)))


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
        ({**PLAIN, "TERM": "dumb"}, {}, "connection", ["export TERM=xterm-256color"]),
        ({**PLAIN, "LC_ALL": "C"}, {}, "locale", ["export LC_ALL=C.UTF-8"]),
        (SSH, {"stdin": False, "stdout": False, "stderr": False}, "terminal", ["ssh -t HOST"]),
        (PLAIN, {"stderr": False}, "terminal", ["stderr is not a terminal"]),
        (PLAIN, {"columns": 59, "rows": 40}, "size", ["59x40", "60x20"]),
        (PLAIN, {"columns": 0, "rows": 0}, "size", ["stty columns 80"]),
        ({**PLAIN, "STY": "yes"}, {}, "screen", ["tmux new"]),
        ({**PLAIN, "STY": "yes"}, {}, "link", ["without tmux"]),
        ({**PLAIN, "TMUX": "yes"}, {"tmux_features": "RGB"}, "link", ["without tmux"]),
        ({**PLAIN, "MOSH_CONNECTION": "yes"}, {}, "link", ["or mosh"]),
        ({**PLAIN, "TMUX": "yes"}, {"tmux_features": "bpaste,256"}, "tmux",
         ["set -as terminal-features ',*:RGB'"]),
        ({**PLAIN, "TMUX": "yes"}, {"tmux_features": "RGB", "tmux_passthrough": "off"},
         "clipboard", ["set -g allow-passthrough on"]),
    ],
)  # fmt: skip
def test_each_lack_comes_with_the_line_that_fixes_it(environment, changes, about, lines):
    level, words = said(terminal(environment, **changes), about)
    assert level == "note"
    assert all(line in words for line in lines), words


def test_only_named_variables_are_kept_and_no_address():
    kept = read_environment(
        {"TERM": "xterm", "SSH_CONNECTION": "1.2.3.4", "TOKEN": "secret"}
    ).environment
    assert kept == {"TERM": "xterm", "SSH_CONNECTION": "yes"}


def test_a_folder_is_tried_out_and_left_as_it_was(tmp_path):
    found = read_folder(tmp_path)
    assert (found.exists, found.error, found.locks) == (True, "", True)
    assert found.free_bytes > 0
    assert abs(found.skew_seconds) < 5
    assert list(tmp_path.iterdir()) == []
    assert {level for level, _, _ in told(runs_findings(found, 0, 0))} <= {"ok", "note"}


def test_a_folder_that_is_not_there_is_judged_by_the_nearest_one_above(tmp_path):
    found = read_folder(tmp_path / "a" / "b")
    assert (found.exists, found.error) == (False, "")
    assert not (tmp_path / "a").exists()
    assert said(runs_findings(found, 0, 0), "runs")[0] == "ok"


def test_a_link_that_leads_nowhere_is_a_problem_with_both_places(tmp_path):
    (tmp_path / "runs").symlink_to(tmp_path / "gone")
    level, words = said(runs_findings(read_folder(tmp_path / "runs"), 0, 0), "runs")
    assert level == "problem"
    assert f"mkdir -p {tmp_path / 'gone'}" in words and "--runs-dir DIR" in words


def test_a_folder_in_which_nothing_can_be_made_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("no folder")
    level, words = said(runs_findings(read_folder(tmp_path / "file" / "runs"), 0, 0), "runs")
    assert level == "problem" and "Not a directory" in words


@pytest.mark.parametrize(
    ("changes", "about", "level", "words"),
    [
        ({"error": "Read-only file system"}, "runs", "problem", "--runs-dir DIR"),
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
    assert said(runs_findings(folder, 3, 1), about)[0] == level
    assert words in said(runs_findings(folder, 3, 1), about)[1]


def test_locks_and_clocks_that_differ_are_told():
    folder = Folder(path="/runs", free_bytes=1 << 40, locks=False, skew_seconds=-90.0)
    found = told(runs_findings(folder, 0, 0))
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
    assert "mnist; and the digits" in said(data_findings(read_folder(tmp_path)), "data")[1]
    assert "no data set" in said(data_findings(read_folder(tmp_path / "none")), "data")[1]


def test_a_home_that_nobody_knows_is_told():
    level, words = said(data_findings(Folder(path="/data/~/.cache")), "data")
    assert level == "note" and "--data-dir DIR" in words


@pytest.mark.parametrize(
    ("version", "bounds", "fits"),
    [
        ("8.2.8", ">=8.2,<9", True),
        ("9.0", ">=8.2,<9", False),
        ("8.2", ">=8.2,<9", True),
        ("8.1.9", ">=8.2", False),
        ("2.15.0+cpu", "==2.15.0", True),
        ("2.15", "==2.15.0", True),
        ("2.10.0", ">=2.7", True),
        ("built-by-hand", ">=2.7", True),
        ("2.16.0.dev20261101+cu132", ">=2.7", True),
    ],
)
def test_an_installed_version_outside_its_bounds_is_a_problem(version, bounds, fits):
    installed = {**dict.fromkeys(package_findings.REQUIRED, "5.0"), "rich": version}
    packages = Packages(python="3.12.0", installed=installed, bounds={"rich": bounds})
    levels = {level for level, _, _ in told(package_findings.package_findings(packages))}
    assert levels == ({"ok"} if fits else {"ok", "problem"})


def test_what_is_installed_here_fits():
    found = list(package_findings.package_findings(read_packages()))
    assert {level for level, about, _ in told(found) if about == "packages"} == {"ok"}


def test_packages_that_lack_or_do_not_fit_come_with_the_line_that_installs_them():
    installed = dict.fromkeys(package_findings.REQUIRED, "5.0")
    del installed["textual"], installed["torchvision"]
    found = told(
        package_findings.package_findings(
            Packages(
                python="3.10.4", installed=installed, bounds={"textual": ">=8.2,<9", "rich": ">=14"}
            )
        )
    )
    wrong = {words for level, _, words in found if level != "ok"}
    assert wrong == {
        "3.10.4; 3.11 is required\npython3.11 -m venv .venv",
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
        **dict.fromkeys(package_findings.REQUIRED, "5"),
        "torch": torch,
        "torchvision": vision,
    }
    found = Packages(
        python="3.12.0", installed=installed, bounds={}, torch_of_torchvision=built_for
    )
    level, text = said(package_findings.package_findings(found), "torchvision")
    assert level == "note" and words in text and "pip install" in text


@pytest.mark.parametrize(
    ("changes", "about", "level", "words"),
    [
        ({}, "driver", "note", "torch finds no device"),
        ({"driver": False, "driver_version": ""}, "driver", "ok", "training on the CPU"),
        ({"driver": False}, "driver", "note", "--gpus all"),
        ({"driver_code": 803}, "driver", "note", "sudo reboot"),
        ({"driver_code": 100}, "driver", "note", "finds no GPU"),
        ({"driver_code": 12345}, "driver", "note", "code 12345"),
        ({"driver_cuda": "12.4"}, "driver", "note", "download.pytorch.org/whl/cu126"),
        ({"built_for_cuda": ""}, "driver", "note", "torch was built without CUDA"),
        ({"cuda_complaint": "moon"}, "driver", "note", "finds no device: moon"),
        ({"error": "RuntimeError: boom"}, "gpu", "problem", "CUDA_VISIBLE_DEVICES= vae-tui"),
        ({"timed_out": True, "seconds": 20.0}, "gpu", "problem", "CUDA does not answer within 20"),
        ({"died_of": "SIGILL", "cpu_precision": "", "cuda_available": None},
         "cpu", "problem", "SIGILL"),
        ({"version": "", "timed_out": True, "seconds": 20.0}, "torch", "problem",
         "import torch has not ended within 20 s"),
        ({"version": "", "died_of": "SIGSEGV"}, "torch", "problem", "dies of SIGSEGV"),
        ({"version": "", "error": "No module named 'torch'"}, "torch", "problem",
         "pip install torch torchvision"),
        ({"version": ""}, "torch", "problem", "no message"),
    ],
)  # fmt: skip
def test_what_torch_and_the_driver_say_is_put_into_words(changes, about, level, words):
    found = said(torch_findings.torch_findings(answer(**changes)), about)
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
                torch_findings.torch_findings(answer(cuda_available=True, devices=devices))
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
    assert said(memory_findings(free), "memory")[0] == "note"
    assert said(memory_findings(1 << 33), "memory")[0] == "ok"
    assert list(memory_findings(torch_findings.available_memory(tmp_path / "none"))) == []


def test_a_slow_link_gets_compression():
    assert "ssh -C HOST" in said(link_findings.link_findings(Link(0.04, 10_000)), "link")[1]
    assert "ssh -C HOST" in said(link_findings.link_findings(Link(0.9)), "link")[1]
    assert said(link_findings.link_findings(Link(0.04, 1e6)), "link") == (
        "ok",
        "40 ms round trip, 977KB/s",
    )
    assert said(link_findings.link_findings(Link(None)), "link")[0] == "ok"


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
    found = link_findings.measure(inner, inner, load=True, timeout=30.0)
    answering.join(30)
    assert found.round_trip_seconds is not None and found.bytes_per_second > 0
    assert len(seen) > link_findings.PAYLOAD_BYTES / 2
    shown = bytes(seen).replace(b"\x1b[6n", b"").replace(b"\x1b[0m", b"")
    assert all(part.startswith(b"38;5;") for part in shown.split(b"\x1b[")[1:])
    os.close(outer)
    os.close(inner)


def test_a_terminal_that_never_answers_is_not_waited_for_long():
    outer, inner = os.openpty()
    assert link_findings.measure(inner, inner, load=True, timeout=0.05) == Link(None)
    os.close(outer)
    os.close(inner)


class DeafProcess:
    """A child whose wait does not notice an interrupt before its timeout is over."""

    pid, returncode = 1 << 22, None

    def communicate(self, timeout):
        time.sleep(min(timeout, 5.0))
        raise KeyboardInterrupt

    def poll(self):
        return 0


def test_an_interrupt_just_before_a_wait_is_handled_soon():
    """Python runs its handlers between bytecodes: such a one is not handled during the wait."""
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        TorchProbe(DeafProcess()).report(30.0)
    assert time.monotonic() - began < 2.0
