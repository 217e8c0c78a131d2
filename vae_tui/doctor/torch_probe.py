"""Asks torch in a child process: one that cannot be imported, dies or hangs is an answer too."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vae_tui.doctor.torch_child import MARK

PATIENCE_SECONDS = 20.0
CHILD = (sys.executable, "-P", "-m", "vae_tui.doctor.torch_child")

_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_PARTING_SECONDS = 2.0
_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchAnswer:
    """What came of it; fields that were not reached are as if there were nothing."""

    version: str = ""
    """Nothing when torch cannot be imported."""
    built_for_cuda: str = ""
    threads: int = 0
    cpu_precision: str = ""
    cuda_available: bool = False
    cuda_complaint: str = ""
    """What torch warned of when it looked for devices."""
    mps_available: bool = False
    devices: tuple[Mapping[str, Any], ...] = ()
    driver: bool = False
    """NVIDIA's library is there."""
    driver_version: str = ""
    """Of the loaded kernel module; nothing where there is none."""
    driver_cuda: str = ""
    """The newest CUDA that the driver is for."""
    driver_code: int = 0
    """What it said to being started; 0 is well."""
    error: str = ""
    """The exception that ended it."""
    died_of: str = ""
    """A signal's name, or an exit status."""
    timed_out: bool = False
    seconds: float = 0.0
    _reached: tuple[str, ...] = field(default=(), repr=False)

    def reached(self, name: str) -> bool:
        """Tell whether the child came to answer a field."""
        return name in self._reached


class Asking:
    """A child that was asked, and can be waited for while other things are told."""

    def __init__(self, command: Sequence[str] = CHILD) -> None:
        self._began = time.monotonic()
        paths = [_PACKAGE_PARENT, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # whatever it started goes with it
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},  # as a trainer's
        )

    def answer(self, seconds: float = PATIENCE_SECONDS) -> TorchAnswer:
        """Return what it says within ``seconds`` of its start; it is gone after."""
        told = self._await(self._began + seconds)
        timed_out = told is None
        out, err = told or self._end()
        status = None if timed_out else self._process.returncode
        return read_answer(
            out, err, status, seconds=time.monotonic() - self._began, driver=_loaded_driver()
        )

    def _await(self, deadline: float) -> tuple[bytes, bytes] | None:
        """Return what it wrote when it has ended; None when it has not by then.

        In short waits: a ctrl+c just before one begins is heard only when that one is over.
        """
        while True:
            left = max(0.0, deadline - time.monotonic())
            try:
                return self._process.communicate(timeout=min(left, _WAIT_SECONDS))
            except subprocess.TimeoutExpired:
                if not left:
                    return None

    def close(self) -> None:
        """End it, if it is still there."""
        if self._process.poll() is None:
            self._end()

    def _end(self) -> tuple[bytes, bytes]:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        try:
            return self._process.communicate(timeout=_PARTING_SECONDS)
        except subprocess.TimeoutExpired as stuck:  # in a driver that does not come back
            return stuck.stdout or b"", stuck.stderr or b""


def read_answer(
    out: bytes, err: bytes, status: int | None, *, seconds: float = 0.0, driver: str = ""
) -> TorchAnswer:
    """Return the answer from what the child wrote and its exit status, None when it was ended."""
    told: dict[str, Any] = {}
    for line in out.decode("utf-8", "replace").splitlines():
        _, marked, answer = line.partition(MARK)
        if marked:
            with contextlib.suppress(ValueError):
                told.update(json.loads(answer))
    reached = tuple(told)
    if status and "error" not in told:
        told["died_of"] = _cause(status)
        told["error"] = err.decode("utf-8", "replace").strip().rpartition("\n")[2][:500]
    told["devices"] = tuple(told.get("devices", ()))
    return TorchAnswer(
        **told, timed_out=status is None, seconds=seconds, driver_version=driver, _reached=reached
    )


def _cause(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def _loaded_driver() -> str:
    """Return the version of NVIDIA's kernel module."""
    try:
        text = Path("/proc/driver/nvidia/version").read_text("utf-8", "replace")
    except OSError:
        return ""
    words = text.partition("\n")[0].split()
    return next((word for word in words if word[:1].isdigit() and "." in word), "")
