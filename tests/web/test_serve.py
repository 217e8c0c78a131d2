"""``vae-tui serve``: a browser shows the screen, other sites do not, and no process is left."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time

import aiohttp
import pyte
import pytest
from support.browser import chromium, opened
from support.explored_runs import called_once, explored_run
from support.processes import PATIENCE_SECONDS, of_folder
from support.terminal import PROGRAM, plain_environment


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    for name in ("other", "one"):
        explored_run(folder, name)
    return folder


class Server:
    """A server in a process of its own."""

    def __init__(self, runs, *options):
        self.runs = runs
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", "one", "--runs-dir", str(runs), "--port", str(port), *options],
            stdout=subprocess.PIPE,
            text=True,
            env=plain_environment(),
        )
        self.first_line = self.process.stdout.readline()

    def screens(self):
        """Return the processes that show runs of the folder."""
        found = of_folder(self.runs)
        return [pid for pid, line in found.items() if " attach " in line]

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@contextlib.contextmanager
def serving(runs):
    started = Server(runs)
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGKILL)
    started.process.stdout.close()
    until(lambda: not started.screens())


@pytest.fixture(scope="module")
def shared(runs):
    with serving(runs) as started:
        yield started


@pytest.fixture
def server(shared):
    """Give the server of the module; all its screens have ended after a test."""
    yield shared
    until(lambda: not shared.screens())


def until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Visitor:
    """Connects to the server's websocket as its page does."""

    def __init__(self, connection):
        self._connection = connection
        self._screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self):
        return "\n".join(self._screen.display)

    async def press(self, key):
        await self._connection.send_json(["stdin", key])

    async def wait_for(self, text):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while text not in self.text:
                message = await self._connection.receive()
                assert message.type is aiohttp.WSMsgType.BINARY, (message, self.text)
                self._stream.feed(message.data)

    async def instruction(self):
        """Return the next instruction to the page, such as to open an address."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (message := await self._connection.receive()).type is aiohttp.WSMsgType.BINARY:
                pass
            return message.json()


@contextlib.asynccontextmanager
async def visiting(address, query="?width=100&height=30", **headers):
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{address}/ws{query}", headers=headers) as connection,
    ):
        await connection.send_json(["resize", {"width": 100, "height": 30}])
        yield Visitor(connection)


async def test_a_visitor_sees_the_screen_and_his_keys_change_it(server):
    assert server.first_line == (f"one: {server.address}; ctrl+c ends it, training continues\n")
    async with visiting(server.address, Origin=server.address) as visitor:
        await visitor.wait_for("one")
        await visitor.wait_for("BCE")
        await visitor.press("2")
        await visitor.wait_for("Prior samples")
    until(lambda: not server.screens())


async def test_an_address_with_a_name_opens_that_run(server):
    async with visiting(server.address, "?run=other&size=?width=100&height=30") as visitor:
        await visitor.wait_for("other")


async def test_opening_another_run_goes_to_its_address(server):
    async with visiting(server.address) as visitor:
        await visitor.wait_for("BCE")
        await visitor.press("6")
        await visitor.wait_for("other")
        await visitor.press("\x1b[B")
        await visitor.press("\r")
        name, given = await visitor.instruction()
        assert (name, given["url"], given["new_tab"]) == ("open_url", "?run=other", False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_no_screen_outlives_the_server(runs, number):
    with serving(runs) as server:
        async with visiting(server.address) as visitor:
            await visitor.wait_for("one")
            assert server.screens()
            code = await asyncio.to_thread(server.end, number)
            assert code == (-number if number is signal.SIGKILL else 0)
        until(lambda: not server.screens())


@pytest.mark.parametrize(
    ("headers", "query", "code"),
    [
        ({"Origin": "http://elsewhere.example"}, "", 403),
        ({"Host": "elsewhere.example"}, "", 403),
        ({"Origin": "http://elsewhere.example", "Host": "elsewhere.example"}, "", 403),
        ({}, "?run=..%2Fone", 404),
        ({}, "?run=missing", 404),
        ({}, "?run=..", 404),
    ],
)
async def test_no_other_site_and_no_other_folder_gets_a_screen(server, headers, query, code):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with visiting(server.address, query, **headers):
            pass
    assert refused.value.status == code
    assert not server.screens()


@pytest.mark.parametrize("name", ["missing", "..", "../one", "a\0b", "x" * 300])
async def test_the_page_of_an_unknown_run_says_so(server, name):
    async with (
        aiohttp.ClientSession() as session,
        session.get(server.address, params={"run": name}) as answer,
    ):
        assert answer.status == 404
        assert (await answer.text()).startswith("no run ")


async def test_a_key_pressed_in_a_browser_changes_the_digits(server, tmp_path):
    if chromium() is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    async with opened(server.address, tmp_path) as page:
        await page.wait_until(lambda: "one" in page.text and "BCE" in page.text)
        await page.press("2")
        await page.wait_until(lambda: "Prior samples" in page.text)
        before, seen = page.colours, await page.picture()
        await page.press(" ")
        await page.wait_until(lambda: page.colours != before)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await page.picture() == seen:
                await asyncio.sleep(0.1)
        assert {address.startswith(server.address) for address in page.requested} == {True}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["--port", "0"], "0 is not in the range 1<=x<=65535"),
        (["--host", "203.0.113.9"], "cannot listen on 203.0.113.9:8000"),
    ],
)
def test_an_address_that_cannot_be_is_refused_in_one_line(runs, line, says):
    code, out, err = called_once(["serve", "one", "--runs-dir", str(runs), *line])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err


def test_a_port_in_use_is_named(runs):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, _, err = called_once(["serve", "one", "--runs-dir", str(runs), "--port", port])
    assert (code, err.count("\n")) == (2, 1)
    assert f"127.0.0.1:{port}" in err


def test_without_textual_serve_the_line_that_installs_it_is_shown(runs):
    code = (
        "import sys; sys.modules['textual_serve'] = None\nfrom vae_tui.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", "one", "--runs-dir", str(runs)],
        capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "pip install 'vae-tui[web]'" in done.stderr
