"""Descriptions of other stacks, and those that browsers take."""

from pathlib import Path

import pytest
from helpers import peer

from ironrtc import RTCIceCandidate, RTCPeerConnection, RTCSessionDescription, sdp

FILES = sorted(
    (Path(__file__).parents[2] / "crates/ironrtc-core/tests/descriptions").glob("*.sdp")
)
OFFERS = [path for path in FILES if "offer" in path.name]

HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
TRANSPORT = (
    "a=ice-ufrag:AbCd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 "
    + ":".join(f"{byte:02X}" for byte in range(32))
    + "\r\na=setup:actpass\r\n"
)
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\n"
    "a=rtpmap:111 opus/48000/2\r\n" + TRANSPORT
)
NO_AUDIO = "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:0\r\n"
NO_DATA = "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"


def data(mid: int) -> str:
    return (
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
        f"a=mid:{mid}\r\na=sctp-port:5000\r\n" + TRANSPORT
    )


async def answer(pc: RTCPeerConnection, offer: str) -> str:
    await pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    # In the style of aiortc's programs: what was created is set.
    await pc.setLocalDescription(await pc.createAnswer())
    return pc.localDescription.sdp


def test_there_are_files():
    assert len(FILES) >= 69
    assert len(OFFERS) >= 20


@pytest.mark.parametrize("path", OFFERS, ids=lambda path: path.stem)
async def test_an_offer_is_answered(path):
    async with peer() as pc:
        offer = path.read_bytes().decode()
        text = await answer(pc, offer)
        kinds = [media.kind for media in sdp.SessionDescription.parse(offer).media]
        assert [media.kind for media in sdp.SessionDescription.parse(text).media] == kinds


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_description_is_parsed(path):
    parsed = sdp.SessionDescription.parse(path.read_bytes().decode())
    assert str(sdp.SessionDescription.parse(str(parsed))) == str(parsed)


@pytest.mark.parametrize("w3c", [False, True])
async def test_a_first_section_may_be_rejected(w3c):
    async with peer(w3c=w3c) as pc:
        assert "a=recvonly" in await answer(pc, f"{HEAD}a=group:BUNDLE 0 1\r\n{AUDIO}{data(1)}")
        assert pc.sctp.mid == "1"
    async with peer(w3c=w3c) as pc:
        await answer(pc, f"{HEAD}a=group:BUNDLE 1\r\n{NO_AUDIO}{data(1)}")
    async with peer(w3c=w3c) as pc:
        await answer(pc, f"{HEAD}{AUDIO.replace('a=rtcp-mux', 'a=x')}{data(1)}")
    async with peer(w3c=w3c) as pc:
        await answer(pc, f"{HEAD}a=group:BUNDLE 0\r\n{data(0)}")
        await answer(pc, f"{HEAD}{NO_DATA}")
    async with peer(w3c=w3c) as pc:
        pc.createDataChannel("chat")
        await pc.setLocalDescription(await pc.createOffer())
        await pc.setRemoteDescription(RTCSessionDescription(f"{HEAD}{NO_DATA}", "answer"))


@pytest.mark.parametrize("w3c", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        ("a=setup:actpass", "a=setup:ACTPASS"),
        ("ice-ufrag:AbCd", "ice-ufrag:a-_="),
        ("\r\n", "\n"),
        ("a=mid:0\r\n", ""),
        ("a=mid", "a=candidate:1 1 udp\r\na=mid"),
        ("application 9 UDP", "application 9/2 udp"),
    ],
    ids=lambda change: change[1],
)
async def test_what_browsers_take_is_taken(w3c, change):
    offer = f"{HEAD}{data(0)}".replace(*change)
    parsed = sdp.SessionDescription.parse(offer)
    assert [media.kind for media in parsed.media] == ["application"]
    async with peer(w3c=w3c) as pc:
        await answer(pc, offer)
        assert pc.sctp is not None


def test_lines_end_where_they_end_for_the_core():
    text = f"{HEAD}a=x:\u2028a=mid:1\x0b\x85\x1c\r\nm=audio 9 A 0\r\na=mid:\x0c\x1d\n"
    session, media = sdp.grouplines(text)
    assert session[-1] == "a=x:\u2028a=mid:1\x0b\x85\x1c"
    assert media == [["m=audio 9 A 0", "a=mid:\x0c\x1d"]]


@pytest.mark.parametrize("w3c", [False, True])
async def test_an_empty_mid_leaves_the_index(w3c):
    async with peer(w3c=w3c) as pc:
        await answer(pc, f"{HEAD}a=group:BUNDLE 0\r\n{data(0)}")
        candidate = RTCIceCandidate(1, "1", "192.0.2.7", 5000, 1, "udp", "host")
        candidate.sdpMid, candidate.sdpMLineIndex = "", 0
        await pc.addIceCandidate(candidate)
        assert "192.0.2.7" in pc.remoteDescription.sdp
        candidate.sdpMLineIndex = None
        with pytest.raises(ValueError, match="^Candidate must have either sdpMid or"):
            await pc.addIceCandidate(candidate)
