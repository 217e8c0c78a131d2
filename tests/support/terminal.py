"""A program in a real pseudo-terminal, its screen read by pyte, an independent emulator."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte
from support.processes import PATIENCE_SECONDS, processes

PROGRAM = [sys.executable, "-m", "vae_tui"]


class ForgivingScreen(pyte.Screen):
    """Ignores a control sequence with parameters that it cannot have.

    A program stopped in the middle of a sequence leaves the shell's output to complete it.
    """


def _forgiving(name: str) -> Callable[..., None]:
    def handle(self: ForgivingScreen, *parameters: int, **more: bool) -> None:
        with contextlib.suppress(TypeError):
            getattr(super(ForgivingScreen, self), name)(*parameters, **more)

    return handle


for _name in set(pyte.Stream.csi.values()):
    setattr(ForgivingScreen, _name, _forgiving(_name))


class Terminal:
    """Runs a command in a new pseudo-terminal; ``text`` is what a user would read."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.bytes_received = 0
        self._screen = ForgivingScreen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.began = time.monotonic()
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            set_size(0, columns, rows)  # before the program can ask
            if cwd is not None:
                os.chdir(cwd)
            os.execvpe(command[0], list(command), {**plain_environment(), **(environment or {})})

    @property
    def text(self) -> str:
        """The screen as it is now.

        Not pyte's ``display``, which looks up the width of each character: ten times as long.
        """
        rows, columns = range(self._screen.lines), range(self._screen.columns)
        lines = (self._screen.buffer[y] for y in rows)
        return "\n".join("".join(line[x].data for x in columns) for line in lines)

    @property
    def screen(self) -> pyte.Screen:
        """Cells with their colours."""
        return self._screen

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size."""
        set_size(self.descriptor, columns, rows)
        self._screen.resize(rows, columns)

    def type(self, keys: str) -> None:
        """Press keys, given as what a terminal sends."""
        os.write(self.descriptor, keys.encode())

    def read(self, seconds: float = 0.05) -> bool:
        """Show what arrives within ``seconds``; return False once the program hung up."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.descriptor], [], [], left)[0]:
                break
            try:
                block = os.read(self.descriptor, 1 << 16)
            except OSError:
                return False
            if not block:
                return False
            self.show(block)
        return True

    def show(self, block: bytes) -> None:
        """Show what the program, or anything else, wrote to the terminal."""
        self.bytes_received += len(block)
        self._stream.feed(block)

    def wait_for(
        self, condition: str | Callable[[str], object], seconds: float = PATIENCE_SECONDS
    ) -> float:
        """Wait until the screen shows a text or meets a condition; return the seconds since start.

        Raises:
            AssertionError: It does not within ``seconds``; the message holds the screen.
        """
        deadline, next_look, seen = time.monotonic() + seconds, 0.0, -1
        while (now := time.monotonic()) < deadline:
            alive = self.read(0.02)
            # Reading pyte's screen costs milliseconds: look again when something has arrived.
            if self.bytes_received != seen or now > next_look or not alive:
                seen, next_look, text = self.bytes_received, now + 0.2, self.text
                if condition in text if isinstance(condition, str) else condition(text):
                    return time.monotonic() - self.began
            if not alive:
                break
        raise AssertionError(f"not within {seconds} s: {condition}\n{self.text}")

    def wait_for_end(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait until the program ends and return its exit code (128 + signal when killed)."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read(0.02)
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.pid = 0
                while self.read(0.05):
                    if not select.select([self.descriptor], [], [], 0)[0]:
                        break
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
        raise AssertionError(f"still running after {seconds} s\n{self.text}")

    def close(self) -> None:
        """Hang up, as a dropped connection does, and wait for the program; kill it after 5 s."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        if self.pid:
            try:
                self._reap(5.0)
            finally:
                self.pid = 0

    def kill(self) -> None:
        """Kill all of the terminal's session, reap the program and close the terminal.

        The program may have ended, and it may have been reaped.
        """
        if self.pid:
            session = {each.pid for each in processes() if each.session == self.pid}
            for pid in {self.pid} | session:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
            self.pid = 0
        self.close()

    def hang_up(self) -> None:
        """Close the terminal's other end, without waiting for the program."""
        os.close(self.descriptor)
        self.descriptor = -1

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reap(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class RawTerminal(Terminal):
    """A terminal that also keeps every byte sent to it."""

    def __init__(self, *arguments, **more):
        self.raw = bytearray()
        super().__init__(*arguments, **more)

    def show(self, block: bytes) -> None:
        self.raw += block
        super().show(block)


def set_size(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def plain_environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("COLORTERM", "NO_COLOR", "TMUX", "SSH_CONNECTION", "COLUMNS", "LINES")
        and not name.startswith("VAE_TUI_")
    }
    # pyte knows nothing of the kitty keyboard protocol and would show its queries.
    kitty_off = {"TEXTUAL_DISABLE_KITTY_KEY": "1"}
    state = {"XDG_STATE_HOME": str(Path(tempfile.gettempdir(), "vae-tui-tests"))}
    return {**kept, **kitty_off, **state, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
