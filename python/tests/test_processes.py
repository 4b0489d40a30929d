"""Exit, fork and thousands of connections, each in a process of its own."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HERE = Path(__file__).parent

PAIR = """
import asyncio, os, sys
from helpers import channels, happened, negotiate, opened, peer
import ironrtc

async def exchange():
    async with channels() as (ours, theirs):
        ours.send("ping")
        return await happened(theirs, "message")

async def connected():
    one, two = peer(), peer()
    channel = one.createDataChannel("chat")
    announced = happened(two, "datachannel")
    await negotiate(one, two)
    await opened(channel)
    await announced
    return one, two, channel
"""


def run(code: str) -> str:
    result = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-X",
            "faulthandler",
            "-c",
            PAIR + textwrap.dedent(code),
        ],
        capture_output=True,
        text=True,
        timeout=50,
        cwd=HERE,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize(
    "ending",
    [
        "kept = asyncio.run(connected())",
        "asyncio.run(connected())",
        "loop = asyncio.new_event_loop(); kept = loop.run_until_complete(connected())\n"
        "loop.close()",
        "kept = ironrtc.RTCPeerConnection()",
        "kept = peer().createDataChannel('chat')",
    ],
)
def test_exit_with_open_connections(ending):
    run(ending)


def test_exit_while_data_flows():
    run(
        """
        async def main():
            global kept
            kept = one, two, channel = await connected()
            for _ in range(1000):
                channel.send(bytes(100_000))
            sys.exit()
        asyncio.run(main())
        """
    )


def test_exit_while_another_thread_runs_its_loop():
    run(
        """
        import threading
        started = threading.Event()
        async def main():
            kept = await connected()
            started.set()
            async for message in kept[2]:
                pass
        threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start()
        started.wait()
        """
    )


def test_a_forked_child_has_connections_of_its_own():
    out = run(
        """
        async def main():
            one, two, channel = await connected()
            pid = os.fork()
            if pid == 0:
                os._exit(child(one, channel))
            _, status = os.waitpid(pid, 0)
            assert os.waitstatus_to_exitcode(status) == 0
            theirs = happened(two, "datachannel")
            channel = one.createDataChannel("more")
            theirs = await theirs
            await opened(channel)
            channel.send("still here")
            print(await happened(theirs, "message"))
            await one.close()
            await two.close()

        def child(one, channel):
            try:
                one.createDataChannel("of the child")
            except ironrtc.InvalidStateError as error:
                assert "forked" in str(error)
            else:
                return 2
            try:
                channel.send("from the child")
            except ironrtc.InvalidStateError:
                pass
            else:
                return 3
            del one, channel
            result = []
            def work():
                result.append(asyncio.run(exchange()))
            import threading
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            return 0 if result == ["ping"] else 4

        asyncio.run(main())
        """
    )
    assert out == "still here\n"


def test_multiprocessing_forks_after_use():
    out = run(
        """
        import multiprocessing

        def work(_):
            return asyncio.run(exchange())

        if __name__ == "__main__":
            assert asyncio.run(exchange()) == "ping"
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print(pool.map(work, range(4)))
        """
    )
    assert out == "['ping', 'ping', 'ping', 'ping']\n"


def test_thousands_of_connections():
    run(
        """
        import gc, resource

        def used():
            gc.collect()
            with open("/proc/self/statm") as file:
                pages = int(file.read().split()[1])
            return pages * resource.getpagesize(), len(os.listdir("/proc/self/fd"))

        async def create_and_close(count):
            for _ in range(count):
                one = peer()
                one.createDataChannel("chat")
                await one.close()

        async def describe_and_close(count):
            for _ in range(count):
                one = peer()
                one.createDataChannel("chat")
                await one.setLocalDescription()
                await one.close()

        async def connect_and_close(count):
            for _ in range(count):
                await exchange()

        async def drop(count):
            for _ in range(count):
                peer().createDataChannel("chat")

        async def main():
            for work, count in (
                (create_and_close, 1000),
                (describe_and_close, 300),
                (connect_and_close, 50),
                (drop, 500),
            ):
                await work(count)
                memory, files = used()
                await work(count)
                memory_now, files_now = used()
                grown = memory_now - memory
                assert files_now <= files, (work.__name__, files, files_now)
                # A connection that leaked would cost more than 8 KiB, and the noise is less.
                assert grown < 8192 * count + 2_000_000, (work.__name__, grown)

        asyncio.run(main())
        """
    )


def test_hundreds_at_once():
    out = run(
        """
        async def main():
            pairs = await asyncio.gather(*(connected() for _ in range(100)))
            answers = []
            for one, two, channel in pairs:
                channel.send("ping")
            for one, two, channel in pairs:
                assert one.connectionState in ("connecting", "connected")
            await asyncio.gather(*(pc.close() for pair in pairs for pc in pair[:2]))
            print(len(pairs))
        asyncio.run(main())
        """
    )
    assert out == "100\n"
