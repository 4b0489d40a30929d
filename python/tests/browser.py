"""Chromium without a window."""

import asyncio
import os
import shutil
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


FAKE_DEVICES = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
"""A camera that shows a moving pattern and a microphone that beeps, without a question."""


@asynccontextmanager
async def visit(url, directory, *flags):
    """Open `url`, with a profile of its own under `directory`."""
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        # There is no multicast between the sandbox's processes to look up `.local` names with.
        "--disable-features=WebRtcHideLocalIpsWithMdns",
        f"--user-data-dir={directory}",
        *flags,
        url,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


class Page:
    """A page in Chromium, with a WebSocket to talk to it."""

    def __init__(self, socket):
        self._socket = socket

    async def tell(self, **message):
        await self._socket.send_json(message)

    async def heard(self, name):
        while True:
            message = await self._socket.receive_json()
            if name in message:
                return message[name]


@asynccontextmanager
async def page_in_chromium(html, directory, *flags):
    """A page that has opened a WebSocket to `/signal`."""
    sockets = asyncio.get_running_loop().create_future()
    finished = asyncio.Event()

    async def signal(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sockets.set_result(socket)
        await finished.wait()
        return socket

    async def page(_):
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/signal", signal)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        async with visit(f"http://127.0.0.1:{port}/", directory, *flags):
            yield Page(await sockets)
    finally:
        finished.set()
        await runner.cleanup()
