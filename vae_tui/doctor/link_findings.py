"""How long the terminal takes to answer, and how fast what is sent reaches it."""

import os
import random
import select
import termios
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vae_tui.doctor.finding import Finding, note, ok
from vae_tui.text import size

PATIENCE_SECONDS = 1.0
SLOW_ROUND_TRIP_SECONDS = 0.3
SLOW_BYTES_A_SECOND = 64 * 1024
"""Charts and digits of 80x24 are some 10 KB a time."""
LOAD_BYTES = 16 * 1024

_ASK_WHERE = b"\x1b[6n"
_ANSWER_ENDS = b"R"


@dataclass(frozen=True, slots=True)
class Link:
    """What was measured."""

    round_trip_seconds: float | None
    """None when the terminal did not answer."""
    bytes_a_second: float = 0.0
    """0 where it was not measured; what the terminal takes to draw is in it."""


def measure(
    incoming: int,
    outgoing: int,
    *,
    load: bool,
    patience: float = PATIENCE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Link:
    """Ask the terminal where its cursor is, alone and behind a load of colours nobody sees.

    Args:
        incoming: What the terminal answers on.
        outgoing: What it shows.
        load: Send the load: the terminal knows 256 colours.
        patience: Seconds to wait for an answer.
        clock: Seconds that only grow.
    """
    before = termios.tcgetattr(incoming)
    try:
        tty.setcbreak(incoming, termios.TCSANOW)
        quick = _time_of_answer(incoming, outgoing, b"", patience, clock)
        if quick is None or not load:
            return Link(quick)
        loaded = _time_of_answer(incoming, outgoing, _colours(LOAD_BYTES), 10 * patience, clock)
        return Link(quick, LOAD_BYTES / max((loaded or 10 * patience) - quick, 1e-3))
    finally:
        termios.tcsetattr(incoming, termios.TCSANOW, before)


def judge_link(link: Link) -> Iterator[Finding]:
    """Yield what is to be said of it."""
    if link.round_trip_seconds is None:
        yield ok("link", "the terminal does not tell where its cursor is: not measured")
        return
    text = f"{link.round_trip_seconds * 1000:.0f} ms there and back"
    slow = link.round_trip_seconds > SLOW_ROUND_TRIP_SECONDS
    if link.bytes_a_second:
        text += f", {size(link.bytes_a_second)}B/s"
        slow = slow or link.bytes_a_second < SLOW_BYTES_A_SECOND
    if slow:
        yield note("link", f"{text}: pictures will come slowly", "ssh -C HOST")
    else:
        yield ok("link", text)


def _time_of_answer(
    incoming: int, outgoing: int, load: bytes, patience: float, clock: Callable[[], float]
) -> float | None:
    began = clock()
    unsent = load + _ASK_WHERE
    while unsent:
        unsent = unsent[os.write(outgoing, unsent) :]
    answer = b""
    while (left := began + patience - clock()) > 0:
        if select.select([incoming], [], [], left)[0]:
            block = os.read(incoming, 1024)
            answer += block
            if not block:
                return None
            if b"\x1b[" in answer and answer.endswith(_ANSWER_ENDS):
                return clock() - began
    return None


def _colours(count: int) -> bytes:
    """Return about ``count`` bytes as hard to compress as a picture's, which show nothing."""
    generator = random.Random(1)
    ramp = (f"\x1b[38;5;{generator.randrange(232, 256)}m" for _ in range(count // 11))
    return "".join(ramp).encode() + b"\x1b[0m"
