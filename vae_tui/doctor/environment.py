"""What this process was started in: the terminal's side, frozen, so that it can be judged."""

import locale
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLES = (
    *("TERM", "COLORTERM", "NO_COLOR", "TEXTUAL_COLOR_SYSTEM", "LC_ALL", "LC_CTYPE", "LANG"),
    *("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "MOSH_CONNECTION", "HOME"),
)
"""The only variables that are kept: others may hold secrets."""

_PRESENCE_ONLY = {"TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "MOSH_CONNECTION", "HOME"}
_TMUX_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The way from this process to the eyes of its user."""

    environment: Mapping[str, str]
    """`VARIABLES` that are set; of those that name machines and places, ``yes``."""
    stdin: bool = True
    """It is a terminal; likewise the other two."""
    stdout: bool = True
    stderr: bool = True
    columns: int = 80
    rows: int = 24
    encoding: str = "utf-8"
    """Of what is written to stdout."""
    tmux_features: str | None = None
    """Of the terminal around tmux, as tmux knows them; None where it was not asked."""
    tmux_passthrough: str | None = None

    @property
    def ssh(self) -> bool:
        """The terminal is at the other end of a connection."""
        return not self.environment.keys().isdisjoint({"SSH_CONNECTION", "SSH_TTY"})

    @property
    def is_direct(self) -> bool:
        """What is asked of the terminal is answered by it, and by nothing on the way."""
        return self.environment.keys().isdisjoint({"TMUX", "STY", "MOSH_CONNECTION"})


def look(environment: Mapping[str, str]) -> Surroundings:
    """Return the surroundings of this process."""
    size = shutil.get_terminal_size((0, 0))
    features, passthrough = _ask_tmux(environment)
    return Surroundings(
        environment={
            name: "yes" if name in _PRESENCE_ONLY else environment[name]
            for name in VARIABLES
            if name in environment
        },
        stdin=_is_terminal(0),
        stdout=_is_terminal(1),
        stderr=_is_terminal(2),
        columns=size.columns,
        rows=size.lines,
        encoding=getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding(False),
        tmux_features=features,
        tmux_passthrough=passthrough,
    )


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _ask_tmux(environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return the features of the terminal around tmux, and whether sequences are passed on."""
    if not environment.get("TMUX"):
        return None, None
    try:
        asked = subprocess.run(
            ["tmux", "display-message", "-p", "#{client_termfeatures}|#{allow-passthrough}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TMUX_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    features, _, passthrough = asked.stdout.strip().partition("|")
    return features or None, passthrough or None
