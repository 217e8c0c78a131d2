"""The file that Textual writes to: takes updates at once, sends the changes as the link allows.

Textual's own writer holds thirty writes and then blocks the event loop, so that on a slow link
keys wait for outdated pictures. Here updates are merged in a `ScreenDiff`; a thread sends what is
still current when the link has room for it.
"""

import math
import os
import re
import select
import threading
import time
from collections.abc import Callable

from vae_tui.tui.link.flow_control import FlowControl
from vae_tui.tui.link.screen_diff import ScreenDiff

SYNC_BEGIN, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
"""Between them the terminal draws nothing, so that no half picture is seen."""
QUERY = "\r\x1b[6n"
"""Queries the cursor position, always from column 1: ``CSI 1 ; 2 R`` is also shift+F3."""
_OTHER_SCREEN = re.compile(r"\x1b\[\?1049[hl]")
_NOT_DRAWN = re.compile(
    r"(?:\x1b\[[?>=<]?[\d;]*(?:\$p|[hlnctu])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x07"
    r"|\x1bP(?:[^\x1b]|\x1b\x1b)*\x1b\\|\x1bP\x1b\][^\x07\x1b]*\x07\x1b\\)+"
)
"""Modes, queries, titles, the clipboard, what tmux and screen pass on: it changes no cell."""
PIECE_BYTES = 1024
"""Written at once: between two pieces it is known whether the terminal's buffer is full."""
POLL_SECONDS, LONGEST_WAIT_SECONDS = 0.01, 0.5
"""Between checks of a condition that nothing signals, and of one whose signal may be lost."""
CLOSING_SECONDS = 2.0
"""A link that accepts nothing for this long does not keep the program from ending."""


class TerminalWriter:
    """A text file in front of a terminal's descriptor; may be written to from any thread."""

    def __init__(
        self,
        descriptor: int,
        encode: Callable[[str], bytes],
        flow: FlowControl,
        is_ours: Callable[[], bool] = lambda: True,
        *,
        has_truecolor: bool = True,
    ) -> None:
        """Write to ``descriptor`` while ``is_ours``; what comes meanwhile is dropped."""
        self._descriptor = descriptor
        self._is_ours = is_ours
        self._encode = encode
        self._diff = ScreenDiff(has_truecolor=has_truecolor)
        self._control: list[str] = []
        self._syncs = self._is_writing = self._is_broken = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._behind_since: float | None = None
        self._held_until = -math.inf
        self.flow = flow

    @property
    def seconds_behind(self) -> float:
        """For how long there has been more to send than could be sent."""
        since, now = self._behind_since, time.monotonic()
        return 0.0 if since is None or now < self._held_until else now - since

    def write(self, text: str) -> int:
        """Take an update of cells, or control sequences."""
        with self._changed:
            if text in (SYNC_BEGIN, SYNC_END):
                self._syncs = True
            elif _OTHER_SCREEN.search(text):
                self._diff.invalidate()
                self._control.append(text)
            elif _NOT_DRAWN.fullmatch(text):
                self._control.append(text)
            elif not self._diff.update(text):
                # Its effect on the cells is unknown: send what is pending, then it, then all anew.
                self._control += [self._diff.changes(), text]
                self._diff.invalidate()
            if self._behind_since is None:
                self._behind_since = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._send, name="terminal", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return len(text)

    def flush(self) -> None:
        """Do nothing: the thread sends as soon as it may. Textual calls it."""

    def reported(self) -> None:
        """Note that the terminal has displayed everything up to a query."""
        with self._changed:
            self.flow.reported()
            self._changed.notify_all()

    def invalidate(self) -> None:
        """Forget what the terminal shows; the caller has everything drawn again."""
        with self._changed:
            self._diff.invalidate()

    def resize(self, width: int, height: int) -> None:
        """Take the terminal's new size; all that is within it is sent again."""
        with self._changed:
            self._diff.resize(width, height)
            self._changed.notify_all()

    def hold(self, seconds: float) -> None:
        """Send no cells until `release`, at most for ``seconds``; control sequences are sent."""
        with self._changed:
            self._held_until = time.monotonic() + seconds

    def release(self) -> None:
        """Send the cells as they are now."""
        with self._changed:
            self._held_until = -math.inf
            if self._behind_since is not None:  # not because of the link
                self._behind_since = time.monotonic()
            self._changed.notify_all()

    def settle(self, seconds: float = CLOSING_SECONDS) -> None:
        """Wait, at most ``seconds``, until all is written and no report is outstanding.

        A report that arrives after the end would be typed into the shell.
        """
        deadline = time.monotonic() + seconds
        self.release()
        with self._changed:
            while self._has_more() or self._is_writing or self.flow.awaits_report:
                left = deadline - time.monotonic()
                if left <= 0 or self._is_broken:
                    break
                self._changed.wait(min(left, POLL_SECONDS))

    def abandon(self) -> None:
        """Treat the terminal as gone: write nothing more, wait for nothing."""
        with self._changed:
            self._is_broken = True
            self._changed.notify_all()

    def end(self) -> None:
        """Let the thread end; another write starts a new one."""
        with self._changed:
            self._thread = None
            self._changed.notify_all()

    def _send(self) -> None:
        while block := self._next_block():
            try:
                self._write_all(block)
            except OSError:  # the terminal is gone: its hang-up ends the program
                self._is_broken = True
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _next_block(self) -> bytes:
        """Wait until something may be sent, and count it as sent.

        Returns no bytes when the thread is to end.
        """
        with self._changed:
            while self._thread is threading.current_thread() and not self._is_broken:
                held = self._held_until - time.monotonic()
                allowance = 0 if held > 0 else self.flow.allowance()
                changes = self._diff.changes(allowance) if allowance else ""
                if changes and self._syncs:
                    changes = SYNC_BEGIN + changes + SYNC_END
                block = self._encode("".join(self._control) + changes)
                self._control.clear()
                if not block and not self._has_more():
                    self._behind_since = None
                    self._changed.wait()
                    continue
                if changes:
                    is_query = self.flow.should_query(len(block))
                else:
                    is_query = not block and self.flow.needs_query
                if is_query:
                    block += QUERY.encode()
                if block:
                    self._is_writing = True
                    self.flow.sent(len(block))
                    if is_query:  # noted now: the report may come before the write ends
                        self.flow.queried()
                    return block
                # A silent terminal does not say when there is room again.
                wait = LONGEST_WAIT_SECONDS if self.flow.reports else POLL_SECONDS
                self._changed.wait(held if 0 < held < wait else wait)
        return b""

    def _has_more(self) -> bool:
        return bool(self._control) or not self._diff.is_settled

    def _has_room(self, seconds: float) -> bool:
        return bool(select.select([], [self._descriptor], [], seconds)[1])

    def _write_all(self, block: bytes) -> None:
        while block and not self._is_broken:
            if not self._has_room(0):
                self.flow.full()
                while not self._is_broken and not self._has_room(LONGEST_WAIT_SECONDS):
                    pass
            descriptor, piece = self._descriptor, block[:PIECE_BYTES]
            try:
                # The write follows at once: a process that is stopped in between writes the piece
                # when it is continued, in the background too, and nothing can forbid that.
                if not self._is_ours():  # the shell has it; everything is drawn again afterwards
                    return
                count = os.write(descriptor, piece)
            except BlockingIOError:  # less room, and non-blocking
                continue
            self.flow.written(count)
            block = block[count:]
