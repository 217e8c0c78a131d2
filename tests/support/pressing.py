"""Presses anything on the real program's terminal, for hours if asked, and reads what it says.

The terminal is not emulated: bytes are drained, tracebacks and silence looked for.
"""

import contextlib
import os
import pty
import random
import select
import signal
import termios
import time
from collections import deque
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from support.processes import PATIENCE_SECONDS
from support.terminal import PROGRAM, plain_environment, set_size

LONGEST_DRAIN_SECONDS = 0.1
ASKED_EVERY = 100
"""Actions between two questions whether the program still answers."""
HELP_SAYS = b"everywhere"

ARROWS = [f"\x1b[{how}" for how in ("A", "B", "C", "D", "1;2A", "1;2C", "1;2D", "1;5C")]
NAMED = [
    *ARROWS, *ARROWS, "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~", "\x1b[2~", "\x1b[3~", "\x1b[Z",
    *("\t", "\r", "\r", " ", " ", "\x7f", "\x1b", "\x1b", "\x1bOP", "\x1b[15~", "\x1b[24~"),
    *("\x1ba", "\x1b\x1b", "\x1b[97;5u", "\x1b[57399u"),
]  # fmt: skip
VIEWS = list("1234567")
OWN = [*"ipcu,.eyhlszg+-0xabkdmo?", "\x1b[F"]
CONTROL = [chr(code) for code in range(32) if code not in (3, 17, 27)]
LEAVING = ["q", "\x03", "\x11"]
PALETTE = ["\x10", "\x10\x1b[6~", "\x10\x1b[5~", "\x10pause\r", "\x10\x1b[6~\x1b[5~\x1b[F\r"]
# Not ?2048;2$y: who says that sizes are reported in band, and does not, sends no size any more.
ODD = [
    b"\x00", b"\xff", b"\xc3(", b"\xe2\x96", b"\xf0\x9f\x98\x80", b"\x9b31m", b"\x1b[",
    b"\x1b[<0;1",
    b"\x1b]11;rgb:ffff/ffff/ffff\x07", b"\x1b]11;", b"\x1b\\", b"\x1b[?1;2c", b"\x1b[999;999R",
    b"\x1b[?2026;2$y", b"\x1b[?2048;0$y", b"\x1b[48;0;0;0;0t", b"\x1b[48;24;80;480;640t",
    b"\x1bP>|xterm\x1b\\", b"\x1b[I", b"\x1b[O", b"\x1b[O\x1b[I", b"\x1b[200~pasted\x1b[201~",
    b"\x1b[200~" + b"long\n" * 500 + b"\x1b[201~", b"\x1b[200~\x1b]0;x\x07\x00\xff\x1b[201~",
    b"\x1b[200~", b"\x1b[201~", b"\x1b[1;99999999999999999999A", b"\x1b[;;;;;m", b"\x1bOx\x1bO",
    b"\x1b[99~", b"\x1b[27;5;9~", b"\x1b[?u", b"\x1b[?5u", b"\x1b_G\x1b\\", b"\x1b^x\x1b\\",
]  # fmt: skip
PLACES = (0, 1, 2, 10, 40, 79, 80, 99, 120, 299, 300, 5_000, 65_536, 2**31, 2**40)

SHELLS_KEYS = (signal.SIGINT, signal.SIGQUIT)
"""What keys end a program by, once it has given the terminal back."""
SCREEN_TAKEN, SCREEN_GIVEN_BACK = b"\x1b[?1049h", b"\x1b[?1049l"


class Pressed:
    """A program on a terminal of its own, and what has been done to it."""

    def __init__(self, command: Sequence[str], folder: Path, seed: object) -> None:
        self.keys = self.resizes = self.starts = self.answers = 0
        self._command = command
        self._folder = folder
        self._dice = random.Random(f"{seed}")
        self._did: deque[object] = deque(maxlen=60)
        self._pid = 0
        self._descriptor = -1
        self._tail = self._heard = b""

    def press(self, keys: int, resizes: int) -> None:
        """Press and resize until so much is done.

        Raises:
            AssertionError: A traceback, a wrong exit code or no answer; the last acts are named.
        """
        self._start()
        every = max(keys // max(resizes, 1), 1)
        until_asked = ASKED_EVERY
        due = every
        while self.keys < keys or self.resizes < resizes:
            self._act(self._some_keys())
            if self.keys >= due:
                due += every
                self._resize(*self._some_size())
            until_asked -= 1
            if until_asked <= 0:
                until_asked = ASKED_EVERY
                self._ask()
        self._ask()
        self._leave()

    def press_each(self, *sequences: bytes) -> None:
        """Press each of these, see after each that the program answers, and leave.

        Raises:
            AssertionError: As ``press``, and when one of them ends the program.
        """
        self._start()
        self._ask()
        for keys in sequences:
            self._act(keys)
            self._ask()
            if self.starts > 1:
                self._fail("it has ended")
        self._leave()

    def close(self) -> None:
        """Leave nothing behind."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, 9)
            os.waitpid(self._pid, 0)
            self._pid = 0
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _some_keys(self) -> bytes:
        dice = self._dice
        kind = dice.random()
        if kind < 0.08:
            return self._mouse()
        if kind < 0.16:
            return dice.choice(ODD)
        if kind < 0.165:
            return dice.choice(LEAVING).encode()
        if kind < 0.19:
            return dice.choice(PALETTE).encode()
        if kind < 0.25:
            return chr(dice.randint(32, 126)).encode().replace(b"q", b"w")
        sets = (NAMED, NAMED, NAMED, OWN, OWN, OWN, VIEWS, CONTROL)
        return "".join(dice.choice(dice.choice(sets)) for _ in range(dice.randint(1, 4))).encode()

    def _mouse(self) -> bytes:
        dice = self._dice
        button = dice.choice((0, 0, 0, 1, 2, 32, 35, 35, 64, 65, 66, 67, 16, 128, 999))
        x, y = (dice.choice(PLACES) if dice.random() < 0.3 else dice.randint(1, 100) for _ in "xy")
        press = f"\x1b[<{button};{x};{y}M"
        return (press + f"\x1b[<{button};{x};{y}m" * (button < 3)).encode()

    def _some_size(self) -> tuple[int, int]:
        dice = self._dice
        if dice.random() < 0.15:
            return dice.choice(((1, 1), (300, 100), (1, 100), (300, 1), (2, 2), (59, 19), (60, 20)))
        return dice.randint(1, 300), dice.randint(1, 100)

    def _start(self) -> None:
        self.close()
        self.starts += 1
        self._tail = b""
        self._pid, self._descriptor = pty.fork()
        if self._pid == 0:
            set_size(0, 100, 30)
            os.chdir(self._folder)
            os.execvpe(self._command[0], list(self._command), plain_environment())
        os.set_blocking(self._descriptor, False)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while SCREEN_TAKEN not in self._tail or self._echoes():
            self._drain(0.02)
            if time.monotonic() > deadline or not self._is_there():
                self._fail("does not start")

    def _echoes(self) -> bool:
        return bool(termios.tcgetattr(self._descriptor)[3] & termios.ECHO)

    def _act(self, keys: bytes) -> None:
        self._did.append(keys)
        self.keys += 1
        self._write(keys)
        self._drain(0.002)
        if not self._is_there():
            self._start()

    def _resize(self, columns: int, rows: int) -> None:
        self._did.append((columns, rows))
        self.resizes += 1
        set_size(self._descriptor, columns, rows)
        self._drain(0.01)

    def _ask(self) -> None:
        """Ask for help, whatever is open; the program must answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for rows in (69, 70):  # a size that is no other is not sent
            set_size(self._descriptor, 110, rows)
            self._drain(0.02)
        while time.monotonic() < deadline:
            self._write(b"\x1b[201~")
            for _ in range(3):
                self._write(b"\x1b")
                self._drain(0.15)  # an escape alone is one only when nothing follows
            if not self._is_there():
                self._start()
                continue
            self._heard = b""
            self._write(b"?")
            self._drain(0.1)
            self._write(b"\x0c")  # all anew: what was there already is not sent again
            until = time.monotonic() + 2.0
            while time.monotonic() < until and HELP_SAYS not in self._heard:
                self._drain(0.02)
                if not self._is_there():
                    break
            if HELP_SAYS in self._heard:
                self.answers += 1
                self._write(b"\x1b")
                self._drain(0.15)
                return
        self._fail("no answer")

    def _leave(self) -> None:
        """Press q, again in the dialog that asks about a live run, until the program has left."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for attempt in count():
            if attempt % 4 == 0:
                self._write(b"\x1b")  # a dialog may be open that takes q as text
                self._drain(0.5)
            self._write(b"q")
            until = time.monotonic() + 2.0
            while time.monotonic() < until:
                self._drain(0.02)
                if not self._is_there():
                    return
            if time.monotonic() > deadline:
                self._fail("cannot be left")

    def _write(self, keys: bytes) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while keys:
            try:
                keys = keys[os.write(self._descriptor, keys) :]
            except BlockingIOError:
                self._drain(0.01)
                if time.monotonic() > deadline:
                    self._fail("reads nothing")
            except OSError:  # it has left
                return

    def _drain(self, seconds: float) -> None:
        """Take in what comes until nothing has come for so long; of what never ends a part."""
        until = time.monotonic() + max(seconds, LONGEST_DRAIN_SECONDS)
        while time.monotonic() < until and select.select([self._descriptor], [], [], seconds)[0]:
            try:
                block = os.read(self._descriptor, 1 << 16)
            except OSError:
                return
            if not block:
                return
            self._tail = (self._tail + block)[-60_000:]
            self._heard = (self._heard + block)[-60_000:]
            if b"Traceback" in self._tail:
                end = time.monotonic() + 1
                while time.monotonic() < end:
                    with contextlib.suppress(OSError):
                        if select.select([self._descriptor], [], [], 0.1)[0]:
                            self._tail += os.read(self._descriptor, 1 << 16)
                self._fail("traceback")

    def _is_there(self) -> bool:
        """Tell whether the program still runs; when it has left, that it did so well."""
        if not self._pid:
            return False
        pid, status = os.waitpid(self._pid, os.WNOHANG | os.WUNTRACED)
        if pid and os.WIFSTOPPED(status):
            os.kill(self._pid, 18)
            return True
        if not pid:
            return True
        self._pid = 0
        self._drain(0.05)
        code = os.waitstatus_to_exitcode(status)
        if code and -code not in SHELLS_KEYS:
            self._fail(f"exit code {code}")
        if self._tail.rfind(SCREEN_GIVEN_BACK) <= self._tail.rfind(SCREEN_TAKEN):
            self._fail("the terminal's own screen is not back")
        lines = termios.tcgetattr(self._descriptor)[3]
        if not lines & termios.ICANON or not lines & termios.ECHO:
            self._fail("the terminal is left raw")
        return False

    def _fail(self, what: str) -> None:
        raise AssertionError(
            f"{what} after {self.keys} keys and {self.resizes} sizes, the last {list(self._did)}\n"
            + self._tail[-6_000:].decode("utf-8", "replace")
        )


def program(run: Path, *more: str) -> list[str]:
    return [*PROGRAM, "attach", str(run), *more]
