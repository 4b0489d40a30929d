"""What aiortc does not have, and the switch that turns its ways into the W3C's."""

import asyncio
import re

import pytest
from helpers import LOCAL, happened, negotiate, opened, peer, reached

import ironrtc
from ironrtc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription


async def test_without_the_switch_the_states_are_aiortcs():
    async with peer() as one, peer() as two:
        seen = []
        one.on("iceconnectionstatechange", lambda: seen.append(one.iceConnectionState))
        channel = one.createDataChannel("chat")
        await negotiate(one, two)
        await opened(channel)
        assert "connected" not in seen


async def test_with_the_switch_gathering_is_not_waited_for():
    # A server that never answers keeps the gathering from its end.
    silent = RTCConfiguration(iceServers=[RTCIceServer("stun:192.0.2.1:9")])
    async with RTCPeerConnection(silent, w3c=True) as one, peer(w3c=True) as two:
        candidates = []

        async def on_candidate(candidate):
            candidates.append(candidate)
            await two.addIceCandidate(candidate)

        one.on("icecandidate", on_candidate)
        two.on("icecandidate", one.addIceCandidate)
        seen = []
        one.on("iceconnectionstatechange", lambda: seen.append(one.iceConnectionState))
        channel = one.createDataChannel("chat")
        await one.setLocalDescription()
        await reached(one, "iceGatheringState", "gathering", "icegatheringstatechange")
        await two.setRemoteDescription(one.localDescription)
        await two.setLocalDescription()
        await one.setRemoteDescription(two.localDescription)
        await opened(channel)
        assert seen[:2] == ["checking", "connected"]
        assert one.iceGatheringState == "gathering"
        assert candidates[0].sdpMid == "0" and candidates[0].sdpMLineIndex == 0


async def test_with_the_switch_an_announced_channel_opens_later():
    async with peer(w3c=True) as one, peer(w3c=True) as two:
        log = []
        opens = asyncio.Event()

        def on_datachannel(channel):
            log.append("datachannel")

            @channel.on("open")
            def on_open():
                log.append("open")
                opens.set()

        two.on("datachannel", on_datachannel)
        one.on("icecandidate", two.addIceCandidate)
        two.on("icecandidate", one.addIceCandidate)
        one.createDataChannel("chat")
        await negotiate(one, two)
        await opens.wait()
        assert log == ["datachannel", "open"]


async def test_with_the_switch_close_is_silent():
    one = peer(w3c=True)
    events = []
    for name in "connectionstatechange", "iceconnectionstatechange", "signalingstatechange":
        one.on(name, lambda name=name: events.append(name))
    await one.close()
    assert events == []
    assert one.connectionState == one.iceConnectionState == one.signalingState == "closed"


async def trickling(one, two):
    one.on("icecandidate", two.addIceCandidate)
    two.on("icecandidate", one.addIceCandidate)
    channel = one.createDataChannel("chat")
    await negotiate(one, two)
    await opened(channel)
    return channel


async def test_with_the_switch_a_goodbye_closes_the_transport_and_not_the_connection():
    async with peer(w3c=True) as one, peer(w3c=True) as two:
        channel = await trickling(one, two)
        dtls = one.sctp.transport
        closed = happened(channel, "close")
        await two.close()
        await closed
        assert dtls.state == "closed"
        assert one.connectionState != "closed" and one.signalingState == "stable"
        # The connection is still of use: it can be described anew.
        assert (await one.createOffer(iceRestart=True)).type == "offer"


@pytest.mark.parametrize("w3c", [True, False])
async def test_declined_data_channels_can_be_offered_again(w3c):
    async with peer(w3c=w3c) as one, peer(w3c=w3c) as two, peer(w3c=w3c) as three:
        channel = one.createDataChannel("chat")
        closed = happened(channel, "close")
        await one.setLocalDescription()
        await two.setRemoteDescription(one.localDescription)
        await two.setLocalDescription()
        declined = re.sub(r"m=application \d+", "m=application 0", two.localDescription.sdp)
        declined = declined.replace("a=group:BUNDLE 0", "a=group:BUNDLE")
        await one.setRemoteDescription(RTCSessionDescription(declined, "answer"))
        await closed
        assert (one.sctp, one.signalingState, one.connectionState) == (None, "stable", "new")
        # `two` has declined nothing, so another goes on in its place.
        await opened(await trickling(one, three))


async def test_with_the_switch_offers_that_cross_roll_back():
    async with peer(w3c=True) as one, peer(w3c=True) as two:
        one.createDataChannel("of one")
        two.createDataChannel("of two")
        await one.setLocalDescription()
        await two.setLocalDescription()
        await two.setRemoteDescription(one.localDescription)
        assert two.signalingState == "have-remote-offer"


async def test_without_the_switch_offers_that_cross_are_an_error():
    async with peer() as one, peer() as two:
        one.createDataChannel("of one")
        two.createDataChannel("of two")
        await one.setLocalDescription()
        await two.setLocalDescription()
        with pytest.raises(
            ironrtc.InvalidStateError,
            match='Cannot handle offer in signaling state "have-local-offer"',
        ):
            await two.setRemoteDescription(one.localDescription)


async def test_negotiationneeded_comes_once():
    async with peer() as one, peer() as two:
        needed = happened(one, "negotiationneeded")
        one.createDataChannel("chat")
        one.createDataChannel("more")
        await needed
        again = happened(one, "negotiationneeded")
        await negotiate(one, two)
        assert not again.done()


async def test_provisional_answers():
    async with peer() as one, peer() as two:
        channel = one.createDataChannel("chat")
        await one.setLocalDescription()
        await two.setRemoteDescription(one.localDescription)
        answer = await two.createAnswer()
        await two.setLocalDescription(RTCSessionDescription(answer.sdp, "pranswer"))
        assert two.signalingState == "have-local-pranswer"
        assert two.pendingLocalDescription.type == "pranswer"
        provisional = two.localDescription
        assert provisional.type == "pranswer"
        await one.setRemoteDescription(provisional)
        assert one.signalingState == "have-remote-pranswer"
        await two.setLocalDescription(RTCSessionDescription(answer.sdp, "answer"))
        await one.setRemoteDescription(two.localDescription)
        assert one.signalingState == two.signalingState == "stable"
        await opened(channel)


async def test_rollback():
    async with peer() as one, peer() as two:
        one.createDataChannel("chat")
        await one.setLocalDescription()
        await two.setRemoteDescription(one.localDescription)
        for pc, set_description in (
            (one, one.setLocalDescription),
            (two, two.setRemoteDescription),
        ):
            await set_description(RTCSessionDescription("", "rollback"))
            assert pc.signalingState == "stable"
            assert pc.localDescription is None and pc.remoteDescription is None


async def test_restart_finds_a_path_again():
    async with peer() as one, peer() as two:
        channel = one.createDataChannel("chat")
        await negotiate(one, two)
        await opened(channel)
        before = one.sctp.transport.transport.iceGatherer.getLocalParameters()
        needed = happened(one, "negotiationneeded")
        one.restartIce()
        await needed
        await negotiate(one, two)
        after = one.sctp.transport.transport.iceGatherer.getLocalParameters()
        assert before.usernameFragment != after.usernameFragment
        answer = asyncio.get_running_loop().create_future()
        theirs = two.createDataChannel("back")
        one.on("datachannel", lambda back: back.on("message", answer.set_result))
        await opened(theirs)
        theirs.send("ping")
        assert await answer == "ping"


async def test_an_offer_can_restart_ice_once():
    async with peer() as one, peer() as two:
        one.createDataChannel("chat")
        await negotiate(one, two)
        fragment = (
            one.sctp.transport.transport.iceGatherer.getLocalParameters().usernameFragment
        )
        assert fragment in (await one.createOffer()).sdp
        assert fragment not in (await one.createOffer(iceRestart=True)).sdp


async def test_servers_that_cannot_be_reached_are_told():
    url = "stun:stun.invalid:3478"
    configuration = ironrtc.RTCConfiguration(iceServers=[ironrtc.RTCIceServer(url)])
    async with ironrtc.RTCPeerConnection(configuration) as one:
        failed = happened(one, "icecandidateerror")
        one.createDataChannel("chat")
        await one.setLocalDescription()
        error = await failed
        assert (error.url, error.errorCode) == (url, 701)
        assert error.errorText


async def test_a_bad_server_is_refused_at_once():
    for url in "http://example.com", "stun:":
        with pytest.raises(ValueError, match="cannot be used"):
            ironrtc.RTCPeerConnection(
                ironrtc.RTCConfiguration(iceServers=[ironrtc.RTCIceServer(url)])
            )


async def test_the_configuration_can_be_read_and_changed():
    async with peer() as one:
        assert one.getConfiguration() == LOCAL
        other = ironrtc.RTCConfiguration(iceServers=[ironrtc.RTCIceServer("stun:192.0.2.1")])
        one.setConfiguration(other)
        assert one.getConfiguration() == other
        for name, value in {
            "bundlePolicy": ironrtc.RTCBundlePolicy.MAX_BUNDLE,
            "alwaysNegotiateDataChannels": True,
            "congestionControl": "cubic",
            "resolveNames": True,
        }.items():
            with pytest.raises(ValueError, match=f"^{name} cannot be changed"):
                one.setConfiguration(ironrtc.RTCConfiguration(iceServers=[], **{name: value}))


async def test_what_cannot_change_need_not_be_repeated():
    settled = {"congestionControl": "cubic", "resolveNames": True}
    policy = ironrtc.RTCBundlePolicy.MAX_BUNDLE
    beginning = ironrtc.RTCConfiguration([], bundlePolicy=policy, **settled)
    server = ironrtc.RTCIceServer("stun:192.0.2.1")
    async with ironrtc.RTCPeerConnection(beginning) as one:
        policies = {"bundlePolicy": policy, "resolveNames": True}
        one.setConfiguration(ironrtc.RTCConfiguration([server], **policies))
        kept = one.getConfiguration()
        assert kept == ironrtc.RTCConfiguration([server], bundlePolicy=policy, **settled)
        one.setConfiguration({"iceServers": [], "iceTransportPolicy": "relay"})
        kept = one.getConfiguration()
        assert (kept.congestionControl, kept.resolveNames) == ("cubic", True)
        assert (kept.bundlePolicy, kept.iceTransportPolicy) == (policy, "relay")
        for name, value in {"congestionControl": "bbr", "resolveNames": False}.items():
            with pytest.raises(ValueError, match=f"^{name} cannot be changed"):
                one.setConfiguration({"iceServers": [], name: value})


async def test_trickle_is_known_after_the_remote_description():
    async with peer() as one, peer() as two:
        assert two.canTrickleIceCandidates is None
        one.createDataChannel("chat")
        await one.setLocalDescription()
        await two.setRemoteDescription(one.localDescription)
        assert two.canTrickleIceCandidates is True
