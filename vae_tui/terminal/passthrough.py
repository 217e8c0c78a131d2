"""Wraps control sequences so that tmux and GNU screen pass them on to the user's own terminal."""

from collections.abc import Mapping


def wrapped(sequence: str, environment: Mapping[str, str]) -> str:
    """Return the sequence, wrapped if the environment is that of tmux or screen.

    tmux also needs ``set -g allow-passthrough on``, which is off by default since version 3.3.
    """
    if environment.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environment.get("TERM", "").startswith("screen"):
        return "\x1bP" + sequence + "\x1b\\"
    return sequence
