"""Data channels carry what is sent, as it was sent, and tell when it is time to wait."""

import asyncio

import numpy
import pytest
from helpers import channels, happened, negotiate, opened, peer, reached, received

import ironrtc


async def test_messages_keep_their_type_and_content():
    messages = ["", b"", "hello", b"hello", "naïve 🐍", bytes(range(256))]
    messages += ["x" * 200_000, b"y" * 262_144]
    async with channels() as (ours, theirs):
        for message in messages:
            ours.send(message)
        assert await received(theirs, len(messages)) == messages


async def test_messages_go_both_ways():
    async with channels() as (ours, theirs):
        theirs.on("message", lambda message: theirs.send(message[::-1]))
        ours.send("stressed")
        assert await happened(ours, "message") == "desserts"


async def test_anything_with_a_buffer_is_sent():
    array = numpy.arange(12, dtype=numpy.float32).reshape(3, 4)
    async with channels() as (ours, theirs):
        scratch = bytearray(b"before")
        ours.send(scratch)
        scratch[:] = b"after!"
        ours.send(memoryview(b"0123456789")[::2])
        ours.send(array)
        ours.send(array.T)
        large = bytearray(b"z" * 100_000)
        ours.send(large)
        large.clear()
        assert await received(theirs, 5) == [
            b"before",
            b"02468",
            array.tobytes(),
            array.T.tobytes(),
            b"z" * 100_000,
        ]


async def test_what_cannot_be_sent():
    async with channels() as (ours, _):
        with pytest.raises(
            ValueError, match="Cannot send unsupported data type: <class 'int'>"
        ):
            ours.send(1)
        with pytest.raises(UnicodeEncodeError):
            ours.send("\ud800")
        with pytest.raises(ValueError) as error:
            ours.send(b"x" * 262_145)
        assert str(error.value) == (
            "Cannot send message of 262145 bytes,"
            " the remote party only supports messages up to 262144 bytes"
        )


async def test_send_needs_an_open_channel():
    async with peer() as one:
        channel = one.createDataChannel("chat")
        with pytest.raises(ironrtc.InvalidStateError) as error:
            channel.send("early")
        assert str(error.value) == ""
    async with channels() as (ours, _):
        ours.close()
        assert ours.readyState == "closing"
        with pytest.raises(ironrtc.InvalidStateError):
            ours.send("late")


@pytest.mark.parametrize(
    "options",
    [
        {"ordered": False},
        {"maxRetransmits": 0, "ordered": False},
        {"maxRetransmits": 3},
        {"maxPacketLifeTime": 500, "protocol": "chess"},
    ],
)
async def test_settings_reach_the_other_side(options):
    async with channels("set", **options) as (ours, theirs):
        for name in "label", "ordered", "maxRetransmits", "maxPacketLifeTime", "protocol", "id":
            assert getattr(theirs, name) == getattr(ours, name), name
        assert theirs.negotiated is False
        ours.send("ping")
        assert await happened(theirs, "message") == "ping"


async def test_negotiated_channels_are_not_announced():
    async with peer() as one, peer() as two:
        two.on("datachannel", lambda channel: pytest.fail("announced"))
        ours = one.createDataChannel("chat", negotiated=True, id=100)
        theirs = two.createDataChannel("chat", negotiated=True, id=100)
        assert (ours.id, ours.negotiated) == (100, True)
        await negotiate(one, two)
        await asyncio.gather(opened(ours), opened(theirs))
        ours.send("ping")
        assert await happened(theirs, "message") == "ping"


async def test_ids_that_cannot_be():
    async with peer() as one:
        for id in None, -1, 65535:
            with pytest.raises(ValueError) as error:
                one.createDataChannel("chat", negotiated=True, id=id)
            assert str(error.value) == (
                "ID must be in range 0-65534 if data channel is negotiated out-of-band"
            )
        one.createDataChannel("chat", negotiated=True, id=5)
        with pytest.raises(ValueError, match="Data channel with ID 5 already registered"):
            one.createDataChannel("chat", negotiated=True, id=5)
        with pytest.raises(
            ValueError, match="Cannot specify both maxPacketLifeTime and maxRetransmits"
        ):
            one.createDataChannel("chat", maxPacketLifeTime=1, maxRetransmits=1)


async def test_closing_delivers_what_was_sent():
    async with channels() as (ours, theirs):
        gone = happened(ours, "close"), happened(theirs, "close")
        messages = []
        theirs.on("message", messages.append)
        for number in range(1000):
            ours.send(str(number))
        ours.close()
        await asyncio.gather(*gone)
        assert messages == [str(number) for number in range(1000)]
        assert ours.readyState == theirs.readyState == "closed"
        assert ours.listeners("close") == []


async def test_a_late_listener_still_gets_the_messages():
    async with peer() as one, peer() as two:
        ours = one.createDataChannel("chat")
        echo = one.createDataChannel("echo")
        announced: dict[str, ironrtc.RTCDataChannel] = {}
        both = asyncio.Event()

        def on_datachannel(channel):
            announced[channel.label] = channel
            if len(announced) == 2:
                both.set()

        two.on("datachannel", on_datachannel)
        await negotiate(one, two)
        await both.wait()
        await opened(ours)
        ours.send("early")
        # One ordered association: when the second message is there, the first is.
        heard = happened(announced["echo"], "message")
        await opened(echo)
        echo.send("now")
        await heard
        assert await happened(announced["chat"], "message") == "early"


COUNT, SIZE = 200, 50_000
"""More than SCTP's window at its beginning: 10 MB."""


async def stalled(channel):
    """Wait until no more leaves, and return what is still queued."""
    before, now = -1, channel.bufferedAmount
    while now != before or now == COUNT * SIZE:
        await asyncio.sleep(0.1)
        before, now = now, channel.bufferedAmount
    return now


def numbered(number):
    return number.to_bytes(4, "big") + bytes(SIZE - 4)


async def test_what_nobody_reads_yet_waits_in_sctp_and_is_not_lost():
    async with channels() as (ours, theirs):
        for number in range(COUNT):
            ours.send(numbered(number))
        # The window is full: the other side has ceased to send, and nothing was thrown away.
        ours.send("the last one")
        assert await stalled(ours) > 0
        messages = await received(theirs, COUNT + 1)
        assert [int.from_bytes(each[:4], "big") for each in messages[:-1]] == list(range(COUNT))
        assert messages[-1] == "the last one"


@pytest.mark.parametrize("iterates", [True, False])
async def test_a_slow_handler_of_a_new_channel_loses_nothing(iterates):
    count = 100
    async with peer() as one, peer() as two:
        ours = one.createDataChannel("file")
        numbers, sent, finished = [], asyncio.Event(), asyncio.Event()

        @two.on("datachannel")
        async def on_datachannel(theirs):
            # The other side has sent what fits, and waits for us to read.
            await sent.wait()
            await stalled(ours)
            if iterates:
                async for message in theirs:
                    numbers.append(int.from_bytes(message[:4], "big"))
                finished.set()
            else:

                def on_message(message):
                    numbers.append(int.from_bytes(message[:4], "big"))
                    if len(numbers) == count:
                        finished.set()

                theirs.on("message", on_message)

        await negotiate(one, two)
        await opened(ours)
        for number in range(count):
            ours.send(numbered(number))
        ours.close()
        sent.set()
        await finished.wait()
        assert numbers == list(range(count))


async def test_messages_wait_while_the_last_listener_is_gone():
    async with channels() as (ours, theirs):
        for number in range(1000):
            ours.send(str(number))
        heard = [await happened(theirs, "message") for _ in range(700)]
        heard += await received(theirs, 300)
        assert heard == [str(number) for number in range(1000)]


async def test_a_channel_that_nobody_reads_closes_when_the_other_side_wants_it():
    async with channels() as (ours, theirs):
        gone = happened(theirs, "close")
        ours.send("unread")
        ours.close()
        await gone
        assert theirs.readyState == "closed"
        assert await happened(theirs, "message") == "unread"


async def test_who_leaves_messages_unread_is_warned(monkeypatch, caplog):
    monkeypatch.setattr(ironrtc.rtcdatachannel, "_PATIENCE", 0)
    async with channels() as (ours, theirs):
        ours.send("unread")
        ours.send("unread")
        echoed = happened(ours, "message")
        while not caplog.messages:
            await asyncio.sleep(0.01)
        assert "RTCDataChannel(chat) has messages that nobody reads" in caplog.text
        theirs.on("message", lambda message: theirs.send(message))
        assert await echoed == "unread"


async def test_buffered_amount_falls_and_tells():
    async with channels() as (ours, theirs):
        assert ours.bufferedAmountLowThreshold == 0
        for value in -1, 4294967296:
            with pytest.raises(ValueError) as error:
                ours.bufferedAmountLowThreshold = value
            assert str(error.value) == (
                "bufferedAmountLowThreshold must be in range 0 - 4294967295"
            )
        ours.bufferedAmountLowThreshold = 1_000_000
        low = happened(ours, "bufferedamountlow")
        # More than the other side's window takes: it reads nothing while this loop is busy.
        for _ in range(200):
            ours.send(bytes(100_000))
        assert ours.bufferedAmount > 1_000_000
        await received(theirs, 200)
        await low
        assert ours.bufferedAmount <= 1_000_000


async def test_drain_bounds_what_is_queued():
    async with channels() as (ours, theirs):
        count = 0
        done = asyncio.Event()

        def on_message(message):
            nonlocal count
            count += 1
            if count == 200:
                done.set()

        theirs.on("message", on_message)
        for _ in range(200):
            await ours.drain()
            ours.send(bytes(100_000))
            assert ours.bufferedAmount <= (1 << 20) + 100_000
        await done.wait()


async def test_drain_ends_with_the_connection():
    async with peer() as one, peer() as two:
        ours = one.createDataChannel("chat")
        # The reader never reads: the queue stays full.
        two.on("datachannel", lambda theirs: theirs.__aiter__())
        await negotiate(one, two)
        await opened(ours)
        for _ in range(300):
            ours.send(bytes(100_000))
        waiting = asyncio.ensure_future(ours.drain())
        await asyncio.sleep(0)
        assert not waiting.done()
        await one.close()
        with pytest.raises(ironrtc.InvalidStateError):
            await waiting


async def test_iteration_ends_when_the_channel_closes():
    async with channels() as (ours, theirs):
        for number in range(2000):
            ours.send(str(number))
        ours.close()
        assert [message async for message in theirs] == [str(number) for number in range(2000)]
        assert [message async for message in theirs] == []


async def test_a_reader_that_waits_holds_the_sender_back():
    async with channels() as (ours, theirs):
        iterator = theirs.__aiter__()
        size, count = 200_000, 200
        for _ in range(count):
            ours.send(bytes(size))
        read = len(await iterator.__anext__())
        low = happened(ours, "bufferedamountlow")
        assert not low.done()
        async for message in iterator:
            read += len(message)
            if read == size * count:
                break
        await low
        assert ours.bufferedAmount == 0


async def test_iteration_can_stop_and_go_on():
    async with channels() as (ours, theirs):
        for number in range(10):
            ours.send(str(number))
        seen = []
        async for message in theirs:
            seen.append(message)
            if len(seen) == 4:
                break
        async for message in theirs:
            seen.append(message)
            if len(seen) == 10:
                break
        assert seen == [str(number) for number in range(10)]


async def test_many_channels_at_once():
    async with peer() as one, peer() as two:
        ours = [one.createDataChannel(str(number)) for number in range(200)]
        two.on("datachannel", lambda theirs: theirs.on("message", theirs.send))
        await negotiate(one, two)
        for channel in ours:
            await opened(channel)
        answers = [happened(channel, "message") for channel in ours]
        for channel in ours:
            channel.send(channel.label)
        assert await asyncio.gather(*answers) == [channel.label for channel in ours]


async def test_a_connection_closes_while_messages_pour_in():
    one, two = peer(), peer()
    channel = one.createDataChannel("chat")
    await negotiate(one, two)
    heard = asyncio.Event()
    announced = happened(two, "datachannel")
    await opened(channel)
    (await announced).on("message", lambda message: heard.set())

    async def pour():
        while channel.readyState == "open":
            await channel.drain()
            channel.send(b"x")
            await asyncio.sleep(0)

    pouring = asyncio.ensure_future(pour())
    await heard.wait()
    await two.close()
    await reached(one, "connectionState", "closed", "connectionstatechange")
    await pouring
