"""Descriptions, configuration and parameters behave as aiortc's dataclasses do."""

import dataclasses
import pickle

import pytest

import ironrtc
from ironrtc import rtcrtpparameters


def test_a_description_of_each_type():
    for kind in ("offer", "pranswer", "answer", "rollback"):
        description = ironrtc.RTCSessionDescription("v=0\r\n", kind)
        assert (description.sdp, description.type) == ("v=0\r\n", kind)


def test_a_description_of_no_type_is_refused():
    with pytest.raises(ValueError) as info:
        ironrtc.RTCSessionDescription(sdp="v=0\r\n", type="bogus")
    assert str(info.value) == (
        "'type' must be in ['offer', 'pranswer', 'answer', 'rollback'] (got 'bogus')"
    )


def test_configuration_by_position():
    servers = [ironrtc.RTCIceServer("stun:example.org", "user", "secret")]
    configuration = ironrtc.RTCConfiguration(
        servers,
        ironrtc.RTCIceTransportPolicy.RELAY,
        ironrtc.RTCBundlePolicy.MAX_BUNDLE,
        True,
    )
    assert dataclasses.astuple(configuration) == (
        [("stun:example.org", "user", "secret", "password")],
        ironrtc.RTCIceTransportPolicy.RELAY,
        ironrtc.RTCBundlePolicy.MAX_BUNDLE,
        True,
        # What aiortc does not have: a congestion control, names that are looked up, a recorder.
        None,
        False,
        None,
    )
    assert repr(configuration).endswith("alwaysNegotiateDataChannels=True)")


def test_dataclasses_compare_by_value_and_do_not_hash():
    one, two = (ironrtc.RTCIceParameters("u", "p") for _ in range(2))
    assert one == two
    two.iceLite = True
    assert one != two
    with pytest.raises(TypeError):
        hash(one)


def test_mutable_defaults_are_not_shared():
    one, two = ironrtc.RTCRtpParameters(), ironrtc.RTCRtpParameters()
    one.codecs.append(ironrtc.RTCRtpCodecParameters("audio/opus", 48000))
    one.rtcp.mux = True
    assert two == ironrtc.RTCRtpParameters()


def test_codecs_are_named_as_in_sdp():
    opus = ironrtc.RTCRtpCodecParameters("audio/opus", 48000, channels=2)
    vp8 = ironrtc.RTCRtpCodecParameters("video/VP8", 90000)
    assert (opus.name, str(opus), str(vp8)) == ("opus", "opus/48000/2", "VP8/90000")


def test_encodings_of_different_directions_are_different_types():
    decoding = rtcrtpparameters.RTCRtpDecodingParameters(1, 2)
    encoding = rtcrtpparameters.RTCRtpEncodingParameters(1, 2)
    assert decoding != encoding
    assert decoding == rtcrtpparameters.RTCRtpDecodingParameters(1, 2)


def test_values_survive_pickling():
    candidate = ironrtc.RTCIceCandidate(1, "f", "192.0.2.1", 9, 1, "udp", "host", sdpMid="0")
    description = ironrtc.RTCSessionDescription("v=0\r\n", "offer")
    assert pickle.loads(pickle.dumps([candidate, description])) == [candidate, description]


def test_capabilities_are_those_of_aiortc():
    aiortc = pytest.importorskip("aiortc")
    for kind in ("audio", "video"):
        ours = dataclasses.asdict(ironrtc.RTCRtpSender.getCapabilities(kind))
        theirs = dataclasses.asdict(aiortc.RTCRtpSender.getCapabilities(kind))
        assert ours == theirs
    with pytest.raises(ValueError, match="cannot get capabilities for unknown media bogus"):
        ironrtc.RTCRtpReceiver.getCapabilities("bogus")


def test_codec_and_extension_tables_are_those_of_aiortc():
    aiortc = pytest.importorskip("aiortc")
    for table in ("CODECS", "HEADER_EXTENSIONS"):
        ours, theirs = getattr(ironrtc.codecs, table), getattr(aiortc.codecs, table)
        for kind in ("audio", "video"):
            assert list(map(dataclasses.asdict, ours[kind])) == list(
                map(dataclasses.asdict, theirs[kind])
            )


def test_a_stats_report_is_a_dict_by_id():
    report = ironrtc.RTCStatsReport()
    entry = ironrtc.stats.RTCStats(timestamp=None, type="transport", id="transport_1")
    report.add(entry)
    assert report == {"transport_1": entry}
