"""Descriptions are read and written as aiortc does it."""

import asyncio
import dataclasses
import random

import pytest

from ironrtc import RTCIceCandidate, sdp

BROWSER = (
    "\r\n".join(
        """v=0
o=- 4962303333179871722 1 IN IP4 0.0.0.0
s=-
t=0 0
a=ice-options:trickle
a=group:BUNDLE a d
a=msid-semantic:WMS *
a=fingerprint:sha-256 12:DF:3E:AA
m=audio 45076 UDP/TLS/RTP/SAVPF 111 0
c=IN IP4 192.0.2.1
a=sendrecv
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level
a=mid:a
a=msid:stream track
a=rtcp:9 IN IP4 0.0.0.0
a=rtcp-mux
a=ssrc-group:FID 1 2
a=ssrc:1 cname:name
a=ssrc:1 msid:stream track
a=ssrc:2 cname:name
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=rtcp-fb:* nack pli
a=fmtp:111 minptime=10;useinbandfec=1;cbr
a=rtpmap:0 PCMU/8000
a=candidate:1 1 udp 2122262783 2001:db8::1 38475 typ host generation 0 network-id 2
a=candidate:2 1 tcp 9 192.0.2.2 9 typ srflx raddr 10.0.0.1 rport 5 tcptype active
a=end-of-candidates
a=ice-ufrag:ufrag
a=ice-pwd:password
a=setup:actpass
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP6 ::
a=mid:d
a=sctp-port:5000
a=max-message-size:262144
a=ice-ufrag:ufrag
a=ice-pwd:password
a=setup:active
m=application 9 DTLS/SCTP 5000
a=sctpmap:5000 webrtc-datachannel 256
""".splitlines()
    )
    + "\r\n"
)


def plain(value):
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return type(value).__name__, {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if type(value).__name__ in ("MediaDescription", "SessionDescription"):
        return {name: plain(each) for name, each in vars(value).items()}
    return value


def read(module, text):
    """What `module` makes of `text`, or `None` if it cannot read it."""
    try:
        session = module.SessionDescription.parse(text)
        return plain(session), str(session)
    except (AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError):
        return None


def test_a_browsers_description_is_read_as_by_aiortc():
    theirs = pytest.importorskip("aiortc.sdp")
    assert read(sdp, BROWSER) == read(theirs, BROWSER) is not None


def test_what_aiortc_writes_is_written_alike():
    aiortc = pytest.importorskip("aiortc")

    async def describe():
        pc = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        pc.createDataChannel("chat")
        pc.addTransceiver("audio")
        pc.addTransceiver("video")
        await pc.setLocalDescription()
        text = pc.localDescription.sdp
        await pc.close()
        return text

    text = asyncio.run(describe())
    assert str(sdp.SessionDescription.parse(text)) == text


def test_damaged_descriptions_are_read_as_by_aiortc():
    theirs = pytest.importorskip("aiortc.sdp")
    # aiortc loses `a=rtcp-mux` where there is no `a=rtcp`; these two stay together here.
    fixed = ("m=", "a=rtcp:", "a=rtcp-mux")
    rng = random.Random(4)
    compared = 0
    for _ in range(500):
        lines = BROWSER.split("\r\n")
        for _ in range(rng.randrange(1, 4)):
            index = rng.randrange(len(lines))
            if lines[index].startswith(fixed):
                continue
            match rng.randrange(3):
                case 0:
                    del lines[index]
                case 1:
                    line = rng.choice(lines)
                    lines.insert(index, "" if line.startswith(fixed) else line)
                case 2:
                    lines[index] = lines[index][: rng.randrange(1, len(lines[index]) + 2)]
        text = "\r\n".join(lines)
        expected = read(theirs, text)
        if expected is not None and "\na=mid\r" not in text:
            assert read(sdp, text) == expected, text
            compared += 1
    assert compared > 200


def test_a_candidate_goes_both_ways():
    text = "1 1 udp 2130706431 192.0.2.2 50498 typ srflx raddr 10.0.0.1 rport 9 tcptype active"
    candidate = sdp.candidate_from_sdp(text)
    assert candidate == RTCIceCandidate(
        1,
        "1",
        "192.0.2.2",
        50498,
        2130706431,
        "udp",
        "srflx",
        "10.0.0.1",
        9,
        None,
        None,
        "active",
    )
    assert sdp.candidate_to_sdp(candidate) == text


def test_a_short_candidate_is_refused():
    with pytest.raises(AssertionError):
        sdp.candidate_from_sdp("1 1 udp 2130706431 192.0.2.2 50498 typ")


@pytest.mark.parametrize(
    ("text", "profile", "level"),
    [
        ("42e01f", "CONSTRAINED_BASELINE", "3_1"),
        ("42f00b", "CONSTRAINED_BASELINE", "1_B"),
        ("42100b", "BASELINE", "1_B"),
        ("4d001f", "MAIN", "3_1"),
        ("64000b", "HIGH", "1_1"),
        ("640c28", "CONSTRAINED_HIGH", "4"),
    ],
)
def test_h264_profiles_and_levels(text, profile, level):
    level = "LEVEL1_B" if level == "1_B" else f"LEVEL{level}"
    assert sdp.parse_h264_profile_level_id(text) == (
        sdp.H264Profile[f"PROFILE_{profile}"],
        sdp.H264Level[level],
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("zz", "Expected a 6 character hexadecimal string"),
        ("ff001f", "Unrecognized profile_iop = 0, profile_idc = 255"),
    ],
)
def test_bad_h264_profiles(text, error):
    with pytest.raises(ValueError) as info:
        sdp.parse_h264_profile_level_id(text)
    assert str(info.value) == error


def test_the_track_of_an_m_line():
    session = sdp.SessionDescription.parse(BROWSER)
    assert session.webrtc_track_id(session.media[0]) == "track"
    assert session.webrtc_track_id(session.media[1]) is None


def test_the_rtcp_port_may_stand_alone():
    text = (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=rtcp:9\r\n"
    )
    parsed = sdp.SessionDescription.parse(text)
    assert (parsed.media[0].rtcp_port, parsed.media[0].rtcp_host) == (9, None)
    assert "a=rtcp:9\r\n" in str(parsed)
