"""Chat between two terminals.

Run `python chat.py offer` in one terminal and `python chat.py answer` in the other, and copy
what each prints (one line) into the other. Then type.
"""

import argparse
import asyncio
import sys

from ironrtc import RTCDataChannel, RTCPeerConnection
from ironrtc.contrib.signaling import object_from_string, object_to_string


async def lines() -> asyncio.StreamReader:
    """What is typed."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def chat(channel: RTCDataChannel, typed: asyncio.StreamReader) -> None:
    """Send what is typed and print what comes, until one side ends its input."""

    async def send() -> None:
        async for line in typed:
            channel.send(line.decode().rstrip("\n"))
        channel.close()

    sending = asyncio.create_task(send())
    async for message in channel:
        print(f"< {message}", flush=True)
    sending.cancel()


async def main(role: str) -> None:
    """Exchange the descriptions, then chat."""
    typed = await lines()
    async with RTCPeerConnection() as pc:
        # Both sides make the channel, under a number that both know.
        channel = pc.createDataChannel("chat", negotiated=True, id=0)
        opened = asyncio.Event()
        channel.on("open", opened.set)

        if role == "offer":
            await pc.setLocalDescription()
            print("-- give this to the other side:")
            print(object_to_string(pc.localDescription), flush=True)
        print("-- paste what the other side gave:", flush=True)
        await pc.setRemoteDescription(object_from_string((await typed.readline()).decode()))
        if role == "answer":
            await pc.setLocalDescription()
            print("-- give this to the other side:")
            print(object_to_string(pc.localDescription), flush=True)

        await opened.wait()
        print("-- connected; type, and end with Ctrl-D", flush=True)
        await chat(channel, typed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=["offer", "answer"])
    asyncio.run(main(parser.parse_args().role))
