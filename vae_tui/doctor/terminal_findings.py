"""Findings on the terminal: streams, connection, size, colours, characters, tmux."""

from collections.abc import Iterator

from vae_tui.doctor.environment import TerminalEnvironment
from vae_tui.doctor.finding import Finding, note, ok
from vae_tui.terminal import capabilities
from vae_tui.terminal.capabilities import LEAST_SIZE, NO_SCREEN

_SEND_COLORTERM = (
    "here, in ~/.profile: export COLORTERM=truecolor",
    "or in ~/.ssh/config on your own machine: SendEnv COLORTERM",
    "with, in /etc/ssh/sshd_config here: AcceptEnv COLORTERM",
)
_TMUX_RGB = "in ~/.tmux.conf: set -as terminal-features ',*:RGB'"
_TMUX_REATTACH = "then: tmux source ~/.tmux.conf, detach, and attach again"


def terminal_findings(here: TerminalEnvironment) -> Iterator[Finding]:
    """Yield the findings on the terminal; none of them would stop a run."""
    yield _streams(here)
    yield _connection(here)
    if here.stdout:
        yield _size(here)
    yield _colours(here)
    yield _characters(here)
    if "TMUX" in here.environment:
        yield from _tmux(here)
    elif "STY" in here.environment:
        text = "GNU screen supports 256 colours at most, and y may not reach your clipboard"
        yield note("screen", text, "use tmux instead: tmux new vae-tui")
    if not here.is_direct:
        text = "cursor queries are answered before they reach your terminal: the speed is unknown"
        yield note("link", text, "if keys are slow to take effect: run it without tmux or mosh")


def _streams(here: TerminalEnvironment) -> Finding:
    streams = {"stdin": here.stdin, "stdout": here.stdout, "stderr": here.stderr}
    absent = [name for name, is_terminal in streams.items() if not is_terminal]
    if not absent:
        return ok("terminal", "stdin, stdout and stderr are a terminal")
    no_terminal = here.ssh and len(absent) == len(streams)
    fix = "with a terminal: ssh -t HOST vae-tui" if no_terminal else "run it without < > and |"
    text = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not a terminal"
    return note("terminal", f"{text}: no screen, training in plain lines", fix)


def _connection(here: TerminalEnvironment) -> Finding:
    path = "through SSH" if here.ssh else "on this machine"
    if "MOSH_CONNECTION" in here.environment:
        path = "through mosh"
    path += ", in tmux" if "TMUX" in here.environment else ""
    path += ", in screen" if "STY" in here.environment else ""
    term = here.environment.get("TERM", "")
    if term in NO_SCREEN:
        text = f"TERM={term or 'nothing'} names no terminal that can show a screen ({path})"
        return note("connection", text, "export TERM=xterm-256color")
    return ok("connection", f"{path}; TERM={term}")


def _size(here: TerminalEnvironment) -> Finding:
    if here.columns <= 0 or here.rows <= 0:
        return note("size", "the terminal reports no size", "stty columns 80 rows 24")
    text = f"{here.columns}x{here.rows}"
    columns, rows = LEAST_SIZE
    if here.columns < columns or here.rows < rows:
        return note("size", f"{text}; the screen needs {columns}x{rows}", "make the window larger")
    return ok("size", text)


def _colours(here: TerminalEnvironment) -> Finding:
    used = capabilities.colours_in_use(here.environment)
    names = {"none": "no", "truecolor": "16 million"}
    text = f"{names.get(used.system, used.system)} colours: {used.because}"
    if used.system == "truecolor":
        return ok("colours", text)
    if used.system == "none":
        return note("colours", f"{text}; digits in five shades", "unset NO_COLOR")
    if used.system == "256":
        text += "; digits in 26 greys"
        if "COLORTERM" not in here.environment and (here.ssh or "TMUX" in here.environment):
            return note("colours", f"{text}; more if the terminal has them", *_SEND_COLORTERM)
        return ok("colours", text)
    return note("colours", f"{text}; digits in five shades", "export TERM=xterm-256color")


def _characters(here: TerminalEnvironment) -> Finding:
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    rule = next((f"{name}={value}" for name in names if (value := here.environment.get(name))), "")
    if capabilities.is_unicode(here.environment):
        return ok("locale", f"{rule or 'none set, assumed to be UTF-8'}: half-blocks and braille")
    rule = rule or f"TERM={here.environment.get('TERM', '')}"
    return note("locale", f"{rule} is not UTF-8: digits in ASCII", "export LC_ALL=C.UTF-8")


def _tmux(here: TerminalEnvironment) -> Iterator[Finding]:
    if here.tmux_features is None:
        yield note("tmux", "tmux does not report what the outer terminal supports", _TMUX_RGB)
    elif "RGB" in here.tmux_features.split(","):
        yield ok("tmux", "supports 16 million colours")
    else:
        text = "tmux assumes that the outer terminal has 256 colours"
        yield note("tmux", text, _TMUX_RGB, _TMUX_REATTACH)
    if here.tmux_passthrough == "off":
        text = "tmux does not pass on what y copies"
        yield note("clipboard", text, "in ~/.tmux.conf: set -g allow-passthrough on")
