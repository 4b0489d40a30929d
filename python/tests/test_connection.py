"""Two connections in one process: states and events come in aiortc's order."""

import asyncio
import json

import pytest
from helpers import happened, negotiate, opened, peer, reached

import ironrtc


class States:
    """The states that a connection has gone through."""

    def __init__(self, pc: ironrtc.RTCPeerConnection) -> None:
        self.of: dict[str, list[str]] = {}
        for attribute in (
            "connectionState",
            "iceConnectionState",
            "iceGatheringState",
            "signalingState",
        ):
            seen = self.of[attribute] = [getattr(pc, attribute)]

            def handler(attribute: str = attribute, seen: list[str] = seen) -> None:
                seen.append(getattr(pc, attribute))

            pc.on(attribute.lower() + "change", handler)


async def test_states_follow_aiortcs_sequences():
    one, two = peer(), peer()
    first, second = States(one), States(two)
    channel = one.createDataChannel("chat")
    await negotiate(one, two)
    await opened(channel)
    await reached(one, "connectionState", "connected", "connectionstatechange")
    await reached(two, "connectionState", "connected", "connectionstatechange")
    await reached(one, "iceConnectionState", "completed", "iceconnectionstatechange")
    await reached(two, "iceConnectionState", "completed", "iceconnectionstatechange")
    await one.close()
    await two.close()

    for states in first, second:
        assert states.of["connectionState"] == ["new", "connecting", "connected", "closed"]
        assert states.of["iceConnectionState"] == ["new", "checking", "completed", "closed"]
        assert states.of["iceGatheringState"] == ["new", "gathering", "complete"]
    assert first.of["signalingState"] == ["stable", "have-local-offer", "stable", "closed"]
    assert second.of["signalingState"] == ["stable", "have-remote-offer", "stable", "closed"]


async def test_descriptions_are_shared_and_have_candidates():
    async with peer() as one, peer() as two:
        assert one.sctp is None and one.localDescription is None
        one.createDataChannel("chat")
        assert one.sctp is not None and one.sctp.state == "new"

        offer = await one.createOffer()
        assert offer.type == "offer" and "a=candidate:" not in offer.sdp
        await one.setLocalDescription(offer)
        assert one.iceGatheringState == "complete"
        assert "a=candidate:" in one.localDescription.sdp
        assert "a=end-of-candidates" in one.localDescription.sdp

        await two.setRemoteDescription(one.localDescription)
        assert two.remoteDescription == one.localDescription
        assert two.sctp is not None
        await two.setLocalDescription()
        assert two.localDescription.type == "answer"
        await one.setRemoteDescription(two.localDescription)
        assert one.remoteDescription == two.localDescription
        assert one.currentLocalDescription == two.remoteDescription
        assert one.pendingLocalDescription is None


async def test_transports_of_a_connection():
    async with peer() as one, peer() as two:
        channel = one.createDataChannel("chat")
        sctp = one.sctp
        dtls, ice = sctp.transport, sctp.transport.transport
        states = {"dtls": [dtls.state], "ice": [ice.state], "gatherer": [ice.iceGatherer.state]}
        dtls.on("statechange", lambda: states["dtls"].append(dtls.state))
        ice.on("statechange", lambda: states["ice"].append(ice.state))
        gatherer = ice.iceGatherer
        gatherer.on("statechange", lambda: states["gatherer"].append(gatherer.state))

        await negotiate(one, two)
        await opened(channel)
        assert (sctp.state, sctp.port, sctp.mid) == ("connected", 5000, "0")
        assert sctp.maxChannels == 65535
        assert (sctp.is_server, two.sctp.is_server) == (False, True)
        assert (ice.role, two.sctp.transport.transport.role) == ("controlling", "controlled")
        assert dtls.encrypted
        assert dtls.getLocalParameters().fingerprints[0].algorithm == "sha-256"
        assert len(dtls.getRemoteCertificates()) == 1
        parameters = gatherer.getLocalParameters()
        assert f"a=ice-ufrag:{parameters.usernameFragment}\r\n" in one.localDescription.sdp
        assert f"a=ice-pwd:{parameters.password}\r\n" in one.localDescription.sdp
        assert {each.type for each in gatherer.getLocalCandidates()} == {"host"}
        assert len(ice.getRemoteCandidates()) >= 1
        await one.close()
        assert states == {
            "dtls": ["new", "connecting", "connected", "closed"],
            "ice": ["new", "checking", "completed", "closed"],
            "gatherer": ["new", "gathering", "completed"],
        }
        assert sctp.state == "closed"


async def test_a_connection_whose_peer_closes_closes_itself():
    one, two = peer(), peer()
    channel = one.createDataChannel("chat")
    await negotiate(one, two)
    await opened(channel)
    closed = happened(channel, "close")
    await two.close()
    await closed
    await reached(one, "connectionState", "closed", "connectionstatechange")
    assert one.iceConnectionState == "closed" and one.signalingState == "closed"
    await one.close()


async def test_close_twice_and_at_once():
    one = peer()
    await asyncio.gather(one.close(), one.close())
    await one.close()
    assert one.connectionState == "closed"


async def test_channels_can_be_added_later():
    async with peer() as one, peer() as two:
        first = one.createDataChannel("first", negotiated=True, id=9)
        await negotiate(one, two)
        await opened(first)
        announced = happened(two, "datachannel")
        second = one.createDataChannel("second", protocol="chess")
        theirs = await announced
        assert (theirs.label, theirs.protocol) == ("second", "chess")
        await opened(second)
        assert second.id == theirs.id


async def test_both_sides_announce_channels():
    async with peer() as one, peer() as two:
        ours = one.createDataChannel("of one")
        negotiated = negotiate(one, two)
        theirs = two.createDataChannel("of two")
        to_two, to_one = happened(two, "datachannel"), happened(one, "datachannel")
        await negotiated
        assert (await to_two).label == "of one"
        assert (await to_one).label == "of two"
        await opened(ours)
        await opened(theirs)
        assert ours.id % 2 != theirs.id % 2


async def test_candidates_one_by_one():
    async with peer() as one, peer() as two:
        one.on("icecandidate", two.addIceCandidate)
        two.on("icecandidate", one.addIceCandidate)
        channel = one.createDataChannel("chat")
        await one.setLocalDescription()
        await two.setRemoteDescription(one.localDescription)
        await two.setLocalDescription()
        await one.setRemoteDescription(two.localDescription)
        await opened(channel)


async def test_always_negotiate_data_channels():
    configuration = ironrtc.RTCConfiguration(iceServers=[], alwaysNegotiateDataChannels=True)
    async with ironrtc.RTCPeerConnection(configuration) as one, peer() as two:
        await negotiate(one, two)
        assert two.sctp is not None
        await reached(two, "connectionState", "connected", "connectionstatechange")


async def test_a_recorder_shows_what_a_connection_does(tmp_path):
    names = {"event_log": "call.jsonl", "capture": "call.pcapng", "key_log": "keys.txt"}
    paths = {option: tmp_path / name for option, name in names.items()}
    recorder = ironrtc.Recorder(**paths)
    configuration = ironrtc.RTCConfiguration(iceServers=[], recorder=recorder)
    async with ironrtc.RTCPeerConnection(configuration) as one, peer() as two:
        channel = one.createDataChannel("chat")
        received = happened(two, "datachannel")
        await negotiate(one, two)
        await opened(channel)
        message = happened(await received, "message")
        channel.send("in the clear")
        await message
        # What is not mentioned stays.
        one.setConfiguration(ironrtc.RTCConfiguration(iceServers=[]))
        assert one.getConfiguration().recorder is recorder
    events = [json.loads(line) for line in paths["event_log"].read_text().splitlines()]
    states = [e["data"]["to"] for e in events if e["name"] == "dtls:state_change"]
    assert states == ["connecting", "connected", "closed"]
    assert "CLIENT_TRAFFIC_SECRET_0 " in paths["key_log"].read_text()
    with pytest.raises(FileNotFoundError):
        ironrtc.Recorder(capture=tmp_path / "no" / "such" / "folder")


async def test_congestion_control_can_be_chosen():
    for name in (None, "bbr", "cubic"):
        configuration = ironrtc.RTCConfiguration(iceServers=[], congestionControl=name)
        async with ironrtc.RTCPeerConnection(configuration) as one, peer() as two:
            channel = one.createDataChannel("chat")
            await negotiate(one, two)
            await opened(channel)
    wrong = ironrtc.RTCConfiguration(iceServers=[], congestionControl="vegas")
    with pytest.raises(ValueError, match="bbr or cubic"):
        ironrtc.RTCPeerConnection(wrong)


async def test_tracks_and_transceivers_are_kept():
    async with peer() as one:
        audio, video = ironrtc.AudioStreamTrack(), ironrtc.VideoStreamTrack()
        sender = one.addTrack(audio, "stream")
        one.addTrack(video)
        assert [each.track for each in one.getSenders()] == [audio, video]
        assert [each.kind for each in one.getTransceivers()] == ["audio", "video"]
        assert len(one.getReceivers()) == 2
        one.removeTrack(sender)
        assert sender.track is None
        assert one.getTransceivers()[0].direction == "recvonly"
        assert one.addTrack(audio) is sender
        assert one.getTransceivers()[0].direction == "sendrecv"


async def test_a_peer_that_vanishes_closes_the_connection():
    async with peer() as one, peer() as two:
        channel = one.createDataChannel("chat")
        await negotiate(one, two)
        await opened(channel)
        log = []
        channel.on("close", lambda: log.append("channel"))
        one.on("iceconnectionstatechange", lambda: log.append(one.iceConnectionState))
        one.on("connectionstatechange", lambda: log.append(one.connectionState))
        closed = happened(one, "connectionstatechange")
        # What the core says when consent has expired: 30 s after the peer was killed.
        one._on_event("ice", "failed")
        one._on_event("connection", "failed")
        await closed
        assert log == ["channel", "closed", "closed"]
        assert (one.signalingState, channel.readyState) == ("closed", "closed")


async def test_a_connection_that_never_was_fails_and_stays():
    async with peer() as one, peer() as two:
        one.createDataChannel("chat")
        await one.setLocalDescription()
        await two.setRemoteDescription(one.localDescription)
        one._on_event("ice", "failed")
        one._on_event("connection", "failed")
        assert one.iceConnectionState == one.connectionState == "failed"
        assert one.signalingState == "have-local-offer"


async def test_handlers_of_a_peer_in_the_same_loop_run_before_close_returns():
    one, two = peer(), peer()
    channel = one.createDataChannel("chat")
    announced = happened(two, "datachannel")
    await negotiate(one, two)
    await opened(channel)
    log = []

    @(await announced).on("close")
    async def on_close():
        log.append("channel")

    @two.on("connectionstatechange")
    async def on_state():
        log.append(two.connectionState)

    await one.close()
    assert log == ["channel", "closed"]


async def test_close_waits_for_a_peer_that_has_heard_the_goodbye_and_is_still_closing():
    one, two = peer(), peer()
    channel = one.createDataChannel("chat")
    await negotiate(one, two)
    await opened(channel)
    may_stop = asyncio.Event()
    two.addTransceiver("audio").stop = may_stop.wait
    # What the core says when the goodbye has arrived.
    two._on_event("dtls", "closed")
    ice_closed = happened(one, "iceconnectionstatechange")
    closing = asyncio.ensure_future(one.close())
    await ice_closed
    await asyncio.sleep(0)
    assert not closing.done()
    may_stop.set()
    await closing
    assert two.connectionState == "closed"


async def test_two_peers_in_one_loop_close_at_once():
    one, two = peer(), peer()
    channel = one.createDataChannel("chat")
    await negotiate(one, two)
    await opened(channel)
    await asyncio.gather(one.close(), two.close())
    assert one.connectionState == two.connectionState == "closed"


async def test_private_coroutines_that_programs_await_exist():
    async with peer() as one, peer() as two:
        channel = one.createDataChannel("chat")
        await negotiate(one, two)
        await opened(channel)
        await channel.transport._data_channel_flush()
        await channel.transport._transmit()
