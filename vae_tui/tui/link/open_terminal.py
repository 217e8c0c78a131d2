"""Descriptors of the terminal that do not block, while the one the shell shares still does."""

import functools
import os


def open_without_blocking(terminal: int) -> int:
    """Open a terminal again so that it does not block; return the same one if that fails.

    When the shell has already read the key, a read that blocks would keep our thread from ending.
    The descriptor that the shell shares must stay blocking.
    """
    try:
        return os.open(os.ttyname(terminal), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:  # no terminal, or one without a name in this container
        return terminal


@functools.cache
def open_for_writing(terminal: int) -> int:
    """Return a descriptor of the terminal for all drivers of this process, which does not block.

    A write that blocks in the middle of a piece would go on after ``bg``, among the shell's lines.
    """
    return open_without_blocking(terminal)
