"""One side of one measurement, on one stack. `run.py` starts it.

The code is a program for aiortc; for IronRTC it runs under the alias, so both run the same
lines.
"""

import asyncio
import json
import resource
import statistics
import sys
import time

if sys.argv[1] == "ironrtc":
    import ironrtc

    ironrtc.install_as_aiortc(force=True)

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

HIGH_WATER = 1 << 20
LOW_WATER = 1 << 18
WARM_UP = 0.5


def peer():
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


async def connect(pc, socket, role):
    """Exchange descriptions with the other process over a Unix socket."""

    async def send(writer):
        description = pc.localDescription
        writer.write(json.dumps({"sdp": description.sdp, "type": description.type}).encode())
        writer.write(b"\n")
        await writer.drain()

    async def receive(reader):
        await pc.setRemoteDescription(
            RTCSessionDescription(**json.loads(await reader.readline()))
        )

    if role == "offer":
        await pc.setLocalDescription(await pc.createOffer())
        reader, writer = await asyncio.open_unix_connection(socket)
        await send(writer)
        await receive(reader)
        writer.close()
        return
    done = asyncio.Event()

    async def answer(reader, writer):
        await receive(reader)
        await pc.setLocalDescription(await pc.createAnswer())
        await send(writer)
        writer.close()
        done.set()

    server = await asyncio.start_unix_server(answer, socket)
    print("ready", flush=True)
    await done.wait()
    server.close()


async def flood(socket, size):
    """Send as fast as the channel takes it, until the other side has enough."""
    pc = peer()
    channel = pc.createDataChannel("flood")
    channel.bufferedAmountLowThreshold = LOW_WATER
    message = bytes(size)
    closed = asyncio.Event()

    @channel.on("open")
    @channel.on("bufferedamountlow")
    def fill():
        while channel.readyState == "open" and channel.bufferedAmount < HIGH_WATER:
            channel.send(message)

    channel.on("close", closed.set)
    await connect(pc, socket, "offer")
    await closed.wait()
    await pc.close()


async def count(socket, seconds):
    """Count what arrives in `seconds`, after a time to warm up."""
    pc = peer()
    done = asyncio.Event()
    state = {"bytes": 0, "messages": 0, "start": 0.0, "end": 0.0}

    @pc.on("datachannel")
    def on_datachannel(channel):
        start = time.perf_counter() + WARM_UP

        @channel.on("message")
        def on_message(message):
            now = time.perf_counter()
            if now < start or done.is_set():
                return
            if not state["start"]:
                state["start"] = now
                return
            state["bytes"] += len(message)
            state["messages"] += 1
            if now > start + seconds:
                state["end"] = now
                done.set()

    await connect(pc, socket, "answer")
    await done.wait()
    elapsed = state["end"] - state["start"]
    print(json.dumps({name: state[name] / elapsed for name in ("bytes", "messages")}))
    await pc.close()


async def echo(socket):
    """Send back what comes."""
    pc = peer()
    closed = asyncio.Event()

    @pc.on("datachannel")
    def on_datachannel(channel):
        channel.on("message", channel.send)
        channel.on("close", closed.set)

    await connect(pc, socket, "answer")
    await closed.wait()
    await pc.close()


async def ping(socket, times):
    """Measure the way of a small message to the other process and back."""
    pc = peer()
    channel = pc.createDataChannel("ping")
    opened, answered = asyncio.Event(), asyncio.Event()
    channel.on("open", opened.set)
    channel.on("message", lambda _: answered.set())
    await connect(pc, socket, "offer")
    await opened.wait()
    rounds = []
    for _ in range(times):
        answered.clear()
        started = time.perf_counter()
        channel.send("ping")
        await answered.wait()
        rounds.append(time.perf_counter() - started)
    print(json.dumps({"seconds": statistics.median(rounds)}))
    await pc.close()


async def pair():
    """Two connections in this process, with an open channel."""
    one, two = peer(), peer()
    opened = asyncio.Event()
    channel = one.createDataChannel("chat")
    channel.on("open", opened.set)
    await one.setLocalDescription(await one.createOffer())
    await two.setRemoteDescription(one.localDescription)
    await two.setLocalDescription(await two.createAnswer())
    await one.setRemoteDescription(two.localDescription)
    await opened.wait()
    return one, two, channel


async def set_up(times):
    """Measure from nothing to an open channel, both sides in this process."""
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        one, two, _ = await pair()
        durations.append(time.perf_counter() - started)
        await one.close()
        await two.close()
    print(json.dumps({"seconds": statistics.median(durations)}))


async def memory(pairs):
    """Measure what an idle connection with one channel keeps."""

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    kept = [await pair() for _ in range(5)]
    before = resident()
    for _ in range(pairs):
        kept.append(await pair())
    print(json.dumps({"bytes": (resident() - before) / (2 * pairs)}))
    for one, two, _ in kept:
        await one.close()
        await two.close()


def main():
    """`worker.py STACK MEASUREMENT [SOCKET] [NUMBER]`."""
    work = {
        "count": count,
        "echo": echo,
        "flood": flood,
        "memory": memory,
        "ping": ping,
        "set_up": set_up,
    }[sys.argv[2]]
    arguments = [int(each) if each.isdigit() else each for each in sys.argv[3:]]
    asyncio.run(work(*arguments))


main()
