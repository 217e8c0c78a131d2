"""Latency and throughput of the connection to the terminal."""

import os
import random
import select
import termios
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass

from vae_tui.doctor.finding import Finding, note, ok
from vae_tui.text import byte_size

TIMEOUT_SECONDS = 1.0
SLOW_ROUND_TRIP_SECONDS = 0.3
SLOW_BYTES_PER_SECOND = 64 * 1024
"""A full repaint of 80x24 is about 10 KB."""
PAYLOAD_BYTES = 16 * 1024
_QUERY_CURSOR = b"\x1b[6n"


@dataclass(frozen=True, slots=True)
class Link:
    """The measured connection."""

    round_trip_seconds: float | None
    """None when the terminal did not answer."""
    bytes_per_second: float = 0.0
    """0 when not measured; includes the time the terminal takes to draw."""


def measure(incoming: int, outgoing: int, *, load: bool, timeout: float = TIMEOUT_SECONDS) -> Link:
    """Time the answer on ``incoming`` to a cursor query on ``outgoing``, alone and with a payload.

    The payload, sent for ``load``, is colour sequences that show nothing; it needs 256 colours, and
    ten times ``timeout`` (in seconds) is allowed for it.
    """
    before = termios.tcgetattr(incoming)
    try:
        tty.setcbreak(incoming, termios.TCSANOW)
        latency = _time_of_answer(incoming, outgoing, b"", timeout)
        if latency is None or not load:
            return Link(latency)
        loaded = _time_of_answer(incoming, outgoing, _payload(), 10 * timeout) or 10 * timeout
        return Link(latency, PAYLOAD_BYTES / max(loaded - latency, 1e-3))
    finally:
        termios.tcsetattr(incoming, termios.TCSANOW, before)


def link_findings(link: Link) -> Iterator[Finding]:
    """Yield the finding on the connection."""
    if link.round_trip_seconds is None:
        yield ok("link", "the terminal does not answer cursor queries: not measured")
        return
    text = f"{link.round_trip_seconds * 1000:.0f} ms round trip"
    is_slow = link.round_trip_seconds > SLOW_ROUND_TRIP_SECONDS
    if link.bytes_per_second:
        text += f", {byte_size(link.bytes_per_second)}/s"
        is_slow = is_slow or link.bytes_per_second < SLOW_BYTES_PER_SECOND
    yield note("link", f"{text}: slow pictures", "ssh -C HOST") if is_slow else ok("link", text)


def _time_of_answer(incoming: int, outgoing: int, payload: bytes, timeout: float) -> float | None:
    began = time.monotonic()
    unsent, answer = payload + _QUERY_CURSOR, b""
    while unsent:
        unsent = unsent[os.write(outgoing, unsent) :]
    while not (b"\x1b[" in answer and answer.endswith(b"R")):
        left = max(began + timeout - time.monotonic(), 0)
        is_ready = select.select([incoming], [], [], left)[0]
        if not is_ready or not (block := os.read(incoming, 1024)):
            return None
        answer += block
    return time.monotonic() - began


def _payload() -> bytes:
    """Return `PAYLOAD_BYTES` or a little less of colour changes, as random as a picture's."""
    colours = random.Random(1).choices(range(232, 256), k=PAYLOAD_BYTES // 11)
    return "".join(f"\x1b[38;5;{colour}m" for colour in colours).encode() + b"\x1b[0m"
