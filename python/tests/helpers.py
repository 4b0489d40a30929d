"""What the tests of connections share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pyee.base import EventEmitter

from ironrtc import RTCConfiguration, RTCDataChannel, RTCPeerConnection

LOCAL = RTCConfiguration(iceServers=[])
"""No server is asked: tests need no network."""


def peer(**options: Any) -> RTCPeerConnection:
    return RTCPeerConnection(LOCAL, **options)


def happened(emitter: EventEmitter, event: str) -> "asyncio.Future[Any]":
    """A future with the argument of the next `event`."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def handler(*arguments: Any) -> None:
        if not future.done():
            future.set_result(arguments[0] if arguments else None)

    emitter.once(event, handler)
    return future


async def reached(emitter: Any, attribute: str, value: Any, event: str) -> None:
    """Wait until `attribute` is `value`, looking again at each `event`."""
    while getattr(emitter, attribute) != value:
        await happened(emitter, event)


async def negotiate(one: RTCPeerConnection, two: RTCPeerConnection) -> None:
    """One offer and one answer, as aiortc's users write it."""
    await one.setLocalDescription(await one.createOffer())
    await two.setRemoteDescription(one.localDescription)
    await two.setLocalDescription(await two.createAnswer())
    await one.setRemoteDescription(two.localDescription)


async def opened(channel: RTCDataChannel) -> None:
    if channel.readyState != "open":
        await happened(channel, "open")


@asynccontextmanager
async def channels(
    label: str = "chat", **options: Any
) -> AsyncIterator[tuple[RTCDataChannel, RTCDataChannel]]:
    """Both ends of a channel between two connections."""
    async with peer() as one, peer() as two:
        ours = one.createDataChannel(label, **options)
        announced = happened(two, "datachannel")
        await negotiate(one, two)
        theirs = await announced
        await opened(ours)
        yield ours, theirs


async def received(channel: RTCDataChannel, count: int) -> list[Any]:
    """The next `count` messages, by events."""
    messages: list[Any] = []
    done = asyncio.Event()

    def on_message(message: Any) -> None:
        messages.append(message)
        if len(messages) == count:
            done.set()

    channel.on("message", on_message)
    try:
        await done.wait()
    finally:
        channel.remove_listener("message", on_message)
    return messages
