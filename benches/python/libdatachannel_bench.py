"""libdatachannel (C++) under test, through its binding for Python.

The library runs in its own threads and calls back from them, which costs a hand-over of Python's
lock for each message: large messages show the library, small ones and the echo show the binding.
"""

import threading
import time

import common
from libdatachannel import Configuration, DataChannel, PeerConnection


def configuration() -> Configuration:
    """Loopback only, no servers."""
    settings = Configuration()
    settings.bind_address = "127.0.0.1"
    return settings


class Pair:
    """Two connections and the channel's two ends, after the first message."""

    def __init__(self) -> None:
        self.left = PeerConnection(configuration())
        self.right = PeerConnection(configuration())
        self.far: DataChannel
        arrived = threading.Event()

        def on_data_channel(channel: DataChannel) -> None:
            self.far = channel
            channel.on_message(lambda _: arrived.set())

        self.left.on_local_description(self.right.set_remote_description)
        self.right.on_local_description(self.left.set_remote_description)
        self.left.on_local_candidate(self.right.add_remote_candidate)
        self.right.on_local_candidate(self.left.add_remote_candidate)
        self.right.on_data_channel(on_data_channel)
        self.near = self.left.create_data_channel("bench")
        self.near.on_open(lambda: self.near.send(bytes(common.ECHO_SIZE)))
        if not arrived.wait(10):
            raise TimeoutError("no message arrived")

    def close(self) -> None:
        """Frees both connections."""
        self.left.close()
        self.right.close()


def send_all(channel: DataChannel, message: bytes, count: int) -> None:
    """Sends with flow control by the buffered amount."""
    low = threading.Event()
    channel.set_buffered_amount_low_threshold(common.BUFFERED // 2)
    channel.on_buffered_amount_low(low.set)
    for _ in range(count):
        while channel.buffered_amount() + len(message) > common.BUFFERED:
            low.clear()
            # It may have become low before the event was cleared.
            if channel.buffered_amount() > common.BUFFERED // 2:
                low.wait()
        channel.send(message)


def throughput(size: int, byte_count: int) -> dict[str, float]:
    """One way, after a warm-up, by the receiver's clock."""
    pair = Pair()
    warm_up, counted = common.messages(size, byte_count)
    done = threading.Event()
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

    pair.far.on_message(on_message)
    send_all(pair.near, bytes(size), warm_up + counted)
    done.wait()
    return common.throughput_result(size, counted, start, cpu)


def setup(count: int) -> dict[str, float]:
    """From nothing to the first message."""
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        pair = Pair()
        times.append(time.perf_counter() - start)
        pair.close()
    return {"ms": round(common.quantile(times[1:], 0.5) * 1e3, 3)}


def echo(count: int) -> dict[str, float]:
    """Round trips of a small message, driven from the library's threads."""
    pair = Pair()
    message = bytes(common.ECHO_SIZE)
    times: list[float] = []
    done = threading.Event()
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

    pair.far.on_message(lambda _: pair.far.send(message))
    pair.near.on_message(on_message)
    ask()
    done.wait()
    return common.echo_result(times[common.ECHO_WARM_UP :])


def memory(pairs: int) -> dict[str, float]:
    """Growth of the process by idle connections."""
    idle = [Pair()]
    time.sleep(common.SETTLE)
    before = common.resident()
    for _ in range(pairs):
        idle.append(Pair())
    time.sleep(common.SETTLE)
    grown = common.resident() - before
    assert all(pair.near.is_open() for pair in idle)
    return {"kib": round(grown / (2 * pairs) / 1024, 1)}


def main() -> None:
    """Runs what the command line asks for."""
    name, numbers = common.command()
    measurements = {"throughput": throughput, "setup": setup, "echo": echo, "memory": memory}
    common.finish(measurements[name](*numbers))


if __name__ == "__main__":
    main()
