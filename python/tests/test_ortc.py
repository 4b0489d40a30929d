"""The transports of ORTC, made and started by hand."""

import asyncio

import pytest
from helpers import happened, opened

from ironrtc import (
    InvalidStateError,
    RTCCertificate,
    RTCDataChannel,
    RTCDataChannelParameters,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
    RTCSctpTransport,
)


class Side:
    """The four objects of one side."""

    def __init__(self) -> None:
        self.gatherer = RTCIceGatherer(iceServers=[])
        self.ice = RTCIceTransport(self.gatherer)
        self.dtls = RTCDtlsTransport(self.ice, [RTCCertificate.generateCertificate()])
        self.sctp = RTCSctpTransport(self.dtls)

    async def connect_ice(self, other: "Side") -> None:
        for candidate in other.gatherer.getLocalCandidates():
            await self.ice.addRemoteCandidate(candidate)
        await self.ice.addRemoteCandidate(None)
        await self.ice.start(other.gatherer.getLocalParameters())

    async def stop(self) -> None:
        await self.sctp.stop()
        await self.dtls.stop()
        await self.ice.stop()


async def connected_sides() -> tuple[Side, Side]:
    one, two = Side(), Side()
    await asyncio.gather(one.gatherer.gather(), two.gatherer.gather())
    await asyncio.gather(one.connect_ice(two), two.connect_ice(one))
    await asyncio.gather(
        one.dtls.start(two.dtls.getLocalParameters()),
        two.dtls.start(one.dtls.getLocalParameters()),
    )
    return one, two


def test_before_the_start():
    side = Side()
    assert (side.gatherer.state, side.ice.state, side.dtls.state, side.sctp.state) == (
        "new",
    ) * 4
    assert side.gatherer.getLocalCandidates() == []
    assert side.gatherer.getLocalParameters() == side.gatherer.getLocalParameters()
    assert (side.ice.role, side.sctp.maxChannels, side.sctp.port) == ("controlled", None, 5000)
    assert side.sctp.getCapabilities().maxMessageSize == 262144
    assert RTCIceGatherer.getDefaultIceServers()[0].urls == "stun:stun.l.google.com:19302"


async def test_a_channel_over_transports_started_by_hand():
    one, two = await connected_sides()
    assert (one.gatherer.state, one.ice.state, one.dtls.state) == (
        "completed",
        "completed",
        "connected",
    )
    assert {one.ice.role, two.ice.role} == {"controlling", "controlled"}
    announced = happened(two.sctp, "datachannel")
    ours = RTCDataChannel(one.sctp, RTCDataChannelParameters(label="chat"))
    for here, there in (one, two), (two, one):
        await here.sctp.start(there.sctp.getCapabilities(), there.sctp.port)
    theirs = await announced
    await opened(ours)
    assert (one.sctp.state, two.sctp.state) == ("connected", "connected")
    ours.send("hello")
    assert await happened(theirs, "message") == "hello"
    await one.stop()
    await two.stop()
    assert (one.sctp.state, one.dtls.state, one.ice.state) == ("closed",) * 3


async def test_a_start_ends_after_the_change_that_it_waited_for():
    changes = []
    for _ in range(20):
        one, two = Side(), Side()
        for side in one, two:
            for transport in side.ice, side.dtls:
                transport.on("statechange", lambda it=transport: changes.append(it.state))
        await asyncio.gather(one.gatherer.gather(), two.gatherer.gather())
        await asyncio.gather(one.connect_ice(two), two.connect_ice(one))
        assert (one.ice.state, two.ice.state) == ("completed", "completed")
        await asyncio.gather(
            one.dtls.start(two.dtls.getLocalParameters()),
            two.dtls.start(one.dtls.getLocalParameters()),
        )
        assert (one.dtls.state, two.dtls.state) == ("connected", "connected")
        await asyncio.gather(one.stop(), two.stop())
    assert changes.count("completed") == changes.count("connected") == 40


async def test_a_wrong_fingerprint_fails():
    one, two = Side(), Side()
    await asyncio.gather(one.gatherer.gather(), two.gatherer.gather())
    await asyncio.gather(one.connect_ice(two), two.connect_ice(one))
    wrong = RTCDtlsParameters(
        fingerprints=RTCCertificate.generateCertificate().getFingerprints()
    )
    shaking = asyncio.ensure_future(two.dtls.start(one.dtls.getLocalParameters()))
    await one.dtls.start(wrong)
    assert one.dtls.state == "failed"
    await one.stop()
    await two.stop()
    await shaking


async def test_a_closed_transport_stays_closed():
    side = Side()
    await side.ice.stop()
    await side.ice.stop()
    with pytest.raises(InvalidStateError, match="^RTCIceTransport is closed$"):
        await side.ice.start(RTCIceParameters(usernameFragment="a" * 4, password="b" * 22))
    await side.dtls.stop()
    with pytest.raises(InvalidStateError):
        RTCSctpTransport(side.dtls)


async def test_given_credentials_are_used():
    gatherer = RTCIceGatherer(iceServers=[], local_username="user", local_password="p" * 22)
    assert gatherer.getLocalParameters() == RTCIceParameters("user", "p" * 22)


async def test_a_side_that_vanishes_closes_what_was_connected():
    one, two = await connected_sides()
    channel = RTCDataChannel(one.sctp, RTCDataChannelParameters(label="chat"))
    await asyncio.gather(
        one.sctp.start(two.sctp.getCapabilities(), two.sctp.port),
        two.sctp.start(one.sctp.getCapabilities(), one.sctp.port),
    )
    await opened(channel)
    closed = happened(channel, "close")
    # What the core says when consent has expired: 30 s after the other side was killed.
    one.ice._link._on_event("ice", "failed")
    await closed
    assert (one.ice.state, one.dtls.state, one.sctp.state) == ("failed", "closed", "closed")
    await asyncio.gather(one.stop(), two.stop())
