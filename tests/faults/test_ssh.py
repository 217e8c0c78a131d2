"""A real sshd, real ssh clients, and what happens to them; the training never notices."""

import contextlib
import itertools
import os
import random
import select
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from support.processes import Parting, cpu_share, give_way, of_folder, part, process
from support.servers import NoServer, Server
from support.shells import Shell, assert_it_goes_on, wait_until
from support.terminal import PROGRAM, Terminal

from vae_tui.run.commands import Command
from vae_tui.run.summary import summarise

LEAVES_WITHIN_SECONDS = 1.0
"""What is promised, and measured by the soak; a test beside other tests only waits for the end."""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    try:
        made = Server(tmp_path_factory.mktemp("sshd"))
    except NoServer as why:
        pytest.skip(str(why))
    yield made
    made.close()


@dataclass(frozen=True, slots=True)
class Connection:
    """A screen at the far end of ssh."""

    terminal: Terminal
    screen: int
    """Process id of vae-tui."""
    session: int
    """Process id of the sshd that serves it."""

    def kill_client(self) -> None:
        os.kill(self.terminal.pid, signal.SIGKILL)

    def close_window(self) -> None:
        os.kill(self.terminal.pid, signal.SIGHUP)

    def kill_session(self) -> None:
        os.kill(self.session, signal.SIGKILL)


class Remote:
    """Opens connections that show the one run of a folder."""

    def __init__(self, server: Server, shell: Shell) -> None:
        self._server = server
        self._shell = shell
        self._opened: list[Connection] = []
        package = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        self.environment = {
            **shell.environment,
            **package,
            "LANG": "C.UTF-8",
            "TEXTUAL_DISABLE_KITTY_KEY": "1",
        }

    def screen(self, *arguments: str, state: str = "running") -> Connection:
        """Open a screen and wait until it shows that the run is in this state."""
        known = set(of_folder(self._shell.folder))
        terminal = self._server.connect(
            [*PROGRAM, *arguments], environment=self.environment, cwd=self._shell.folder
        )
        self._shell.terminals.append(terminal)
        terminal.wait_for(state)
        found = of_folder(self._shell.folder)
        ours = [
            pid
            for pid, line in found.items()
            if pid not in known and "-m vae_tui " in line and not line.startswith("ssh ")
        ]
        (screen,) = ours
        there = process(screen)
        assert there is not None
        return Connection(terminal, screen, there.parent)

    def plain(self, *arguments: str) -> Terminal:
        terminal = self._server.connect(
            [*PROGRAM, *arguments],
            environment=self.environment,
            cwd=self._shell.folder,
            tty=False,
        )
        self._shell.terminals.append(terminal)
        return terminal


@pytest.fixture
def remote(server, shell) -> Remote:
    return Remote(server, shell)


def train(remote: Remote, shell: Shell) -> Connection:
    connection = remote.screen("--epochs", "500000", "--hidden", "32")
    give_way(shell.trainer)
    return connection


def attach_to_paused(remote: Remote, shell: Shell) -> Connection:
    """Open a screen; the trainer waits meanwhile, because it would take a core from it."""
    shell.run.send(Command(command="pause"))
    return remote.screen("attach", state="paused")


def assert_has_history_and_control(connection: Connection, shell: Shell) -> None:
    """Assert that the screen shows a paused run from its beginning, and steers it."""
    terminal = connection.terminal
    terminal.wait_for(lambda text: "└0" in text and "untrained" in text)
    terminal.wait_for(lambda text: "paused" in text.splitlines()[0])
    for state in ("running", "paused", "running"):
        terminal.type("p")
        terminal.wait_for(lambda text, state=state: state in text.splitlines()[0])
        wait_until(lambda state=state: summarise(shell.run).state == state)
    assert_it_goes_on(shell.run)


def assert_none_left_but_the_trainer(shell: Shell) -> None:
    wait_until(lambda: all("vae_tui.worker" in line for line in left(shell).values()))


def left(shell: Shell) -> dict[int, str]:
    """Return the processes of the run, without the ssh clients: those are the user's."""
    found = of_folder(shell.folder)
    return {pid: line for pid, line in found.items() if not line.startswith("ssh ")}


DROPS: dict[str, Callable[[Connection], None]] = {
    "the client is killed": Connection.kill_client,
    "the window is closed": Connection.close_window,
    "the server's process is killed": Connection.kill_session,
}


def test_a_lost_connection_ends_the_screen_alone_and_attach_brings_all_of_it_back(remote, shell):
    connection = train(remote, shell)
    for name, drop in DROPS.items():
        connection.terminal.wait_for("reconstructions")
        parting = part(connection.screen, lambda: drop(connection))  # noqa: B023 - called at once
        print(f"{name}: {parting}")  # noqa: T201
        assert_it_goes_on(shell.run)
        assert_none_left_but_the_trainer(shell)
        connection = attach_to_paused(remote, shell)
        assert_has_history_and_control(connection, shell)


def block(*connections: Connection) -> None:
    """Freeze the links of screens that draw much; wait until none of them can write any more."""
    for each in connections:
        each.terminal.type("2" + 60 * " ")
    for each in connections:
        each.terminal.wait_for("seed ")
        os.kill(each.session, signal.SIGSTOP)
    with contextlib.ExitStack() as opened:
        terminals = []
        for each in connections:
            own = os.open(f"/proc/{each.screen}/fd/2", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            opened.callback(os.close, own)
            terminals.append(own)
        deadline = since = time.monotonic()
        while time.monotonic() - since < 0.5:
            assert time.monotonic() < deadline + 60, "they go on writing to nobody"
            time.sleep(0.05)
            if select.select([], terminals, [], 0)[1]:
                since = time.monotonic()


def test_a_frozen_link_stops_neither_training_nor_screen_and_thaws_or_breaks_or_is_left(
    remote, shell
):
    thawed = train(remote, shell)
    thawed.terminal.wait_for("reconstructions")
    cut, terminated = attach_to_paused(remote, shell), attach_to_paused(remote, shell)
    shell.run.send(Command(command="resume"))
    for connection in (thawed, cut, terminated):
        connection.terminal.wait_for("running")
    block(thawed, cut, terminated)
    share = cpu_share(thawed.screen, 1.0)
    print(f"frozen: {share:.1%} of a core")  # noqa: T201
    assert share < 0.5, "it spins"
    assert_it_goes_on(shell.run)

    parting = part(cut.screen, cut.kill_session)
    print(f"frozen, then cut: {parting}")  # noqa: T201
    assert_it_goes_on(shell.run)

    shell.run.send(Command(command="pause"))
    parting = part(terminated.screen, lambda: os.kill(terminated.screen, signal.SIGTERM))
    print(f"frozen, then terminated: {parting}")  # noqa: T201
    os.kill(terminated.session, signal.SIGCONT)
    assert terminated.terminal.wait_for_end() == 128 + signal.SIGTERM

    thawed.terminal.type("1")
    os.kill(thawed.session, signal.SIGCONT)
    assert_has_history_and_control(thawed, shell)
    thawed.kill_client()
    assert_none_left_but_the_trainer(shell)


def test_ssh_without_a_terminal_gets_a_line_why_and_plain_lines(remote, shell):
    terminal = remote.plain("--epochs", "2", "--hidden", "16")
    assert terminal.wait_for_end() == 0
    assert "vae-tui: stdout is not a terminal: training in plain lines" in terminal.text
    assert "epoch 2/2" in terminal.text
    assert shell.state == "finished"


@pytest.mark.soak
def test_twenty_dropped_connections_lose_nothing(remote, shell):
    chance = random.Random(20)
    connection = train(remote, shell)
    partings: list[Parting] = []
    for name in itertools.islice(itertools.cycle(DROPS), 20):
        connection.terminal.read(chance.uniform(0.0, 3.0))
        drop = DROPS[name]
        parting = part(connection.screen, lambda: drop(connection))  # noqa: B023 - called at once
        partings.append(parting)
        assert parting.seconds < LEAVES_WITHIN_SECONDS, (name, parting)
        assert_it_goes_on(shell.run)
        assert_none_left_but_the_trainer(shell)
        connection.terminal.close()
        connection = remote.screen("attach")
    connection.terminal.type("p")
    assert_has_history_and_control(connection, shell)
    slowest = max(parting.seconds for parting in partings)
    usual = statistics.median(parting.seconds for parting in partings)
    print(f"20 drops: gone after {usual:.2f} s (median), {slowest:.2f} s (slowest)")  # noqa: T201


@pytest.mark.soak
def test_a_screen_on_a_frozen_link_takes_next_to_nothing(remote, shell):
    connection = train(remote, shell)
    connection.terminal.wait_for("reconstructions")
    block(connection)
    wait_until(lambda: cpu_share(connection.screen, 1.0) < 0.05)  # until its queue is full, too
    shares = [cpu_share(connection.screen, 5.0) for _ in range(6)]
    print(f"frozen: at most {max(shares):.1%} of a core in 5 s")  # noqa: T201
    assert max(shares) < 0.05
    assert_it_goes_on(shell.run)
