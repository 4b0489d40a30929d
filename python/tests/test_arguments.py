"""What is passed by mistake gets a sentence; what a browser sends as JSON is taken."""

import json

import pytest
from helpers import happened, opened, peer

import ironrtc
from ironrtc import RTCConfiguration, RTCIceServer, RTCPeerConnection


def as_json(description):
    """What `JSON.stringify(pc.localDescription)` makes of it."""
    return json.loads(json.dumps({"type": description.type, "sdp": description.sdp}))


async def test_a_browsers_dictionaries_connect():
    async with peer() as one, peer() as two:
        channel = one.createDataChannel("chat")
        one.on("icecandidate", lambda candidate: None)
        await one.setLocalDescription()
        while one.iceGatheringState != "complete":
            await happened(one, "icegatheringstatechange")
        offer = as_json(one.localDescription)
        lines = offer["sdp"].splitlines()
        candidates = [line[2:] for line in lines if line.startswith("a=candidate:")]
        offer["sdp"] = "".join(f"{line}\r\n" for line in lines if "candidate" not in line)
        await two.setRemoteDescription(offer)
        for candidate in candidates:
            await two.addIceCandidate(
                {"candidate": candidate, "sdpMid": "0", "sdpMLineIndex": 0}
            )
        await two.addIceCandidate({"candidate": "", "sdpMid": "0", "sdpMLineIndex": 0})
        answer = await two.createAnswer()
        await two.setLocalDescription(as_json(answer))
        await one.setRemoteDescription(as_json(two.localDescription))
        await opened(channel)


async def test_descriptions_of_aiortcs_own_class_are_taken():
    import aiortc

    async with peer() as one, peer() as two:
        one.createDataChannel("chat")
        offer = await one.createOffer()
        await two.setRemoteDescription(aiortc.RTCSessionDescription(offer.sdp, offer.type))
        assert two.signalingState == "have-remote-offer"


@pytest.mark.parametrize("value", ["v=0", 5, {"sdp": "v=0"}, ("offer", "v=0")])
async def test_what_is_no_description(value):
    async with peer() as one:
        for method in one.setRemoteDescription, one.setLocalDescription:
            with pytest.raises(TypeError) as error:
                await method(value)
            assert str(error.value) == (
                f"{method.__name__} takes an RTCSessionDescription,"
                f' or a dict with "type" and "sdp"; this is of type {type(value).__name__}'
            )
    with pytest.raises(TypeError, match="^setRemoteDescription takes .* type NoneType$"):
        await peer().setRemoteDescription(None)


@pytest.mark.parametrize("value", ["candidate:1 1 udp 1 192.0.2.1 9 typ host", 5, {}])
async def test_what_is_no_candidate(value):
    async with peer() as one:
        with pytest.raises(TypeError, match="^addIceCandidate takes an RTCIceCandidate, None"):
            await one.addIceCandidate(value)


async def test_a_candidate_that_cannot_be_read():
    async with peer() as one:
        with pytest.raises(ValueError, match="'candidate:1 1 udp' cannot be read"):
            await one.addIceCandidate({"candidate": "candidate:1 1 udp", "sdpMid": "0"})


async def test_a_browsers_candidate_of_another_generation_is_not_mixed_in():
    text = "candidate:1 1 udp 5 192.0.2.1 9 typ host generation 0"
    async with RTCPeerConnection(w3c=True) as one, RTCPeerConnection(w3c=True) as two:
        one.createDataChannel("chat")
        await one.setLocalDescription()
        await two.setRemoteDescription(one.localDescription)
        place = {"sdpMid": "0", "sdpMLineIndex": 0}
        for more in ({"usernameFragment": "before"}, {"candidate": f"{text} ufrag before"}):
            with pytest.raises(ironrtc.exceptions.OperationError, match="before"):
                await two.addIceCandidate({"candidate": text} | place | more)
        (present,) = {
            line.partition(":")[2]
            for line in one.localDescription.sdp.splitlines()
            if line.startswith("a=ice-ufrag:")
        }
        await two.addIceCandidate({"candidate": text, "usernameFragment": present} | place)
        assert two.remoteDescription.sdp.count("192.0.2.1") == 1


def test_a_browsers_configuration():
    servers = [{"urls": "stun:192.0.2.1", "username": "me", "credential": "secret"}]
    one = RTCPeerConnection({"iceServers": servers, "bundlePolicy": "max-bundle", "more": 1})
    assert one.getConfiguration().iceServers == servers
    RTCPeerConnection(RTCConfiguration(iceServers=servers, iceTransportPolicy="relay"))
    RTCPeerConnection(RTCConfiguration(iceServers=[RTCIceServer(["stun:192.0.2.1"])]))
    with pytest.raises(TypeError, match="^RTCPeerConnection takes an RTCConfiguration"):
        RTCPeerConnection("stun:192.0.2.1")
    with pytest.raises(TypeError, match="^iceServers takes RTCIceServer objects, or dicts"):
        RTCPeerConnection(RTCConfiguration(iceServers=["stun:192.0.2.1"]))
    with pytest.raises(ValueError, match="'bogus' is not a valid RTCIceTransportPolicy"):
        RTCPeerConnection(RTCConfiguration(iceTransportPolicy="bogus"))


async def test_tracks_and_labels():
    async with peer() as one:
        with pytest.raises(TypeError, match="^addTrack takes a MediaStreamTrack; this is of"):
            one.addTrack("audio")
        with pytest.raises(TypeError, match="^createDataChannel takes a str; this is of type"):
            one.createDataChannel({"label": "chat"})
    assert ironrtc.RTCPeerConnection(None)
