"""A Slurm cluster of the test's own: two imitated nodes on this machine."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.processes import PATIENCE_SECONDS, process

_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# A requeued job starts when its credential has expired, by default after two minutes.
_CONFIG = """
ClusterName=imitated
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=cred_expire=5,socket={folder}/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
MailProg=/bin/true
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=node[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports[1]}-{ports[2]}] CPUs=2
PartitionName=all Nodes=node[1-2] Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """Submits scripts to the cluster whose configuration is in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}

    def submit(self, script: str, cwd: Path, **variables: str) -> str:
        """Submit a script that runs in ``cwd``; return the number of its job."""
        command = ["sbatch", "--parsable", f"--output={cwd}/job.log"]
        environment = {**self.environment, **variables}
        return _output(command, cwd=cwd, env=environment, input=script).strip()

    def signal(self, job: str, name: str) -> None:
        """Send a signal to the job's steps, as its ``--signal`` does before the time limit."""
        _output(["scancel", f"--signal={name}", job], env=self.environment)

    def state(self, job: str) -> str:
        """Return Slurm's word for the job's state."""
        shown = _output(["scontrol", "--oneliner", "show", "job", job], env=self.environment)
        return shown.partition("JobState=")[2].split()[0]


@contextlib.contextmanager
def slurm_cluster(folder: Path) -> Iterator[Slurm]:
    """Start a cluster; skips the test where there is no Slurm, or no root to start it."""
    missing = [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]
    if missing or os.geteuid():
        pytest.skip("needs root and Debian's slurmctld, slurmd, slurm-client and munge")
    folder.chmod(0o755)  # munged insists
    for name in ("state", "spool-node1", "spool-node2"):
        (folder / name).mkdir()
    config = folder / "slurm.conf"
    ports = _free_ports(3)
    config.write_text(_CONFIG.format(host=os.uname().nodename, folder=folder, ports=ports))
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    files = {"socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    own = [f"--{option}={folder}/munge.{name}" for option, name in files.items()]
    daemons = (
        ("munge.pid", ["munged", "--force", f"--key-file={key}", *own]),
        ("slurmctld.pid", ["slurmctld", "-f", str(config)]),
        ("slurmd-node1.pid", ["slurmd", "-f", str(config), "-N", "node1"]),
        ("slurmd-node2.pid", ["slurmd", "-f", str(config), "-N", "node2"]),
    )
    slurm = Slurm(folder)
    try:
        for _, command in daemons:
            _output([shutil.which(command[0], path=_PATH) or command[0], *command[1:]])
        _wait_for_idle_nodes(slurm)
        yield slurm
    finally:
        with contextlib.suppress(subprocess.SubprocessError):
            _output(["scancel", "--user=root", "--signal=KILL", "--full"], env=slurm.environment)
        for pid_file, _ in reversed(daemons):
            _end(folder / pid_file)


def _wait_for_idle_nodes(slurm: Slurm) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    command = ["sinfo", "--noheader", "--format=%T %D"]
    while (shown := _output(command, env=slurm.environment).strip()) != "idle 2":
        assert time.monotonic() < deadline, shown
        time.sleep(0.2)


def _end(pid_file: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        pid = int(pid_file.read_text())
        os.kill(pid, signal.SIGTERM)
        while process(pid):
            time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    """Return ports in a row that are free now."""
    first = 16_000 + os.getpid() % 4_000
    while True:
        ports = list(range(first, first + count))
        with contextlib.ExitStack() as held:
            try:
                for port in ports:
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                return ports
            except OSError:
                first += count


def _output(command: Sequence[str], **more: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout
