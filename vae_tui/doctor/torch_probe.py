"""Tries torch in a child process: that it is missing, crashes or hangs is a result too."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_tui.doctor.cuda_driver import kernel_module_version
from vae_tui.doctor.torch_child import MARK

TIMEOUT_SECONDS = 20.0
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_KILL_SECONDS = 2.0
_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchReport:
    """The child's answers; those that it did not reach keep their defaults."""

    version: str = ""
    """Empty when torch cannot be imported."""
    built_for_cuda: str = ""
    threads: int = 0
    cpu_precision: str = ""
    """Empty when not reached: the import or a product on the CPU failed."""
    cuda_available: bool | None = None
    """None when not reached."""
    cuda_complaint: str = ""
    """Warnings of torch while it looked for devices."""
    mps_available: bool = False
    devices: tuple[Mapping[str, Any], ...] = ()
    driver: bool = False
    """Whether NVIDIA's driver library is installed."""
    driver_version: str = ""
    """Version of the loaded kernel module, empty where there is none."""
    driver_cuda: str = ""
    """The newest CUDA version that the driver supports."""
    driver_code: int = 0
    """Result of ``cuInit``; 0 is success."""
    error: str = ""
    """The exception that ended the child."""
    died_of: str = ""
    """Name of the signal, or the exit status."""
    timed_out: bool = False
    seconds: float = 0.0


def start_probe() -> "TorchProbe":
    """Start the child."""
    paths = [_PACKAGE_PARENT, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return TorchProbe(
        subprocess.Popen(
            (sys.executable, "-P", "-m", "vae_tui.doctor.torch_child"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # its own children are killed with it
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},  # as for a trainer
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
        answers: dict[str, Any] = {}
        for line in out.splitlines():
            _, marked, answer = line.partition(MARK)
            if marked:
                with contextlib.suppress(ValueError):
                    answers.update(json.loads(answer))
        status = self._process.returncode if output else 0
        if status and "error" not in answers:
            names = {one.value: one.name for one in signal.Signals}
            cause = names.get(-status, f"exit status {status}")  # a real-time signal has no name
            answers.update(died_of=cause, error=err.strip().rpartition("\n")[2][:500])
        return TorchReport(
            **{**answers, "devices": tuple(answers.get("devices", ()))},
            timed_out=output is None,
            seconds=time.monotonic() - self._began,
            driver_version=kernel_module_version(),
        )

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
