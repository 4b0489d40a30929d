"""The codecs that can be negotiated.

`CODECS` and `HEADER_EXTENSIONS` may be changed by the program, before it makes a connection.
"""

from typing import Optional, Union

from ..rtcrtpparameters import (
    ParametersDict,
    RTCRtcpFeedback,
    RTCRtpCapabilities,
    RTCRtpCodecCapability,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionCapability,
    RTCRtpHeaderExtensionParameters,
)
from . import base, g711, g722, h264, opus, vpx
from .base import Decoder, Encoder
from .g711 import PcmaDecoder, PcmaEncoder, PcmuDecoder, PcmuEncoder
from .g722 import G722Decoder, G722Encoder
from .h264 import H264Decoder, H264Encoder, h264_depayload
from .opus import OpusDecoder, OpusEncoder
from .vpx import Vp8Decoder, Vp8Encoder, vp8_depayload

__all__ = [
    "CODECS",
    "G722_CODEC",
    "HEADER_EXTENSIONS",
    "PCMA_CODEC",
    "PCMU_CODEC",
    "Decoder",
    "Encoder",
    "G722Decoder",
    "G722Encoder",
    "H264Decoder",
    "H264Encoder",
    "Optional",
    "OpusDecoder",
    "OpusEncoder",
    "ParametersDict",
    "PcmaDecoder",
    "PcmaEncoder",
    "PcmuDecoder",
    "PcmuEncoder",
    "RTCRtcpFeedback",
    "RTCRtpCapabilities",
    "RTCRtpCodecCapability",
    "RTCRtpCodecParameters",
    "RTCRtpHeaderExtensionCapability",
    "RTCRtpHeaderExtensionParameters",
    "Union",
    "Vp8Decoder",
    "Vp8Encoder",
    "base",
    "depayload",
    "g711",
    "g722",
    "get_capabilities",
    "get_decoder",
    "get_encoder",
    "h264",
    "h264_depayload",
    "init_codecs",
    "is_rtx",
    "opus",
    "vp8_depayload",
    "vpx",
]

# RFC 3551 section 6: these payload types are static.
G722_CODEC = RTCRtpCodecParameters(
    mimeType="audio/G722", clockRate=8000, channels=1, payloadType=9
)
PCMU_CODEC = RTCRtpCodecParameters(
    mimeType="audio/PCMU", clockRate=8000, channels=1, payloadType=0
)
PCMA_CODEC = RTCRtpCodecParameters(
    mimeType="audio/PCMA", clockRate=8000, channels=1, payloadType=8
)

CODECS: dict[str, list[RTCRtpCodecParameters]] = {
    "audio": [
        RTCRtpCodecParameters(
            mimeType="audio/opus", clockRate=48000, channels=2, payloadType=96
        ),
        G722_CODEC,
        PCMU_CODEC,
        PCMA_CODEC,
    ],
    "video": [],
}
HEADER_EXTENSIONS: dict[str, list[RTCRtpHeaderExtensionParameters]] = {
    "audio": [
        RTCRtpHeaderExtensionParameters(id=1, uri="urn:ietf:params:rtp-hdrext:sdes:mid"),
        RTCRtpHeaderExtensionParameters(
            id=2, uri="urn:ietf:params:rtp-hdrext:ssrc-audio-level"
        ),
    ],
    "video": [
        RTCRtpHeaderExtensionParameters(id=1, uri="urn:ietf:params:rtp-hdrext:sdes:mid"),
        RTCRtpHeaderExtensionParameters(
            id=3, uri="http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
        ),
    ],
}

_FIRST_DYNAMIC_VIDEO_TYPE = 97


def _h264(profile_level_id: str) -> ParametersDict:
    return {
        "level-asymmetry-allowed": "1",
        "packetization-mode": "1",
        "profile-level-id": profile_level_id,
    }


def init_codecs() -> None:
    """Number the video codecs, each followed by its retransmission codec, and list them."""
    payload_type = _FIRST_DYNAMIC_VIDEO_TYPE
    for name, parameters in (("VP8", {}), ("H264", _h264("42001f")), ("H264", _h264("42e01f"))):
        CODECS["video"] += [
            RTCRtpCodecParameters(
                mimeType=f"video/{name}",
                clockRate=90000,
                payloadType=payload_type,
                rtcpFeedback=[
                    RTCRtcpFeedback(type="nack"),
                    RTCRtcpFeedback(type="nack", parameter="pli"),
                    RTCRtcpFeedback(type="goog-remb"),
                ],
                parameters=parameters,
            ),
            RTCRtpCodecParameters(
                mimeType="video/rtx",
                clockRate=90000,
                payloadType=payload_type + 1,
                parameters={"apt": payload_type},
            ),
        ]
        payload_type += 2


def depayload(codec: RTCRtpCodecParameters, payload: bytes) -> bytes:
    """Strip the codec's own header from the payload of an RTP packet."""
    name = codec.name.lower()
    if name == "vp8":
        return vp8_depayload(payload)
    if name == "h264":
        return h264_depayload(payload)
    return payload


def get_decoder(codec: RTCRtpCodecParameters) -> Decoder:
    """Make a decoder."""
    mime_type = codec.mimeType.lower()
    if mime_type == "audio/opus":
        return OpusDecoder()
    if mime_type == "audio/g722":
        return G722Decoder()
    if mime_type == "audio/pcma":
        return PcmaDecoder()
    if mime_type == "audio/pcmu":
        return PcmuDecoder()
    if mime_type == "video/h264":
        return H264Decoder()
    if mime_type == "video/vp8":
        return Vp8Decoder()
    raise ValueError(f"No decoder found for MIME type `{codec.mimeType}`")


def get_encoder(codec: RTCRtpCodecParameters) -> Encoder:
    """Make an encoder."""
    mime_type = codec.mimeType.lower()
    if mime_type == "audio/opus":
        return OpusEncoder()
    if mime_type == "audio/g722":
        return G722Encoder()
    if mime_type == "audio/pcma":
        return PcmaEncoder()
    if mime_type == "audio/pcmu":
        return PcmuEncoder()
    if mime_type == "video/h264":
        return H264Encoder()
    if mime_type == "video/vp8":
        return Vp8Encoder()
    raise ValueError(f"No encoder found for MIME type `{codec.mimeType}`")


def is_rtx(codec: Union[RTCRtpCodecCapability, RTCRtpCodecParameters]) -> bool:
    """Whether `codec` is the retransmission of another one (RFC 4588)."""
    return codec.name.lower() == "rtx"


def get_capabilities(kind: str) -> RTCRtpCapabilities:
    """What can be sent and received of `audio` or of `video`."""
    if kind not in CODECS:
        raise ValueError(f"cannot get capabilities for unknown media {kind}")
    codecs: list[RTCRtpCodecCapability] = []
    rtx_listed = False
    for params in CODECS[kind]:
        if is_rtx(params):
            # One retransmission codec stands for those of all codecs.
            if rtx_listed:
                continue
            rtx_listed = True
            parameters: ParametersDict = {}
        else:
            parameters = params.parameters
        codecs.append(
            RTCRtpCodecCapability(
                mimeType=params.mimeType,
                clockRate=params.clockRate,
                channels=params.channels,
                parameters=parameters,
            )
        )
    return RTCRtpCapabilities(
        codecs=codecs,
        headerExtensions=[
            RTCRtpHeaderExtensionCapability(uri=each.uri) for each in HEADER_EXTENSIONS[kind]
        ],
    )


init_codecs()
