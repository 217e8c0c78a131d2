"""Chromium without a window, driven through its debugging protocol over a websocket."""

import asyncio
import base64
import contextlib
import itertools
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pyte
from support.processes import PATIENCE_SECONDS

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-extensions",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--window-size=1200,800",
)


def chromium() -> str | None:
    """Return the path of an installed Chromium."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """A page that shows a screen: what arrived for it, as a terminal shows it, and its picture."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._screen = pyte.Screen(200, 60)
        self._stream = pyte.ByteStream(self._screen)
        self.requested: list[str] = []
        """Addresses that the page has loaded or tried to load."""

    @property
    def text(self) -> str:
        """The screen as it is now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def colours(self) -> list[tuple[str, str]]:
        """Foreground and background of every cell: pictures are made of them."""
        rows = self._screen.buffer
        return [(rows[y][x].fg, rows[y][x].bg) for y in range(60) for x in range(200)]

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        result: dict[str, Any] = await asyncio.wait_for(answer, PATIENCE_SECONDS)
        return result

    async def press(self, key: str) -> None:
        """Press a key that has a character."""
        code = "Space" if key == " " else f"Digit{key}"
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" else {}
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=code,
                windowsVirtualKeyCode=ord(key), **text,
            )  # fmt: skip

    async def picture(self) -> bytes:
        """Return what the page shows, as PNG."""
        shot = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])

    async def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition; the message holds the screen when it does not come."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not condition():
                    await asyncio.sleep(0.05)
        assert condition(), self.text

    async def listen(self) -> None:
        """Take in what Chromium sends, until it is closed."""
        async for message in self._socket:
            content = message.json()
            if "id" in content:
                self._answers.pop(content["id"]).set_result(content.get("result", content))
                continue
            parameters = content.get("params", {})
            match content["method"]:
                case "Network.webSocketFrameReceived" if parameters["response"]["opcode"] == 2:
                    self._stream.feed(base64.b64decode(parameters["response"]["payloadData"]))
                case "Network.requestWillBeSent":
                    self.requested.append(parameters["request"]["url"])


@contextlib.asynccontextmanager
async def opened(address: str, folder: Path) -> AsyncIterator[Page]:
    """Open an address in a new Chromium with an empty profile in ``folder``; end it after."""
    program = chromium()
    assert program is not None
    command = [program, *_OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        async with aiohttp.ClientSession() as client:
            socket_address = await _debugging_socket(client, folder)
            async with client.ws_connect(socket_address, max_msg_size=0) as socket:
                page = Page(socket)
                listening = asyncio.create_task(page.listen())
                await page.call("Network.enable")
                await page.call("Page.navigate", url=address)
                yield page
                listening.cancel()
    finally:
        process.terminate()
        process.wait()


async def _debugging_socket(client: aiohttp.ClientSession, folder: Path) -> str:
    file = folder / "DevToolsActivePort"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (file.exists() and file.read_text().count("\n")):
            await asyncio.sleep(0.05)
        port = file.read_text().split()[0]
        while True:
            async with client.get(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [each for each in await answer.json() if each["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
            await asyncio.sleep(0.05)
