"""Connections live and die with their loops and programs; nothing hangs, leaks or is lost."""

import asyncio
import contextlib
import gc
import threading
import time
import weakref

import pytest
from helpers import channels, happened, negotiate, opened, peer, reached

import ironrtc
from ironrtc import _loop


def test_a_connection_is_made_before_any_loop():
    one, two = peer(), peer()
    channel = one.createDataChannel("chat")
    agreed = two.createDataChannel("agreed", negotiated=True, id=9)

    async def main():
        one.createDataChannel("agreed", negotiated=True, id=9)
        await negotiate(one, two)
        await asyncio.gather(opened(channel), opened(agreed))
        await one.close()
        await two.close()

    asyncio.run(main())


def test_a_connection_moves_to_another_loop():
    one, two = peer(), peer()
    channel = one.createDataChannel("chat")

    async def first():
        # The other side hears of the channel after it is open here.
        announced = happened(two, "datachannel")
        await negotiate(one, two)
        await opened(channel)
        await announced

    async def second():
        # Each method moves its connection to the loop that calls it.
        await one.getStats()
        await two.getStats()
        announced = happened(two, "datachannel")
        again = one.createDataChannel("again")
        theirs = await announced
        theirs.on("message", theirs.send)
        await opened(again)
        again.send("ping")
        assert await happened(again, "message") == "ping"
        await one.close()
        await two.close()

    asyncio.run(first())
    asyncio.run(second())
    assert one.connectionState == two.connectionState == "closed"


def test_each_thread_has_its_loop():
    descriptions = {}
    ready = {name: threading.Event() for name in ("offer", "answer")}
    heard = {}

    async def exchange(name, mine, theirs):
        loop = asyncio.get_running_loop()
        async with peer() as pc:
            channel = pc.createDataChannel("chat", negotiated=True, id=1)
            messages = asyncio.Queue()
            channel.on("message", messages.put_nowait)
            if name == "offer":
                await pc.setLocalDescription()
                descriptions[mine] = pc.localDescription
                ready[mine].set()
            await loop.run_in_executor(None, ready[theirs].wait)
            await pc.setRemoteDescription(descriptions[theirs])
            if name == "answer":
                await pc.setLocalDescription()
                descriptions[mine] = pc.localDescription
                ready[mine].set()
            await opened(channel)
            channel.send(f"from {name}")
            heard[name] = await messages.get()
            if name == "offer":
                closed = happened(channel, "close")
                channel.send("done")
                await closed
            else:
                assert await messages.get() == "done"

    threads = [
        threading.Thread(target=asyncio.run, args=(exchange("offer", "offer", "answer"),)),
        threading.Thread(target=asyncio.run, args=(exchange("answer", "answer", "offer"),)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {"offer": "from answer", "answer": "from offer"}


def test_a_blocked_loop_bounds_what_waits_for_it():
    channels_made, messages_sent = 3000, 20
    blocked, go_on = threading.Event(), threading.Event()
    waiting = []
    one = peer()
    chat = one.createDataChannel("chat")
    answered = asyncio.Queue()

    async def answer(loop, offer):
        two = peer()
        theirs, heard = [], []
        two.on("datachannel", theirs.append)
        await two.setRemoteDescription(offer)
        await two.setLocalDescription()
        loop.call_soon_threadsafe(answered.put_nowait, two.localDescription)
        while not theirs:
            await happened(two, "datachannel")
        theirs[0].on("message", heard.append)
        inbox = _loop.current_inbox().native
        blocked.set()
        # Nothing of this loop runs until the other one is through.
        while not go_on.is_set():
            time.sleep(0.01)
            waiting.append(len(inbox))
        waiting.append(len(inbox))
        while len(theirs) < channels_made + 1:
            await happened(two, "datachannel")
        while len(heard) < messages_sent:
            await happened(theirs[0], "message")
        await two.close()
        return len(theirs), len(heard)

    async def offer():
        loop = asyncio.get_running_loop()
        await one.setLocalDescription()
        answering = loop.run_in_executor(None, asyncio.run, answer(loop, one.localDescription))
        await one.setRemoteDescription(await answered.get())
        await opened(chat)
        await loop.run_in_executor(None, blocked.wait)
        try:
            made = [one.createDataChannel(str(each)) for each in range(channels_made)]
            for _ in range(messages_sent):
                chat.send(bytes(1000))
            while chat.bufferedAmount or any(each.bufferedAmount for each in made[-20:]):
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)
        finally:
            go_on.set()
        result = await answering
        await one.close()
        return result

    assert asyncio.run(offer()) == (channels_made + 1, messages_sent)
    # One more for each object with an event on its way: the connection and its first channel.
    assert 1000 < max(waiting) <= 1024 + 2


def test_a_message_is_sent_from_another_thread():
    async def main():
        async with channels() as (ours, theirs):
            message = happened(theirs, "message")
            await asyncio.to_thread(ours.send, "from a thread")
            assert await message == "from a thread"

    asyncio.run(main())


async def test_a_handler_that_raises_costs_no_other_message():
    errors = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    async with channels() as (ours, theirs):
        seen = []
        done = asyncio.Event()

        @theirs.on("message")
        def on_message(message):
            seen.append(message)
            if message == "1":
                raise RuntimeError("in a handler")
            if message == "2":
                done.set()

        for number in range(3):
            ours.send(str(number))
        await done.wait()
    assert seen == ["0", "1", "2"]
    assert [str(context["exception"]) for context in errors] == ["in a handler"]


async def test_a_coroutine_that_raises_becomes_the_error_event():
    async with channels() as (ours, theirs):

        @theirs.on("message")
        async def on_message(message):
            raise RuntimeError(message)

        error = happened(theirs, "error")
        ours.send("in a coroutine")
        assert str(await error) == "in a coroutine"


async def test_handlers_may_close_the_connection():
    async with peer() as one, peer() as two:
        channel = one.createDataChannel("chat")
        channel.on("open", two.close)
        closed = happened(channel, "close")
        await negotiate(one, two)
        await closed
        await reached(one, "connectionState", "closed", "connectionstatechange")


async def test_a_cancelled_await_leaves_the_connection_in_order():
    one, two = peer(), peer()
    channel = one.createDataChannel("chat")
    for _ in range(3):
        task = asyncio.ensure_future(one.setLocalDescription())
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await negotiate(one, two)
    await opened(channel)

    reading = asyncio.ensure_future(anext(channel.__aiter__()))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    closing = asyncio.ensure_future(one.close())
    await asyncio.sleep(0)
    closing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await closing
    await one.close()
    assert one.connectionState == "closed"
    await reached(two, "connectionState", "closed", "connectionstatechange")


async def test_a_connection_that_was_never_used_is_collected():
    one = peer()
    one.createDataChannel("chat")
    reference = weakref.ref(one)
    del one
    gc.collect()
    assert reference() is None


async def test_closed_connections_are_collected():
    async with peer() as one, peer() as two:
        channel = one.createDataChannel("chat")
        await negotiate(one, two)
        await opened(channel)
    references = [weakref.ref(each) for each in (one, two, channel, one.sctp)]
    del one, two, channel
    gc.collect()
    assert [reference() for reference in references] == [None] * 4


async def test_a_subclass_with_pyees_emitter_as_a_second_base():
    from pyee.asyncio import AsyncIOEventEmitter

    class Connection(ironrtc.RTCPeerConnection, AsyncIOEventEmitter):
        async def close(self):
            self.emit("closing")
            await super().close()

    one = Connection()
    one.mark = "any attribute"
    closing = happened(one, "closing")
    await one.close()
    assert closing.done() and one in {one}
