"""The terminal this process was started in, as a frozen value."""

import locale
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from vae_tui.terminal.capabilities import is_multiplexed

VALUES = ("TERM", "COLORTERM", "NO_COLOR", "TEXTUAL_COLOR_SYSTEM", "LC_ALL", "LC_CTYPE", "LANG")
PRESENCE = ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "MOSH_CONNECTION", "HOME")
"""Variables of which only the presence is kept: their values name hosts and people."""


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
    def ssh(self) -> bool:
        """Whether the terminal is at the other end of an SSH connection."""
        return not self.environment.keys().isdisjoint({"SSH_CONNECTION", "SSH_TTY"})

    @property
    def is_direct(self) -> bool:
        """Whether the terminal itself answers queries, not a multiplexer or mosh."""
        return not is_multiplexed(self.environment)


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


def _tmux_options() -> tuple[str | None, str | None]:
    """Return the outer terminal's features and ``allow-passthrough``, None where unknown."""
    try:
        answer = subprocess.run(
            ["tmux", "display-message", "-p", "#{client_termfeatures}|#{allow-passthrough}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=2.0,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    features, _, passthrough = answer.stdout.strip().partition("|")
    return features or None, passthrough or None
