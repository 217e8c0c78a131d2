"""The real program in pseudo-terminals, on the runs of one folder."""

import contextlib
import os
import signal
import subprocess
import time

from support.processes import PATIENCE_SECONDS, give_way, wait_until
from support.terminal import PROGRAM, RawTerminal

from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import all_runs
from vae_tui.run.summary import summarise

LEAVE_ALTERNATE_SCREEN = b"\x1b[?1049l"
SHOW_CURSOR = b"\x1b[?25h"


class Shell:
    """Runs the program on the runs of one folder."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.runs_dir = folder / "runs"
        self.environment = {
            "VAE_TUI_RUNS_DIR": str(self.runs_dir),
            "VAE_TUI_DATA_DIR": str(folder / "nothing"),
            # One thread each: the suite shares two cores.
            "OMP_NUM_THREADS": "1",
        }
        self.terminals: list[RawTerminal] = []

    def screen(self, *arguments: str, columns: int = 80, rows: int = 24, **more: str):
        terminal = RawTerminal(
            [*PROGRAM, *arguments],
            columns=columns,
            rows=rows,
            environment={**self.environment, **more},
            cwd=self.folder,
        )
        self.terminals.append(terminal)
        return terminal

    def train(self):
        """Return a screen of a new run whose trainer has begun, and gives way from now on."""
        terminal = self.screen("--epochs", "5000", "--hidden", "32")
        terminal.wait_for(lambda _: any(run.weights.exists() for run in all_runs(self.runs_dir)))
        give_way(self.trainer)
        return terminal

    def answer(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROGRAM, *arguments],
            env={**os.environ, **self.environment},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    @property
    def run(self) -> Run:
        (run,) = all_runs(self.runs_dir)
        return run

    @property
    def trainer(self) -> int:
        """The process id of the one run's trainer."""
        pid = self.run.pid()
        assert pid is not None
        return pid

    @property
    def state(self) -> str:
        return summarise(self.run).state

    def end_everything(self) -> None:
        """Kill the screens and end the trainers, whatever state a failed test left them in."""
        for terminal in self.terminals:
            terminal.kill()
        for run in all_runs(self.runs_dir):
            _end_trainer(run)
        left = {run.name: run.pid() for run in all_runs(self.runs_dir) if run.is_live()}
        assert not left, f"trainers that cannot be ended: {left}"


def _end_trainer(run: Run) -> None:
    """Terminate the run's trainer, and kill it after 5 s."""
    began = time.monotonic()
    while (pid := run.pid()) is not None and time.monotonic() < began + 20:
        number = signal.SIGKILL if time.monotonic() > began + 5 else signal.SIGTERM
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(pid, number)
        time.sleep(0.02)


def assert_it_goes_on(run: Run) -> None:
    """Assert that the trainer is alive and reports."""
    assert run.is_live()
    size = run.events.stat().st_size
    wait_until(lambda: run.events.stat().st_size > size)
    assert run.is_live()


def assert_restored(terminal: RawTerminal) -> None:
    """Assert that the terminal was handed back as it was taken."""
    end = bytes(terminal.raw)
    assert end.rindex(LEAVE_ALTERNATE_SCREEN) > end.rindex(b"\x1b[?1049h")
    assert end.rindex(SHOW_CURSOR) > end.rindex(b"\x1b[?25l")
    for mode in (b"1000", b"1003", b"2004"):
        if b"\x1b[?" + mode + b"h" in end:
            assert end.rindex(b"\x1b[?" + mode + b"l") > end.rindex(b"\x1b[?" + mode + b"h")
