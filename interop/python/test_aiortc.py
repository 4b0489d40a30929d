"""IronRTC against aiortc, in both roles."""

import asyncio
import hashlib
import os

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from ironpeer import BULK_TIMEOUT, TIMEOUT, IronPeer

MIB = 1024 * 1024
MESSAGES = ["text – ünïcode", "", b"\x00\xff\x10", b""]
KINDS = {
    "plain": {},
    "unordered": {"ordered": False},
    "retransmissions": {"maxRetransmits": 3},
    "lifetime": {"maxPacketLifeTime": 500},
    "protocol": {"protocol": "chat.v1"},
}


class Inbox:
    """The messages of an aiortc channel."""

    def __init__(self, channel):
        self.channel = channel
        self.messages = asyncio.Queue()
        channel.on("message", self.messages.put_nowait)

    async def recv(self, timeout=TIMEOUT):
        return await asyncio.wait_for(self.messages.get(), timeout)


def plain(description):
    return {"type": description.type, "sdp": description.sdp}


def parsed(description):
    return RTCSessionDescription(sdp=description["sdp"], type=description["type"])


async def wait_state(channel, state):
    if channel.readyState != state:
        reached = asyncio.Event()
        channel.on({"open": "open", "closed": "close"}[state], reached.set)
        await asyncio.wait_for(reached.wait(), TIMEOUT)
    assert channel.readyState == state


async def exchange(iron, foreign, offerer):
    if offerer == "iron":
        await foreign.setRemoteDescription(parsed(await iron.offer()))
        await foreign.setLocalDescription(await foreign.createAnswer())
        await iron.command("setRemote", description=plain(foreign.localDescription))
    else:
        await foreign.setLocalDescription(await foreign.createOffer())
        answer = await iron.answer(plain(foreign.localDescription))
        await foreign.setRemoteDescription(parsed(answer))


class Pair:
    """IronRTC and aiortc, connected by a channel that the offerer made."""

    def __init__(self, offerer):
        self.offerer = offerer

    async def __aenter__(self):
        self.peer = await IronPeer().__aenter__()
        self.foreign = RTCPeerConnection()
        self.incoming = asyncio.Queue()
        self.foreign.on("datachannel", lambda channel: self.incoming.put_nowait(Inbox(channel)))
        self.iron = await self.peer.connection()
        if self.offerer == "iron":
            self.ours = await self.iron.create_channel("chat")
        else:
            self.theirs = Inbox(self.foreign.createDataChannel("chat"))
        await exchange(self.iron, self.foreign, self.offerer)
        if self.offerer == "iron":
            self.theirs = await asyncio.wait_for(self.incoming.get(), TIMEOUT)
        else:
            self.ours = await self.iron.incoming("chat")
        await self.ours.command("opened")
        await wait_state(self.theirs.channel, "open")
        return self

    async def __aexit__(self, *error):
        await self.foreign.close()
        await self.peer.__aexit__(*error)


@pytest.mark.parametrize("offerer", ["iron", "aiortc"])
async def test_messages_of_all_kinds(offerer):
    async with Pair(offerer) as pair:
        for message in MESSAGES:
            await pair.ours.send(message)
            assert await pair.theirs.recv() == message
            pair.theirs.channel.send(message)
            assert await pair.ours.recv() == message
        await pair.iron.event("connectionstatechange", state="connected")


@pytest.mark.parametrize("offerer", ["iron", "aiortc"])
async def test_channels_of_all_kinds(offerer):
    async with Pair(offerer) as pair:
        for label, options in KINDS.items():
            ours = await pair.iron.create_channel(label, **options)
            theirs = await asyncio.wait_for(pair.incoming.get(), TIMEOUT)
            await ours.command("opened")
            info = await ours.command("channel")
            for key in ("label", "protocol", "ordered", "maxRetransmits", "maxPacketLifeTime", "id"):
                assert getattr(theirs.channel, key) == info[key], (label, key)
            await ours.send(label)
            assert await theirs.recv() == label

            theirs = Inbox(pair.foreign.createDataChannel(f"their {label}", **options))
            ours = await pair.iron.incoming(f"their {label}")
            await wait_state(theirs.channel, "open")
            info = await ours.command("channel")
            for key in ("protocol", "ordered", "maxRetransmits", "maxPacketLifeTime", "id"):
                assert getattr(theirs.channel, key) == info[key], (label, key)
            theirs.channel.send(label)
            assert await ours.recv() == label

        ours = await pair.iron.create_channel("known", negotiated=True, id=100)
        theirs = Inbox(pair.foreign.createDataChannel("known", negotiated=True, id=100))
        await ours.command("opened")
        await ours.send("negotiated")
        assert await theirs.recv() == "negotiated"


@pytest.mark.parametrize("offerer", ["iron", "aiortc"])
async def test_five_mebibytes_each_way(offerer):
    size = 16 * 1024
    total = 5 * MIB
    async with Pair(offerer) as pair:
        sending = asyncio.ensure_future(
            pair.ours.command("sendBulk", bytes=total, size=size, timeout=BULK_TIMEOUT)
        )
        received = hashlib.sha256()
        for _ in range(total // size):
            received.update(await pair.theirs.recv(BULK_TIMEOUT))
        assert received.hexdigest() == (await sending)["sha256"]

        sent = hashlib.sha256()
        for _ in range(total // size):
            data = os.urandom(size)
            sent.update(data)
            pair.theirs.channel.send(data)
        result = await pair.ours.command("receiveBulk", bytes=total, timeout=BULK_TIMEOUT)
        assert result == {"bytes": total, "messages": total // size, "sha256": sent.hexdigest()}


@pytest.mark.parametrize("closer", ["iron", "aiortc"])
async def test_closing_a_channel(closer):
    async with Pair("iron") as pair:
        if closer == "iron":
            await pair.ours.command("closeChannel")
        else:
            pair.theirs.channel.close()
        await pair.ours.event("close")
        await wait_state(pair.theirs.channel, "closed")
        # The id is free again.
        again = await pair.iron.create_channel("again")
        theirs = await asyncio.wait_for(pair.incoming.get(), TIMEOUT)
        await again.send("again")
        assert await theirs.recv() == "again"


@pytest.mark.parametrize("closer", ["iron", "aiortc"])
async def test_closing_the_connection(closer):
    async with Pair("aiortc") as pair:
        if closer == "iron":
            await pair.iron.command("close")
            await wait_state(pair.theirs.channel, "closed")
        else:
            await pair.foreign.close()
            await pair.ours.event("close")
