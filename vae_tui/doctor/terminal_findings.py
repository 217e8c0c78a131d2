"""Findings on the way to the user's eyes: streams, size, colours, characters, tmux, SSH."""

from collections.abc import Iterator

from vae_tui.doctor.colours import NONE, TRUECOLOR, colours_in_use
from vae_tui.doctor.environment import Surroundings
from vae_tui.doctor.finding import Finding, note, ok
from vae_tui.terminal.capabilities import is_unicode

LEAST_COLUMNS, LEAST_ROWS = 60, 20
_SEND = (
    "here, in ~/.profile: export COLORTERM=truecolor",
    "or in ~/.ssh/config where you sit: SendEnv COLORTERM",
    "with, in /etc/ssh/sshd_config here: AcceptEnv COLORTERM",
)
_TMUX_RGB = "in ~/.tmux.conf: set -as terminal-features ',*:RGB'"
_REATTACH = "then: tmux source ~/.tmux.conf, detach, and attach again"
_NO_SCREEN = ("", "dumb", "unknown")


def judge_terminal(here: Surroundings) -> Iterator[Finding]:
    """Yield what is to be said of the terminal; none of it would stop a run."""
    yield _streams(here)
    yield _way(here)
    if here.stdout:
        yield _size(here)
    yield _colours(here)
    yield _characters(here)
    if "TMUX" in here.environment:
        yield from _tmux(here)
    elif "STY" in here.environment:
        yield note(
            "screen",
            "GNU screen passes on 256 colours at most, and y may not reach your clipboard",
            "use tmux instead: tmux new vae-tui",
        )


def _streams(here: Surroundings) -> Finding:
    streams = {"stdin": here.stdin, "stdout": here.stdout, "stderr": here.stderr}
    absent = [name for name, is_terminal in streams.items() if not is_terminal]
    if not absent:
        return ok("terminal", "stdin, stdout and stderr are a terminal")
    text = f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} no terminal: no screen"
    mend = ("run it without < > and |",)
    if here.ssh and len(absent) == len(streams):
        mend = ("with a terminal: ssh -t HOST vae-tui",)
    return note("terminal", f"{text}, training in plain lines", *mend)


def _way(here: Surroundings) -> Finding:
    way = "through SSH" if here.ssh else "on this machine"
    if "MOSH_CONNECTION" in here.environment:
        way = "through mosh"
    for variable, name in (("TMUX", "tmux"), ("STY", "screen")):
        if variable in here.environment:
            way += f", in {name}"
    term = here.environment.get("TERM", "")
    if term in _NO_SCREEN:
        text = f"TERM={term or 'nothing'} tells of no terminal that can show a screen ({way})"
        return note("way", text, "export TERM=xterm-256color")
    return ok("way", f"{way}; TERM={term}")


def _size(here: Surroundings) -> Finding:
    if here.columns <= 0 or here.rows <= 0:
        return note("size", "the terminal tells no size", "stty columns 80 rows 24")
    text = f"{here.columns}x{here.rows}"
    if here.columns < LEAST_COLUMNS or here.rows < LEAST_ROWS:
        least = f"{LEAST_COLUMNS}x{LEAST_ROWS}"
        return note("size", f"{text}; the screen needs {least}", "make the window larger")
    return ok("size", text)


def _colours(here: Surroundings) -> Finding:
    used = colours_in_use(here.environment)
    names = {NONE: "no colours", TRUECOLOR: "16 million colours"}
    text = f"{names.get(used.system, used.system + ' colours')}: {used.because}"
    if used.system == TRUECOLOR:
        return ok("colours", text)
    if used.system == NONE:
        return note("colours", f"{text}; digits in five shades", "unset NO_COLOR")
    if used.system == "256":
        text += "; digits in 26 greys"
        if "COLORTERM" not in here.environment and (here.ssh or "TMUX" in here.environment):
            return note("colours", f"{text}; more where the terminal has them", *_SEND)
        return ok("colours", text)
    return note("colours", f"{text}; digits in five shades", "export TERM=xterm-256color")


def _characters(here: Surroundings) -> Finding:
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    said = next((f"{name}={value}" for name in names if (value := here.environment.get(name))), "")
    if is_unicode(here.environment):
        return ok("locale", f"{said or 'none set, taken for UTF-8'}: half-blocks and braille")
    said = said or f"TERM={here.environment.get('TERM', '')}"
    return note("locale", f"{said} is not UTF-8: digits in ASCII", "export LC_ALL=C.UTF-8")


def _tmux(here: Surroundings) -> Iterator[Finding]:
    if here.tmux_features is None:
        yield note("tmux", "tmux does not tell what the terminal around it can show", _TMUX_RGB)
    elif "RGB" in here.tmux_features.split(","):
        yield ok("tmux", "it passes on 16 million colours")
    else:
        text = "it takes the terminal around it for one of 256 colours"
        yield note("tmux", text, _TMUX_RGB, _REATTACH)
    if here.tmux_passthrough == "off":
        yield note(
            "clipboard",
            "tmux keeps what y copies to itself",
            "in ~/.tmux.conf: set -g allow-passthrough on",
        )
