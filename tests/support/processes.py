"""Running processes as /proc shows them: parent, session, state and CPU time."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120.0
"""How long tests wait for a condition; a trainer takes over 30 s to start on a busy machine."""
TICKS = os.sysconf("SC_CLK_TCK")
_LOW_PRIORITY = 10


@dataclass(frozen=True, slots=True)
class Process:
    """A process as /proc showed it."""

    pid: int
    parent: int
    session: int
    cpu_seconds: float
    """Of all its threads, since it began."""
    is_stopped: bool = False


def process(pid: int) -> Process | None:
    """Return a process; None if it has ended, even if it has not been reaped."""
    try:
        fields = _status(Path(f"/proc/{pid}"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] in "ZX":
        return None
    cpu = (int(fields[11]) + int(fields[12])) / TICKS
    is_stopped = fields[0] == "T" and _are_threads_stopped(pid)
    return Process(pid, int(fields[1]), int(fields[3]), cpu, is_stopped)


def _are_threads_stopped(pid: int) -> bool:
    """Return whether all threads are: the parent is notified when the last one is."""
    try:
        return all(_status(one)[0] == "T" for one in Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):  # one has just ended
        return False


def _status(folder: Path) -> list[str]:
    """Return what the kernel says of a process or thread, from its state on."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


def processes() -> list[Process]:
    """Return all running processes."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [found for pid in pids if (found := process(pid))]


def give_way(pid: int) -> None:
    """Let a process have a tenth of what others of its user get, where they compete.

    A trainer that only has to be there would take a core from the screen under test and from other
    tests. Linux may share the processor among sessions first: then their priority counts.
    """
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.setpriority(os.PRIO_PROCESS, int(thread.name), _LOW_PRIORITY)
    with contextlib.suppress(OSError):  # no such sharing here
        Path(f"/proc/{pid}/autogroup").write_text(str(_LOW_PRIORITY))


def command_line(pid: int) -> str:
    """Return the arguments of a process, joined by spaces."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Return the condition's value once it is true.

    Between two looks others get four times as long as a look takes: to decode a long log, or to
    read all of /proc, takes the processor from the process that is waited for.
    """
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if value := condition():
            return value
        assert began < deadline, f"not within {seconds} s"
        time.sleep(max(0.01, 4 * (time.monotonic() - began)))


def of_folder(folder: Path) -> dict[int, str]:
    """Return the command lines, by pid, of processes that name the folder or run in it."""
    found = {}
    for each in processes():
        line = command_line(each.pid)
        if each.pid != os.getpid() and (str(folder) in line or _works_in(each.pid, folder)):
            found[each.pid] = line
    return found


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def cpu_share(pid: int, seconds: float) -> float:
    """Return the share of one core that a process uses during the next ``seconds``."""
    began, before = time.monotonic(), process(pid)
    time.sleep(seconds)
    after, ended = process(pid), time.monotonic()
    if before is None or after is None:
        return 0.0
    return (after.cpu_seconds - before.cpu_seconds) / (ended - began)


@dataclass(frozen=True, slots=True)
class Parting:
    """How a process went after something happened to it."""

    seconds: float
    """Until it was gone."""
    cpu_seconds: float
    """Of them, at work."""


def part(pid: int, happen: Callable[[], object], patience: float = PATIENCE_SECONDS) -> Parting:
    """Let something happen, wait until the process is gone, and return how it went."""
    before = last = process(pid)
    assert before is not None, f"{pid} is gone already"
    began = time.monotonic()
    happen()
    while now := process(pid):
        last = now
        assert time.monotonic() - began < patience, f"{pid} is still there: {command_line(pid)}"
        time.sleep(0.005)
    assert last is not None
    return Parting(time.monotonic() - began, last.cpu_seconds - before.cpu_seconds)


def start_torchrun(
    options: tuple[str, ...], folder: Path, log: Path, **variables: str
) -> "subprocess.Popen[bytes]":
    """Start a torchrun that trains the run in ``folder``, and writes to ``log``."""
    command = ("torch.distributed.run", *options, "-m", "vae_tui.worker", str(folder))
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
