"""The file that Textual writes to: takes updates at once, sends what differs as the link allows.

Textual's own writer holds thirty writes and then blocks the event loop, so that on a slow link
keys wait for outdated pictures. Here updates are merged in a `ScreenDiff`; a thread sends what is
still current when the link has room for it.
"""

import os
import re
import select
import threading
import time
from collections.abc import Callable

from vae_tui.tui.link.link_speed import Link
from vae_tui.tui.link.screen_diff import ScreenDiff

SYNC_BEGIN, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
"""Between them the terminal draws nothing, so that no half picture is seen."""
QUESTION = "\x1b[6n"
_OTHER_SCREEN = re.compile(r"\x1b\[\?1049[hl]")
_NOT_DRAWN = re.compile(
    r"(?:\x1b\[[?>=<]?[\d;]*(?:\$p|[hlnctu])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x07)+"
)
"""Modes, questions, titles, the clipboard: nothing that stands in a cell."""
POLL_SECONDS, ANSWER_SECONDS = 0.01, 0.5
PARTING_SECONDS = 2.0
"""A link that takes nothing for so long does not keep the program from ending."""


class TerminalWriter:
    """A text file in front of a terminal; write from any thread."""

    encoding = "utf-8"

    def __init__(
        self,
        descriptor: int,
        encode: Callable[[str], bytes],
        link: Link,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write to ``descriptor``, in bytes that ``encode`` makes, as ``link`` allows."""
        self._descriptor = descriptor
        self._encode = encode
        self._clock = clock
        self._diff = ScreenDiff()
        self._aside: list[str] = []
        self._syncs = False
        self._is_writing = False
        self._is_broken = False
        self._is_stale = False
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None
        self._behind_since: float | None = None
        self.link = link
        self._busy_seconds = 0.0

    @property
    def busy_seconds(self) -> float:
        """For how long, in all, there was more to send than could go out."""
        return self._busy_seconds + self.seconds_behind

    @property
    def seconds_behind(self) -> float:
        """For how long there has been more to send than could go out."""
        since = self._behind_since
        return 0.0 if since is None else self._clock() - since

    # What Textual asks of a file

    def write(self, text: str) -> int:
        """Take in an update, or what else is for the terminal."""
        with self._turn:
            self._heed_forgetting()
            if text in (SYNC_BEGIN, SYNC_END):
                self._syncs = True
            elif _OTHER_SCREEN.search(text):
                self._diff.forget()
                self._aside.append(text)
            elif _NOT_DRAWN.fullmatch(text):
                self._aside.append(text)
            elif not self._diff.tell(text):
                # What it draws is not known: all before goes out, then it, then all anew.
                self._aside += [self._diff.changes(), text]
                self._diff.forget()
            if self._behind_since is None:
                self._behind_since = self._clock()
            if self._thread is None:
                self._thread = threading.Thread(target=self._send, name="writer", daemon=True)
                self._thread.start()
            self._turn.notify_all()
        return len(text)

    def flush(self) -> None:
        """Nothing: what can go out goes out."""

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return os.isatty(self._descriptor)

    # What the driver tells

    def answered(self) -> None:
        """Take in that the terminal has shown all up to a question."""
        with self._turn:
            self.link.answered()
            self._turn.notify_all()

    def key_came(self) -> None:
        """Take in that the user pressed a key, or a button of the mouse."""
        self.link.key_came()

    def forget(self) -> None:
        """Take what the terminal shows for unknown; whoever calls has everything drawn again.

        For signal handlers too: takes no lock.
        """
        self._is_stale = True

    def settle(self, seconds: float = PARTING_SECONDS) -> None:
        """Wait until all is written and no answer is on its way, at most so long.

        An answer that comes after the end would be typed into the shell.
        """
        deadline = time.monotonic() + seconds
        with self._turn:
            while self._has_more() or self._is_writing or self.link.awaits_answer:
                left = deadline - time.monotonic()
                if left <= 0 or self._is_broken:
                    break
                self._turn.wait(min(left, POLL_SECONDS))

    def abandon(self) -> None:
        """Take the terminal for gone: nothing more is written, and nothing waited for."""
        with self._turn:
            self._is_broken = True
            self._turn.notify_all()

    def end(self) -> None:
        """Let the thread end; another write begins a new one."""
        with self._turn:
            self._thread = None
            self._turn.notify_all()

    # The thread

    def _send(self) -> None:
        while not self._is_broken:
            with self._turn:
                block, is_pressed = self._next_block()
                if not block:
                    return
                self._is_writing = True
                self.link.sent(len(block))
                if block.endswith(QUESTION.encode()):  # its answer may come before the write ends
                    self.link.asked(is_pressed=is_pressed)
            began, was_full = self._clock(), False
            try:
                had_room = self._has_room()
                self._write_all(block)
                was_full = not (had_room and self._has_room())
            except OSError:  # the terminal is gone: its hang-up ends the program
                self._is_broken = True
            seconds = self._clock() - began  # without the wait for our turn
            with self._turn:
                self._is_writing = False
                self.link.waited(len(block), seconds, was_full=was_full, is_pressed=is_pressed)
                self._turn.notify_all()

    def _next_block(self) -> tuple[bytes, bool]:
        """Wait until something may go out; return it, and whether more was to go.

        Nothing when the thread is to end.
        """
        while self._thread is threading.current_thread() and not self._is_broken:
            self._heed_forgetting()
            allowance = self.link.allowance()
            if self._aside or (not self._diff.is_settled and allowance != 0):
                aside, self._aside = "".join(self._aside), []
                changes = self._diff.changes(allowance) if allowance != 0 else ""
                if changes and self._syncs:
                    changes = SYNC_BEGIN + changes + SYNC_END
                if aside or changes:
                    block = self._encode(aside + changes)
                    if changes and self.link.is_to_be_asked(len(block)):
                        block += QUESTION.encode()
                    return block, not self._diff.is_settled
            if self._has_more() and self.link.is_stuck:
                return QUESTION.encode(), False
            if self._has_more():
                # Without answers nobody says when there is room again.
                self._turn.wait(ANSWER_SECONDS if self.link.answers else POLL_SECONDS)
            else:
                self._take_stock()
                self._turn.wait()
        return b"", False

    def _heed_forgetting(self) -> None:
        if self._is_stale:
            self._is_stale = False
            self._diff.forget()

    def _take_stock(self) -> None:
        if self._behind_since is not None:
            self._busy_seconds, self._behind_since = self.busy_seconds, None

    def _has_more(self) -> bool:
        return bool(self._aside) or not self._diff.is_settled

    def _has_room(self) -> bool:
        return bool(select.select([], [self._descriptor], [], 0)[1])

    def _write_all(self, block: bytes) -> None:
        while block:
            block = block[os.write(self._descriptor, block) :]
