"""Findings on the terminal."""

import os
import threading
import tty
from itertools import product

import pytest
from rich.console import Console
from support.findings import findings_of, said

from vae_tui.doctor import link_findings
from vae_tui.doctor.link_findings import Link
from vae_tui.doctor.terminal_findings import (
    TerminalEnvironment,
    read_environment,
    terminal_findings,
)
from vae_tui.terminal.capabilities import colour_system, colours_in_use

PLAIN = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": "yes"}


SSH = {**PLAIN, "SSH_CONNECTION": "yes"}
COLORTERMS = ("truecolor", "24bit", "yes", "", None)


def terminal(environment=PLAIN, **changes):
    return list(terminal_findings(TerminalEnvironment(environment=environment, **changes)))


@pytest.mark.parametrize(
    "term",
    [
        *("xterm", "xterm-256color", "screen", "tmux-256color", "linux", "vt100", "foot"),
        *("xterm-kitty", "xterm-16color", None),
    ],
)
def test_the_colours_in_use_are_those_that_rich_decides_on(term):
    for colorterm, asked in product(COLORTERMS, (None, "auto", "standard", "256", "truecolor")):
        given = {"TERM": term, "COLORTERM": colorterm, "TEXTUAL_COLOR_SYSTEM": asked}
        environment = {name: value for name, value in given.items() if value is not None}
        insisted = asked or colour_system(environment) or "auto"
        console = Console(force_terminal=True, color_system=insisted, _environ=environment)
        names = {"standard": "16"}
        expected = names.get(console.color_system, console.color_system)
        assert colours_in_use(environment).system == expected, environment


def test_no_color_is_obeyed_before_all_else():
    used = colours_in_use({"NO_COLOR": "", "COLORTERM": "truecolor", "TERM": "xterm"})
    assert (used.system, used.because) == ("none", "NO_COLOR is set")


def test_a_terminal_that_lacks_nothing_gets_no_advice():
    found = terminal({**PLAIN, "COLORTERM": "truecolor"})
    assert {level for level, _, _ in findings_of(found)} == {"ok"}


def test_what_would_stop_no_run_is_no_problem():
    worst = {"TERM": "", "LC_ALL": "C", "TMUX": "yes", "NO_COLOR": "1", "SSH_TTY": "yes"}
    found = terminal(worst, stdin=False, stderr=False, columns=10, rows=3, tmux_features="256")
    assert {level for level, _, _ in findings_of(found)} == {"note"}


@pytest.mark.parametrize(
    ("environment", "changes", "about", "lines"),
    [
        (SSH, {}, "colours", ["SendEnv COLORTERM", "AcceptEnv COLORTERM", "export COLORTERM="]),
        ({**PLAIN, "NO_COLOR": "1"}, {}, "colours", ["unset NO_COLOR"]),
        ({**PLAIN, "TEXTUAL_COLOR_SYSTEM": "standard"}, {}, "colours",
         ["unset TEXTUAL_COLOR_SYSTEM"]),
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
        ({**PLAIN, "TMUX": "yes"}, {"tmux_features": "RGB", "tmux_passthrough": "0"},
         "clipboard", ["set -g allow-passthrough on"]),
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
