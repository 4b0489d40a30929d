"""aiortc under test: both ends on one asyncio loop."""

import asyncio
import time
from collections.abc import Callable

import common
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection

# No servers: without a configuration aiortc would ask a public one.
CONFIGURATION = RTCConfiguration(iceServers=[])


class Pair:
    """Two connections and the channel's two ends, after the first message."""

    def __init__(self) -> None:
        self.left = RTCPeerConnection(CONFIGURATION)
        self.right = RTCPeerConnection(CONFIGURATION)
        self.near: RTCDataChannel
        self.far: RTCDataChannel

    async def connect(self) -> None:
        """Connects, and waits for the first message at the far end."""
        arrived = asyncio.Event()

        def on_datachannel(channel: RTCDataChannel) -> None:
            self.far = channel
            channel.once("message", lambda _: arrived.set())

        self.right.on("datachannel", on_datachannel)
        self.near = self.left.createDataChannel("bench")
        self.near.on("open", lambda: self.near.send(bytes(common.ECHO_SIZE)))
        await self.left.setLocalDescription(await self.left.createOffer())
        await self.right.setRemoteDescription(self.left.localDescription)
        await self.right.setLocalDescription(await self.right.createAnswer())
        await self.left.setRemoteDescription(self.right.localDescription)
        await arrived.wait()

    async def close(self) -> None:
        """Frees both connections."""
        await self.left.close()
        await self.right.close()


async def connected() -> Pair:
    """A new pair after its first message."""
    pair = Pair()
    await pair.connect()
    return pair


def send_all(channel: RTCDataChannel, message: bytes, count: int) -> None:
    """Sends with flow control by the buffered amount, as aiortc's file transfer does."""
    left = count
    channel.bufferedAmountLowThreshold = common.BUFFERED // 2

    def fill() -> None:
        nonlocal left
        while left > 0 and channel.bufferedAmount + len(message) <= common.BUFFERED:
            channel.send(message)
            left -= 1

    channel.on("bufferedamountlow", fill)
    fill()


async def throughput(size: int, byte_count: int) -> dict[str, float]:
    """One way, after a warm-up, by the receiver's clock."""
    pair = await connected()
    warm_up, counted = common.messages(size, byte_count)
    done = asyncio.Event()
    received = 0
    start = cpu = 0.0

    def on_message(message: bytes) -> None:
        nonlocal received, start, cpu
        assert len(message) == size
        received += 1
        if received == warm_up:
            start, cpu = time.perf_counter(), common.cpu_time()
        elif received == warm_up + counted:
            start, cpu = time.perf_counter() - start, common.cpu_time() - cpu
            done.set()

    pair.far.on("message", on_message)
    send_all(pair.near, bytes(size), warm_up + counted)
    await done.wait()
    return common.throughput_result(size, counted, start, cpu)


async def setup(count: int) -> dict[str, float]:
    """From nothing to the first message."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        pair = await connected()
        times.append(time.perf_counter() - start)
        await pair.close()
    return {"ms": round(common.quantile(times[1:], 0.5) * 1e3, 3)}


async def echo(count: int) -> dict[str, float]:
    """Round trips of a small message."""
    pair = await connected()
    pair.far.on("message", pair.far.send)
    message = bytes(common.ECHO_SIZE)
    times: list[float] = []
    done = asyncio.Event()
    ask: Callable[[], None]
    start = 0.0

    def on_message(reply: bytes) -> None:
        assert len(reply) == common.ECHO_SIZE
        times.append(time.perf_counter() - start)
        if len(times) == common.ECHO_WARM_UP + count:
            done.set()
        else:
            ask()

    def ask() -> None:
        nonlocal start
        start = time.perf_counter()
        pair.near.send(message)

    pair.near.on("message", on_message)
    ask()
    await done.wait()
    return common.echo_result(times[common.ECHO_WARM_UP :])


async def memory(pairs: int) -> dict[str, float]:
    """Growth of the process by idle connections."""
    idle = [await connected()]
    await asyncio.sleep(common.SETTLE)
    before = common.resident()
    for _ in range(pairs):
        idle.append(await connected())
    await asyncio.sleep(common.SETTLE)
    grown = common.resident() - before
    assert all(pair.near.readyState == "open" for pair in idle)
    return {"kib": round(grown / (2 * pairs) / 1024, 1)}


def main() -> None:
    """Runs what the command line asks for."""
    name, numbers = common.command()
    measurements = {"throughput": throughput, "setup": setup, "echo": echo, "memory": memory}
    common.finish(asyncio.run(measurements[name](*numbers)))


if __name__ == "__main__":
    main()
