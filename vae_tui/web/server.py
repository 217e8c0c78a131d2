"""Serves the screens of runs to browsers: each page gets its own ``vae-tui attach``.

Unlike textual-serve's server, it refuses other sites' pages, which could steer a
run through the visitor's browser; it works behind ``ssh -L`` with another port; its page loads
nothing from the network; ``?run=NAME`` opens another run of the folder.
"""

import asyncio
import copy
import html
import ipaddress
import logging
import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

_LOCAL_NAMES = ("localhost", "ip6-localhost")
_GOODBYE_SECONDS = 1.0
_PAGE = Path(__file__).with_name("page.html")


class ScreenServer(Server):
    """Answers the requests of pages.

    ``command`` returns the arguments of the process that shows a run, by the name in the page's
    address, None for the first one; it raises KeyError for a name that is not a run.
    """

    def __init__(
        self, host: str, port: int, title: str, command: Callable[[str | None], list[str]]
    ) -> None:
        super().__init__("", host, port, title)
        self._command_of = command
        self._sessions: set[asyncio.Task[Any]] = set()

    def application(self) -> web.Application:
        """Return what aiohttp serves."""
        app = web.Application()
        app.add_routes([
            web.get("/", self.handle_index),
            web.get("/ws", self.handle_websocket),
            web.static("/static", self.statics_path),
        ])  # fmt: skip
        return app

    async def handle_index(self, request: web.Request) -> web.Response:
        """Return the page; 403 for a request of another site, 404 for an unknown run."""
        self._check(request)
        self._arguments(request)
        page = Template(_PAGE.read_text("utf-8")).substitute(title=html.escape(self.title))
        return web.Response(text=page, content_type="text/html")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Show a run until the page is closed; 403 for another site, 404 for an unknown run."""
        self._check(request)
        arguments = self._arguments(request)
        if not web.WebSocketResponse().can_prepare(request):
            raise web.HTTPBadRequest(text="this address is for the page's WebSocket")
        session = copy.copy(self)
        session.command = f"exec {shlex.join(arguments)}"  # no shell stays between us
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            return await super(ScreenServer, session).handle_websocket(request)
        finally:
            self._sessions.discard(task)

    async def end(self) -> None:
        """End all screens, and wait until their processes are gone."""
        pending = set(self._sessions)
        # Cancelled once, a session says goodbye to its page; a page that sleeps does not answer.
        for _ in range(2):
            for session in pending:
                session.cancel()
            if pending:
                _, pending = await asyncio.wait(pending, timeout=_GOODBYE_SECONDS)
        await asyncio.gather(*pending, return_exceptions=True)

    def _arguments(self, request: web.Request) -> list[str]:
        """Return the arguments of the process that shows the run in the address, or raise 404."""
        name = request.query.get("run")
        try:
            return self._command_of(name)
        except KeyError as error:
            raise web.HTTPNotFound(text=str(error.args[0])) from None
        except (ValueError, OSError):  # no name of a folder, such as a too long one
            raise web.HTTPNotFound(text=f"no run {name!r:.80}") from None

    def _check(self, request: web.Request) -> None:
        """Raise 403 for a request that another site's page may have made.

        A page may only be ours: its origin is the host that it requests. While we listen on
        loopback only, that host is this machine: else a foreign name could resolve to it.
        """
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text=f"{origin} is another site")
        if is_loopback(self.host) and not is_loopback(urlsplit(f"//{request.host}").hostname or ""):
            raise web.HTTPForbidden(text=f"{request.host} is not this machine")


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in _LOCAL_NAMES


def serve(
    host: str,
    port: int,
    title: str,
    command: Callable[[str | None], list[str]],
    announce: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM; call ``announce`` when pages can be opened.

    The other arguments are those of `ScreenServer`. OSError if it cannot listen.
    """
    logging.basicConfig(level=logging.WARNING, format="vae-tui: %(message)s")
    # The screens are shown by a browser's terminal, not by this one.
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LC_ALL="C.UTF-8")
    for name in ("TMUX", "STY"):
        os.environ.pop(name, None)
    asyncio.run(_serve(ScreenServer(host, port, title, command), announce))


async def _serve(server: ScreenServer, announce: Callable[[], None]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, server.host, server.port).start()
        announce()
        await stopped.wait()
    finally:
        await server.end()
        await runner.cleanup()


def attach(path: Path, *options: str) -> list[str]:
    """Return the arguments of the process that shows the run in a folder."""
    return [sys.executable, "-m", "vae_tui", "attach", str(path), *options]
