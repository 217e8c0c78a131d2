"""Tries torch in a child process: that it is missing, crashes or hangs is a result too."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vae_tui.doctor.torch_child import MARK
from vae_tui.run.control import importing_environment

TIMEOUT_SECONDS = 20.0
_KILL_SECONDS = 2.0
_WAIT_SECONDS = 0.5
_SIGNALS = {one.value: one.name for one in signal.Signals}


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchReport:
    """The child's answers; those that it did not reach keep their defaults."""

    version: str = ""
    built_for_cuda: str = ""
    threads: int = 0
    cpu_precision: str = ""
    """What ``--precision auto`` is on the CPU; empty too when a product on the CPU failed."""
    cuda_available: bool | None = None
    cuda_complaint: str = ""
    """Warnings of torch while it looked for devices."""
    mps_available: bool = False
    devices: Sequence[Mapping[str, Any]] = ()
    driver: bool = False
    """Whether NVIDIA's driver library is installed."""
    driver_version: str = ""
    """Version of the loaded kernel module, empty where there is none."""
    driver_cuda: str = ""
    """As `CudaDriver.cuda`."""
    driver_code: int = 0
    """As `CudaDriver.status`."""
    error: str = ""
    """The exception that ended the child."""
    died_of: str = ""
    """Name of the signal, or the exit status."""
    timed_out: bool = False
    seconds: float = 0.0


def start_probe() -> "TorchProbe":
    """Start the child."""
    return TorchProbe(
        subprocess.Popen(
            (sys.executable, "-P", "-m", "vae_tui.doctor.torch_child"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # its own children are killed with it
            env=importing_environment(),
        )
    )


class TorchProbe:
    """A running child that tries torch."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._began = time.monotonic()
        self._process = process

    def report(self, timeout: float = TIMEOUT_SECONDS) -> TorchReport:
        """Return the answers given within ``timeout`` seconds of the start; ends the child."""
        output = None
        while output is None and (left := self._began + timeout - time.monotonic()) > 0:
            # In short steps: an interrupt just before a wait is handled only after that wait.
            with contextlib.suppress(subprocess.TimeoutExpired):
                output = self._process.communicate(timeout=min(left, _WAIT_SECONDS))
        out, err = (text.decode("utf-8", "replace") for text in output or self._kill())
        answers = _answers(out)
        status = self._process.returncode if output else 0
        if status and "error" not in answers:
            answers["died_of"] = _SIGNALS.get(-status, f"exit status {status}")
            answers["error"] = err.strip().rpartition("\n")[2][:500]
        seconds = time.monotonic() - self._began
        return TorchReport(**answers, timed_out=output is None, seconds=seconds)

    def close(self) -> None:
        """Kill the child if it is still running."""
        if self._process.poll() is None:
            self._kill()

    def _kill(self) -> tuple[bytes, bytes]:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        try:
            return self._process.communicate(timeout=_KILL_SECONDS)
        except subprocess.TimeoutExpired as stuck:  # inside a driver call that never returns
            return stuck.stdout or b"", stuck.stderr or b""


def _answers(output: str) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for line in output.splitlines():
        _, marked, answer = line.partition(MARK)
        if marked:
            with contextlib.suppress(ValueError):  # torn
                answers |= json.loads(answer)
    return answers
