"""What a run's log adds up to; each reading takes in only the lines that are new."""

from pathlib import Path

from vae_tui.run import events
from vae_tui.run.config import RANGES
from vae_tui.run.events import (
    EpochEnded,
    Event,
    LossesMeasured,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    SettingChanged,
)
from vae_tui.run.files import LineTail


class LogProgress:
    """Follows one log; knows no config and no trainer."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._tail = LineTail(log)
        self._restarts = 0
        self._seen: tuple[int, int, int] | None = None
        self._begin()

    def _begin(self) -> None:
        self.epoch = 0.0
        self.epochs = 0
        """As the trainer or the user said last; 0 before."""
        self.settings: dict[str, float] = {}
        """beta and lr, where they were changed, or told of in force."""
        self.tests: list[tuple[int, float, float]] = []
        """Step, reconstruction and KL of each test that no later start made void."""
        self.begun: RunStarted | None = None
        self.ended: RunEnded | None = None
        self.newest: Event | None = None
        self.paused = False

    def read(self) -> None:
        """Take in what has come; a log that began again is read anew.

        Raises:
            OSError: It is there and cannot be read.
        """
        seen = self._signature()
        if seen is not None and seen == self._seen:
            return
        losses = b""
        before = -1
        while self._tail.offset != before:
            before = self._tail.offset
            lines = self._tail.read()
            if self._tail.restarts != self._restarts:
                self._restarts, losses = self._tail.restarts, b""
                self._begin()
            for line in lines:
                if b'"losses_measured"' in line[:40]:
                    losses = line  # of many in a row only the last tells something
                    continue
                self._take(losses)
                self._take(line)
                losses = b""
        self._take(losses)
        self._seen = seen

    def _signature(self) -> tuple[int, int, int] | None:
        """Return what differs when there is something new; to ask is cheaper than to open."""
        try:
            status = self._log.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _take(self, line: bytes) -> None:
        try:
            event = events.decode(line) if line else None
        except ValueError:  # torn or foreign; the others count
            return
        if event is None:
            return
        self.newest = event
        match event:
            case RunStarted():
                self.tests = [test for test in self.tests if test[0] <= event.step]
                self.epoch = event.step / max(event.steps_per_epoch, 1)
                self.epochs = event.epochs or self.epochs
                self.begun, self.ended, self.paused = event, None, False
            case LossesMeasured():
                self.epoch, self.paused = event.epoch, False
                self.settings["lr"] = event.lr
            case EpochEnded():
                self.tests.append((event.step, event.test_bce, event.test_kl))
            case SettingChanged(name="epochs") if event.new in RANGES["epochs"]:
                self.epochs = int(event.new)
            case SettingChanged(name="beta" | "lr"):
                self.settings[event.name] = event.new
            case Paused() | Resumed():
                self.paused = isinstance(event, Paused)
            case RunEnded():
                self.ended = event
