"""The content of ``trainer.lock``: the trainer's process and machine, and its newest heartbeat."""

import json
import math
import os
from dataclasses import asdict, dataclass

from vae_tui.run.untrusted import as_float, as_int, as_text, json_object

_PID_WIDTH = 20
_BYTES = 640
"""Size of the file: each write covers the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRecord:
    """What a trainer writes into its lock file."""

    pid: int
    host: str = ""
    """The machine's name; empty in the files of older versions."""
    machine: str = ""
    """`machine_id` of the trainer."""
    token: str = ""
    """Chosen at random when the lock was taken: it shows whether another trainer took it since."""
    started: float = math.nan
    """When the lock was taken, Unix seconds by the file system's clock."""
    beat: float = math.nan
    """Time of the heartbeat before the newest one, which is the file's modification time."""
    released: bool = False
    """The trainer has ended."""
    agent: int = 0
    """Process id of the torchrun that starts the trainer again if it fails; 0 if none does."""
    job: str = ""
    """torchrun's id of the job, the same on all its machines, short ASCII; empty without one."""


def write(descriptor: int, record: LockRecord) -> float:
    """Write the record as a new heartbeat; return its time by the file system's clock; OSError."""
    text = f"{record.pid:<{_PID_WIDTH}}\n{json.dumps(asdict(record))}"
    os.pwrite(descriptor, f"{text:<{_BYTES - 1}}\n".encode(), 0)
    # A network file system sends the write now, and the server's clock sets the time.
    os.utime(descriptor)
    return os.fstat(descriptor).st_mtime


def read(descriptor: int) -> LockRecord | None:
    """Return the record in a lock file; None if there is none; OSError."""
    content = os.pread(descriptor, _BYTES, 0)
    try:
        pid = int(content[:_PID_WIDTH])
    except ValueError:
        return None
    try:
        fields = json_object(content[_PID_WIDTH:])
        return LockRecord(
            pid=pid,
            host=as_text(fields["host"]),
            machine=as_text(fields["machine"]),
            token=as_text(fields["token"]),
            started=as_float(fields["started"]),
            beat=as_float(fields["beat"]),
            released=fields["released"] is True,
            agent=as_int(fields.get("agent", 0)),
            job=as_text(fields.get("job", "")),
        )
    except (ValueError, TypeError, KeyError, OverflowError):  # of an older version: the pid alone
        return LockRecord(pid=pid)
