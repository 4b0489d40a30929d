"""Send a file to another process.

Run `python filetransfer.py receive FILE` and `python filetransfer.py send FILE`, in any order,
with `--signaling unix-socket` on one machine or `--signaling tcp-socket` between two.
"""

import argparse
import asyncio
import time
from pathlib import Path

from ironrtc import RTCPeerConnection, RTCSessionDescription
from ironrtc.contrib.signaling import (
    BYE,
    BaseSignaling,
    add_signaling_arguments,
    create_signaling,
)

CHUNK = 64 * 1024


async def send(pc: RTCPeerConnection, signaling: BaseSignaling, path: Path) -> None:
    """Offer a channel, and put the file through it."""
    channel = pc.createDataChannel("file")
    opened, closed = asyncio.Event(), asyncio.Event()
    channel.on("open", opened.set)
    channel.on("close", closed.set)
    await pc.setLocalDescription(await pc.createOffer())
    await signaling.send(pc.localDescription)
    answer = await signaling.receive()
    assert isinstance(answer, RTCSessionDescription)
    await pc.setRemoteDescription(answer)

    await opened.wait()
    started = time.monotonic()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            # Wait for the network instead of filling memory.
            await channel.drain()
            channel.send(chunk)
    channel.close()
    await closed.wait()
    await signaling.send(BYE)
    report("sent", path.stat().st_size, time.monotonic() - started)


async def receive(pc: RTCPeerConnection, signaling: BaseSignaling, path: Path) -> None:
    """Answer, and write what comes until the channel closes."""
    announced = asyncio.get_running_loop().create_future()
    pc.on("datachannel", announced.set_result)
    offer = await first_message(signaling)
    assert isinstance(offer, RTCSessionDescription)
    await pc.setRemoteDescription(offer)
    await pc.setLocalDescription(await pc.createAnswer())
    await signaling.send(pc.localDescription)

    channel = await announced
    started = time.monotonic()
    with path.open("wb") as file:
        async for chunk in channel:
            file.write(chunk)
    report("received", path.stat().st_size, time.monotonic() - started)


async def first_message(signaling: BaseSignaling) -> object:
    """Receive, as soon as the other side listens: who sends first does."""
    while True:
        try:
            return await signaling.receive()
        except (ConnectionRefusedError, FileNotFoundError):
            await asyncio.sleep(0.2)


def report(what: str, size: int, seconds: float) -> None:
    """Say how fast it went."""
    print(f"{what} {size} bytes, {8 * size / seconds / 1e6:.0f} Mbit/s")


async def main(arguments: argparse.Namespace) -> None:
    """Connect to the signalling, and do what was asked for."""
    work = {"send": send, "receive": receive}[arguments.role]
    signaling = create_signaling(arguments)
    await signaling.connect()
    try:
        async with RTCPeerConnection() as pc:
            await work(pc, signaling, arguments.file)
    finally:
        await signaling.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=["send", "receive"])
    parser.add_argument("file", type=Path)
    add_signaling_arguments(parser)
    asyncio.run(main(parser.parse_args()))
