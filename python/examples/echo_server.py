"""A web server whose page talks to Python over a data channel.

Run `python echo_server.py` and open http://127.0.0.1:8080.
"""

import argparse
from pathlib import Path

from aiohttp import web

from ironrtc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription

PAGE = Path(__file__).with_name("echo.html")
CONNECTIONS = web.AppKey("connections", set[RTCPeerConnection])


async def page(request: web.Request) -> web.FileResponse:
    """The page."""
    return web.FileResponse(PAGE)


async def offer(request: web.Request) -> web.Response:
    """Answer a browser's offer, and echo what it sends."""
    pc = RTCPeerConnection()
    connections = request.app[CONNECTIONS]
    connections.add(pc)

    @pc.on("datachannel")
    def on_datachannel(channel: RTCDataChannel) -> None:
        channel.on("message", channel.send)

    @pc.on("connectionstatechange")
    async def on_connectionstatechange() -> None:
        print("connection", pc.connectionState, flush=True)
        if pc.connectionState in ("failed", "closed"):
            await pc.close()
            connections.discard(pc)

    await pc.setRemoteDescription(RTCSessionDescription(**await request.json()))
    await pc.setLocalDescription(await pc.createAnswer())
    answer = pc.localDescription
    assert answer is not None
    return web.json_response({"sdp": answer.sdp, "type": answer.type})


async def close_all(app: web.Application) -> None:
    """Say goodbye to all browsers."""
    for pc in list(app[CONNECTIONS]):
        await pc.close()


def application() -> web.Application:
    """The server."""
    app = web.Application()
    app[CONNECTIONS] = set()
    app.add_routes([web.get("/", page), web.post("/offer", offer)])
    app.on_shutdown.append(close_all)
    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    web.run_app(application(), host=options.host, port=options.port)
