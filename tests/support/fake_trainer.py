"""A thread that holds a run's lock and answers its commands, as a trainer's process does."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from support.processes import PATIENCE_SECONDS
from support.run_events import NOW

from vae_tui.run import commands, events
from vae_tui.run.commands import Command
from vae_tui.run.events import CommandRefused, Event, Paused, Resumed, RunEnded, SettingChanged
from vae_tui.run.files import LineTail, append
from vae_tui.run.folder import Run

STEP = 1_234
FAREWELL_SECONDS = 0.2
"""Between its last event and its end, as Python and torch need to leave."""


class FakeTrainer:
    """Answers every command at step `STEP` and a fixed time until it is stopped."""

    def __init__(self, run: Run, refuse: str = "", time: float = NOW) -> None:
        self.run = run
        self.ready = threading.Event()
        self.ended = threading.Event()
        self._refuse = refuse
        self._at = {"time": time, "step": STEP}
        self._tail = LineTail(run.commands)

    def work(self) -> None:
        lock = self.run.take_lock()
        self.ready.set()
        try:
            while not self.ended.is_set():
                for line in self._tail.read():
                    for event in self._answers(commands.decode(line)):
                        append(self.run.events, events.encode(event))
                self.ended.wait(0.01)
            self.ended.wait(FAREWELL_SECONDS)
        finally:
            os.close(lock)

    def _answers(self, command: Command) -> Iterator[Event]:
        at = self._at
        match command.command:
            case "pause":
                yield Paused(**at)
            case "resume":
                yield Resumed(**at)
            case "stop":
                yield RunEnded(**at, reason="stopped")
                threading.Timer(FAREWELL_SECONDS, self.ended.set).start()
            case "set" if command.setting == self._refuse:
                yield CommandRefused(**at, command_id=command.id, why="it cannot be")
            case "set":
                change = {"name": command.setting, "old": 1.0, "new": command.value}
                yield SettingChanged(**at, **change, command_id=command.id)


@contextmanager
def fake_trainer(run: Run, refuse: str = "", time: float = NOW) -> Iterator[FakeTrainer]:
    """Let a thread be the run's trainer; it refuses to change the setting ``refuse``.

    Its events are of one ``time``, in Unix seconds.
    """
    trainer = FakeTrainer(run, refuse, time)
    thread = threading.Thread(target=trainer.work)
    thread.start()
    assert trainer.ready.wait(PATIENCE_SECONDS)
    try:
        yield trainer
    finally:
        trainer.ended.set()
        thread.join()
