"""Errors have aiortc's class and text."""

import logging

import pytest
from helpers import negotiate, peer

import ironrtc
from ironrtc import InvalidAccessError, InvalidStateError, RTCSessionDescription
from ironrtc.exceptions import InternalError


async def test_a_closed_connection():
    one = peer()
    await one.close()
    calls = [
        lambda: one.addTrack(ironrtc.AudioStreamTrack()),
        lambda: one.addTransceiver("audio"),
    ]
    for call in calls:
        with pytest.raises(InvalidStateError, match="^RTCPeerConnection is closed$"):
            call()
    for method in one.createOffer, one.createAnswer, one.setLocalDescription:
        with pytest.raises(InvalidStateError, match="^RTCPeerConnection is closed$"):
            await method()
    with pytest.raises(InvalidStateError) as error:
        await one.setRemoteDescription(RTCSessionDescription("", "offer"))
    assert str(error.value) == 'Cannot handle offer in signaling state "closed"'
    # Candidates may be late.
    await one.addIceCandidate(None)


async def test_tracks():
    async with peer() as one:
        track = ironrtc.AudioStreamTrack()
        one.addTrack(track)
        with pytest.raises(InvalidAccessError, match="^Track already has a sender$"):
            one.addTrack(track)
        with pytest.raises(InvalidAccessError, match="^Track already has a sender$"):
            one.addTransceiver(track)
        with pytest.raises(InternalError, match='^Invalid track kind "bogus"$'):
            one.addTransceiver("bogus")
        with pytest.raises(InternalError, match='^Invalid direction "bogus"$'):
            one.addTransceiver("audio", direction="bogus")


async def test_descriptions_out_of_turn():
    async with peer() as one, peer() as two:
        with pytest.raises(InvalidStateError) as error:
            await one.createAnswer()
        assert str(error.value) == 'Cannot create answer in signaling state "stable"'
        one.createDataChannel("chat")
        await one.setLocalDescription()
        answer = RTCSessionDescription(one.localDescription.sdp, "answer")
        with pytest.raises(InvalidStateError) as error:
            await one.setLocalDescription(answer)
        assert str(error.value) == (
            'Cannot handle answer in signaling state "have-local-offer"'
        )
        with pytest.raises(InvalidStateError) as error:
            await two.setRemoteDescription(answer)
        assert str(error.value) == 'Cannot handle answer in signaling state "stable"'


async def test_descriptions_that_lack_something():
    async with peer() as one, peer() as two:
        one.createDataChannel("chat")
        await one.setLocalDescription()
        sdp = one.localDescription.sdp
        for line in "a=ice-ufrag:", "a=ice-pwd:":
            with pytest.raises(
                ValueError, match="^ICE username fragment or password is missing$"
            ):
                await two.setRemoteDescription(
                    RTCSessionDescription(without(sdp, line), "offer")
                )
        assert two.signalingState == "stable"
        await two.setRemoteDescription(one.localDescription)
        await two.setLocalDescription()
        sdp = two.localDescription.sdp.replace("a=setup:active", "a=setup:actpass")
        with pytest.raises(
            ValueError,
            match="^DTLS setup attribute must be 'active' or 'passive' for an answer$",
        ):
            await one.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        sdp = two.localDescription.sdp.replace("a=mid:0", "a=mid:1")
        with pytest.raises(ValueError, match="^Media sections in answer do not match offer$"):
            await one.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        await one.setRemoteDescription(two.localDescription)


async def test_text_that_is_no_description():
    async with peer() as one:
        for text in "", "bogus", "v=0\r\n":
            with pytest.raises((ValueError, AssertionError)):
                await one.setRemoteDescription(RTCSessionDescription(text, "offer"))
        assert one.signalingState == "stable"


async def test_candidates_without_a_place():
    async with peer() as one:
        candidate = ironrtc.sdp.candidate_from_sdp("1 1 udp 1 192.0.2.1 9 typ host")
        with pytest.raises(ValueError) as error:
            await one.addIceCandidate(candidate)
        assert str(error.value) == "Candidate must have either sdpMid or sdpMLineIndex"


async def test_candidates_before_the_description(caplog):
    async with peer() as one, peer() as two:
        candidate = ironrtc.sdp.candidate_from_sdp("1 1 udp 1 192.0.2.1 9 typ host")
        candidate.sdpMid = "0"
        with caplog.at_level(logging.WARNING):
            await two.addIceCandidate(candidate)
        assert caplog.messages == [
            "RTCPeerConnection addIceCandidate called without remote description"
        ]
        one.createDataChannel("chat")
        await negotiate(one, two)
        assert "192.0.2.1" in two.remoteDescription.sdp


async def test_candidates_for_no_m_line_are_passed_over():
    async with peer() as one, peer() as two:
        one.createDataChannel("chat")
        await negotiate(one, two)
        candidate = ironrtc.sdp.candidate_from_sdp("1 1 udp 1 192.0.2.1 9 typ host")
        candidate.sdpMid = "bogus"
        await two.addIceCandidate(candidate)
        assert "192.0.2.1" not in two.remoteDescription.sdp


def without(sdp: str, prefix: str) -> str:
    return "".join(line for line in sdp.splitlines(True) if not line.startswith(prefix))
