"""An SSH server of the test's own: a loopback port, its own keys, nothing of the machine's."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from support.processes import PATIENCE_SECONDS, processes
from support.terminal import Terminal

_OPTIONS = (
    "UsePAM no",
    "StrictModes no",
    "PasswordAuthentication no",
    "PermitRootLogin yes",
    "PrintMotd no",
    "PidFile none",
    "LogLevel ERROR",
)


class NoServer(Exception):
    """Why there can be no server here."""


class Server:
    """sshd on a loopback port; ``close`` ends it and every connection.

    Args:
        folder: For keys and configuration.

    Raises:
        NoServer: There is no sshd, or it does not let its own user in.
    """

    def __init__(self, folder: Path) -> None:
        sshd = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:/usr/bin")
        if sshd is None or shutil.which("ssh") is None:
            raise NoServer("no sshd here: apt-get install openssh-server openssh-client")
        self._folder = folder
        for name in ("host", "user"):
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
        shutil.copy(folder / "user.pub", folder / "authorized")
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self._port = chosen.getsockname()[1]
        (folder / "sshd_config").write_text(
            "\n".join(
                (
                    *_OPTIONS,
                    f"Port {self._port}",
                    "ListenAddress 127.0.0.1",
                    f"HostKey {folder}/host",
                    f"AuthorizedKeysFile {folder}/authorized",
                )
            )
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists when it is root
        self._log = (folder / "sshd.log").open("wb")
        self._process = subprocess.Popen(
            [sshd, "-D", "-e", "-f", str(folder / "sshd_config")],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self._let_in()

    def connect(
        self, command: list[str], *, environment: Mapping[str, str], cwd: Path, tty: bool = True
    ) -> Terminal:
        """Run a command through ssh in a terminal of its own, as a person does."""
        given = [f"{name}={value}" for name, value in environment.items()]
        there = shlex.join(["env", *given, *command])
        remote = f"cd {shlex.quote(str(cwd))} && exec {there}"
        return Terminal([*self._ssh("-tt" if tty else "-T"), remote])

    def close(self) -> None:
        """End the server and what it started."""
        for each in self._sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _sessions(self) -> list[int]:
        parents = {self._process.pid}
        found: list[int] = []
        while parents:
            children = [each.pid for each in processes() if each.parent in parents]
            found += children
            parents = set(children)
        return found

    def _ssh(self, *more: str) -> list[str]:
        options = {
            "UserKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "no",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
        }
        flags = [text for name, value in options.items() for text in ("-o", f"{name}={value}")]
        identity = ["-i", str(self._folder / "user"), "-p", str(self._port)]
        return ["ssh", "-F", "none", *flags, *identity, *more, "127.0.0.1"]

    def _let_in(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            tried = subprocess.run(
                [*self._ssh("-T"), "echo let in"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
            if tried.stdout == "let in\n":
                return
            if time.monotonic() > deadline:
                self.close()
                said = (self._folder / "sshd.log").read_text() + tried.stderr
                raise NoServer(f"sshd does not let us in: {' '.join(said.split())}")
            time.sleep(0.05)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
