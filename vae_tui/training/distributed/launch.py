"""Where a launcher placed this process among those that train together; imports no torch."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

_FIRST_PORT, _PORTS = 20_000, 10_000
_NO_ID = "none"
"""torchrun's id for a job without --rdzv-id."""
_HOST = re.compile(r"(?:[^,\[]|\[[^\]]*\])+")
_FIRST_NUMBER = re.compile(r"\[(\d+)[^\]]*\]")
_COUNT = re.compile(r"(\d+)(?:\(x(\d+)\))?")


@dataclass(frozen=True, slots=True)
class Launch:
    """This process's rank among ``size`` processes; without a launcher, a single one."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Its rank on this machine, which chooses its device."""
    local_size: int = 1
    """Processes on this machine."""
    restarts: int = 0
    """How often torchrun has started the processes again."""
    restarts_left: int = 0
    """How often torchrun will start them again when one fails."""
    job: str = ""
    """torchrun's id of the job, the same on all its machines; empty without torchrun.

    At most 64 characters, ASCII: it is in the lock's record, which has a fixed size.
    """
    master: str = ""
    """Address of rank 0 as ``host:port``; empty if the launcher sets MASTER_ADDR itself."""

    timeout: float = 300.0
    """Seconds that a process waits for another before it fails.

    Between two exchanges a rank computes for well under a second, or tests for a few. Rank 0 may
    have to wait for its disk: for as long as that takes while it is full, not while it is slow.
    """

    @property
    def restarted_job(self) -> str:
        """The id of the job if it may have trained before this process; empty if it has not.

        Jobs that are given no id share torchrun's own: only a restart shows that it is the same.
        """
        return self.job if self.restarts or self.job != _NO_ID else ""

    @property
    def is_task_of_srun(self) -> bool:
        """Whether srun started this process."""
        return bool(self.master)

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> Self:
        """Read the variables of torchrun, or else those that srun sets for each task."""
        is_task = "RANK" not in variables and "SLURM_PROCID" in variables
        if is_task and "SLURM_JOB_ID" in variables and "SLURM_STEP_ID" not in variables:
            return cls()  # a job's script, outside srun: it has the variables of a first task
        fields = _fields_of_srun(variables) if is_task else _fields_of_torchrun(variables)
        if seconds := variables.get("VAE_TUI_RANK_TIMEOUT"):
            fields["timeout"] = float(seconds)
        return cls(**fields)


def _fields_of_torchrun(variables: Mapping[str, str]) -> dict[str, Any]:
    def number(name: str) -> int:
        return int(variables.get(name) or 0)

    size, restarts = number("WORLD_SIZE") or 1, number("TORCHELASTIC_RESTART_COUNT")
    return {
        "rank": number("RANK"),
        "size": size,
        "local_rank": number("LOCAL_RANK"),
        "local_size": number("LOCAL_WORLD_SIZE") or size,
        "restarts": restarts,
        "restarts_left": max(0, number("TORCHELASTIC_MAX_RESTARTS") - restarts),
        "job": variables.get("TORCHELASTIC_RUN_ID", "").encode("ascii", "replace")[:64].decode(),
    }


def _fields_of_srun(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields from the variables of the job step, or else of the job."""

    def first(*names: str, default: str = "0") -> str:
        return next((variables[name] for name in names if variables.get(name)), default)

    size = int(first("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", default="1"))
    tasks = task_counts(first("SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE", default=""))
    node = int(first("SLURM_NODEID"))
    nodes = first("SLURM_STEP_NODELIST", "SLURM_NODELIST", "SLURM_JOB_NODELIST", default="")
    address = first("MASTER_ADDR", default=first_host(nodes) or "127.0.0.1")
    step = int(first("SLURM_JOB_ID")) + int(first("SLURM_STEP_ID"))  # several may share a machine
    port = first("MASTER_PORT", default=str(_FIRST_PORT + step % _PORTS))
    return {
        "rank": int(variables["SLURM_PROCID"]),
        "size": size,
        "local_rank": int(first("SLURM_LOCALID")),
        "local_size": tasks[node] if node < len(tasks) else size,
        "master": f"{address}:{port}",
    }


def first_host(nodes: str) -> str:
    """Return the first host of a list as Slurm writes it: ``a[01-03,7],b`` is ``a01``."""
    match = _HOST.match(nodes)
    return _FIRST_NUMBER.sub(r"\1", match[0]) if match else ""


def task_counts(tasks: str) -> list[int]:
    """Return the number of tasks on each node: ``2(x3),1`` is 2, 2, 2, 1."""
    counts = (match for match in map(_COUNT.fullmatch, tasks.split(",")) if match)
    return [int(match[1]) for match in counts for _ in range(int(match[2] or 1))]
