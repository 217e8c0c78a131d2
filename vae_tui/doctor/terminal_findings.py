"""The terminal this process was started in, and the findings on it."""

import locale
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vae_tui.doctor.finding import Finding, note, ok
from vae_tui.terminal import capabilities
from vae_tui.terminal.capabilities import LEAST_SIZE, NO_SCREEN, PALETTE, TRUECOLOR, is_multiplexed

VALUES = ("TERM", "COLORTERM", "NO_COLOR", "TEXTUAL_COLOR_SYSTEM", "LC_ALL", "LC_CTYPE", "LANG")
PRESENCE = ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "MOSH_CONNECTION", "HOME")
"""Variables of which only the presence is kept: their values name hosts and people."""
_SEND_COLORTERM = (
    "here, in ~/.profile: export COLORTERM=truecolor",
    "or in ~/.ssh/config on your own machine: SendEnv COLORTERM",
    "with, in /etc/ssh/sshd_config here: AcceptEnv COLORTERM",
)
_TMUX_RGB = "in ~/.tmux.conf: set -as terminal-features ',*:RGB'"
_TMUX_REATTACH = "then: tmux source ~/.tmux.conf, detach, and attach again"


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalEnvironment:
    """Everything between this process and the user's terminal that can be read."""

    environment: Mapping[str, str]
    """The variables of `VALUES` that are set, and ``yes`` for those of `PRESENCE`."""
    stdin: bool = True
    """Whether stdin is a terminal; likewise stdout and stderr."""
    stdout: bool = True
    stderr: bool = True
    columns: int = 80
    rows: int = 24
    encoding: str = "utf-8"
    """Encoding of stdout."""
    tmux_features: str | None = None
    """tmux's list of the outer terminal's features; None outside tmux or without an answer."""
    tmux_passthrough: str | None = None
    """tmux's option ``allow-passthrough``."""

    @property
    def is_ssh(self) -> bool:
        """Whether the terminal is at the other end of an SSH connection."""
        return not self.environment.keys().isdisjoint({"SSH_CONNECTION", "SSH_TTY"})


def read_environment(variables: Mapping[str, str]) -> TerminalEnvironment:
    """Return the environment of this process; queries tmux where there is one."""
    size = shutil.get_terminal_size((0, 0))
    features, passthrough = _tmux_options() if variables.get("TMUX") else (None, None)
    return TerminalEnvironment(
        environment={name: variables[name] for name in VALUES if name in variables}
        | {name: "yes" for name in PRESENCE if name in variables},
        stdin=os.isatty(0),
        stdout=os.isatty(1),
        stderr=os.isatty(2),
        columns=size.columns,
        rows=size.lines,
        encoding=getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding(False),
        tmux_features=features,
        tmux_passthrough=passthrough,
    )


def terminal_findings(here: TerminalEnvironment) -> Iterator[Finding]:
    """Yield the findings on the terminal; none of them would stop a run."""
    yield _streams(here)
    yield _connection(here)
    if here.stdout:
        yield _size(here.columns, here.rows)
    yield _colours(here)
    yield _locale(here)
    if "TMUX" in here.environment:
        yield from _tmux(here)
    elif "STY" in here.environment:
        text = "GNU screen supports 256 colours at most, and y may not reach your clipboard"
        yield note("screen", text, "use tmux instead: tmux new vae-tui")
    if is_multiplexed(here.environment):
        text = "cursor queries are answered before they reach your terminal: the speed is unknown"
        yield note("link", text, "if keys are slow to take effect: run it without tmux or mosh")


def _streams(here: TerminalEnvironment) -> Finding:
    streams = {"stdin": here.stdin, "stdout": here.stdout, "stderr": here.stderr}
    absent = [name for name, is_terminal in streams.items() if not is_terminal]
    if not absent:
        return ok("terminal", "stdin, stdout and stderr are a terminal")
    no_terminal = here.is_ssh and len(absent) == len(streams)
    fix = "with a terminal: ssh -t HOST vae-tui" if no_terminal else "run it without < > and |"
    text = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not a terminal"
    return note("terminal", f"{text}: no screen, training in plain lines", fix)


def _connection(here: TerminalEnvironment) -> Finding:
    path = "through SSH" if here.is_ssh else "on this machine"
    if "MOSH_CONNECTION" in here.environment:
        path = "through mosh"
    path += ", in tmux" if "TMUX" in here.environment else ""
    path += ", in screen" if "STY" in here.environment else ""
    term = here.environment.get("TERM", "")
    if term in NO_SCREEN:
        text = f"TERM={term or 'nothing'} names no terminal that can show a screen ({path})"
        return note("connection", text, "export TERM=xterm-256color")
    return ok("connection", f"{path}; TERM={term}")


def _size(columns: int, rows: int) -> Finding:
    if columns <= 0 or rows <= 0:
        return note("size", "the terminal reports no size", "stty columns 80 rows 24")
    if columns < LEAST_SIZE[0] or rows < LEAST_SIZE[1]:
        text = f"{columns}x{rows}; the screen needs {LEAST_SIZE[0]}x{LEAST_SIZE[1]}"
        return note("size", text, "make the window larger")
    return ok("size", f"{columns}x{rows}")


def _colours(here: TerminalEnvironment) -> Finding:
    used = capabilities.colours_in_use(here.environment)
    names = {"none": "no", TRUECOLOR: "16 million"}
    text = f"{names.get(used.system, used.system)} colours: {used.because}"
    if used.system == TRUECOLOR:
        return ok("colours", text)
    if used.system == PALETTE:
        text += "; pictures in 26 greys"
        if "COLORTERM" not in here.environment and (here.is_ssh or "TMUX" in here.environment):
            return note("colours", f"{text}; more if the terminal has them", *_SEND_COLORTERM)
        return ok("colours", text)
    fix = "export TERM=xterm-256color"
    for name in ("NO_COLOR", "TEXTUAL_COLOR_SYSTEM"):
        if used.because.startswith(name):
            fix = f"unset {name}"
    return note("colours", f"{text}; pictures in five shades", fix)


def _locale(here: TerminalEnvironment) -> Finding:
    rule = capabilities.locale_in_use(here.environment)
    if capabilities.is_unicode(here.environment):
        return ok("locale", f"{rule or 'none set, assumed to be UTF-8'}: half-blocks and braille")
    rule = rule or f"TERM={here.environment.get('TERM', '')}"
    return note("locale", f"{rule} is not UTF-8: pictures in ASCII", "export LC_ALL=C.UTF-8")


def _tmux(here: TerminalEnvironment) -> Iterator[Finding]:
    if here.tmux_features is None:
        yield note("tmux", "tmux does not report what the outer terminal supports", _TMUX_RGB)
    elif "RGB" in here.tmux_features.split(","):
        yield ok("tmux", "supports 16 million colours")
    else:
        text = "tmux assumes that the outer terminal has 256 colours"
        yield note("tmux", text, _TMUX_RGB, _TMUX_REATTACH)
    if here.tmux_passthrough in ("off", "0"):  # tmux 3.3 answers 0
        text = "tmux does not pass on what y copies"
        yield note("clipboard", text, "in ~/.tmux.conf: set -g allow-passthrough on")


def _tmux_options() -> tuple[str | None, str | None]:
    """Return the outer terminal's features and ``allow-passthrough``, None where unknown."""
    query = "#{client_termfeatures}|#{allow-passthrough}"
    try:
        answer = subprocess.check_output(
            ["tmux", "display-message", "-p", query],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=2.0,
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    features, _, passthrough = answer.decode("utf-8", "replace").strip().partition("|")
    return features or None, passthrough or None
