"""IronRTC and aiortc talk to each other, each in a process of its own."""

import asyncio
import base64
import json
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

PEER = Path(__file__).parent / "peer.py"
PAIRS = [("ironrtc", "aiortc"), ("aiortc", "ironrtc")]


class Remote:
    """A peer in another process."""

    def __init__(self, process):
        self._process = process
        self._events = []

    async def do(self, command, **arguments):
        line = json.dumps({"do": command, **arguments}) + "\n"
        self._process.stdin.write(line.encode())
        await self._process.stdin.drain()

    async def event(self, name, **members):
        """Wait for an event; those before it stay for others to find."""

        def fits(event):
            return event["event"] == name and members.items() <= event.items()

        for event in self._events:
            if fits(event):
                self._events.remove(event)
                return event
        while True:
            line = await self._process.stdout.readline()
            assert line, "the peer has ended"
            event = json.loads(line)
            if fits(event):
                return event
            self._events.append(event)


@asynccontextmanager
async def remote(stack):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PEER),
        stack,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    yield Remote(process)
    process.stdin.close()
    assert await process.wait() == 0


async def connect(offerer, answerer):
    await offerer.do("offer")
    offer = await offerer.event("description")
    await answerer.do("answer", sdp=offer["sdp"], type=offer["type"])
    answer = await answerer.event("description")
    await offerer.do("accept", sdp=answer["sdp"], type=answer["type"])


@pytest.mark.parametrize("offering, answering", PAIRS)
async def test_messages_of_all_kinds_come_back(offering, answering):
    async with remote(offering) as one, remote(answering) as two:
        # Who offers has a plain channel; its peer echoes what comes in on "echo".
        await one.do("channel", label="plain")
        await one.do("channel", label="back", negotiated=True, id=10)
        await two.do("channel", label="echo", negotiated=True, id=10)
        await connect(one, two)
        await one.event("state", state="connected")
        await two.event("state", state="connected")
        assert (await two.event("datachannel"))["label"] == "plain"
        await one.event("open", label="plain")
        await one.event("open", label="back")
        messages = [
            {"text": "hello"},
            {"text": ""},
            {"text": "naïve 🐍"},
            {"bytes": ""},
            {"bytes": base64.b64encode(bytes(range(256)) * 1000).decode()},
            {"text": "x" * 262_144},
        ]
        for message in messages:
            await one.do("send", label="back", **message)
        for message in messages:
            event = await one.event("message", label="back")
            assert message.items() <= event.items()
        await two.do("send", label="plain", text="from the one that answers")
        await one.event("message", label="plain", text="from the one that answers")


@pytest.mark.parametrize("offering, answering", PAIRS)
async def test_settings_arrive(offering, answering):
    kinds = [
        {"label": "unordered", "ordered": False},
        {"label": "retransmits", "maxRetransmits": 3, "ordered": False},
        {"label": "lifetime", "maxPacketLifeTime": 500},
        {"label": "protocol", "protocol": "chess"},
    ]
    async with remote(offering) as one, remote(answering) as two:
        for kind in kinds:
            await one.do("channel", **kind)
        await connect(one, two)
        for kind in kinds:
            event = await two.event("datachannel", label=kind["label"])
            for name in "ordered", "maxRetransmits", "maxPacketLifeTime", "protocol":
                default = {"ordered": True, "protocol": ""}.get(name)
                assert event[name] == kind.get(name, default), name
            opened = await one.event("open", label=kind["label"])
            assert opened["id"] == event["id"]
            await two.do("send", label=kind["label"], text="ping")
            await one.event("message", label=kind["label"], text="ping")


@pytest.mark.parametrize("offering, answering", PAIRS)
@pytest.mark.parametrize("closer", ["one", "two"])
async def test_closing_is_seen(offering, answering, closer):
    async with remote(offering) as one, remote(answering) as two:
        await one.do("channel", label="plain")
        await one.do("channel", label="stays")
        await connect(one, two)
        await two.event("datachannel", label="plain")
        await two.event("datachannel", label="stays")
        await one.event("open", label="plain")
        here, there = (one, two) if closer == "one" else (two, one)
        await here.do("close-channel", label="plain")
        await here.event("close", label="plain")
        await there.event("close", label="plain")
        await here.do("close")
        await here.event("state", state="closed")
        await there.event("close", label="stays")
        await there.event("state", state="closed")
