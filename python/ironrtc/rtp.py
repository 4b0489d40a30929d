"""RTP and RTCP packets. What is sent and received goes through Rust; these are for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _ironrtc
from ._names import module_names
from ._rtcp_packet import (
    PACKETS_LOST_MAX,
    PACKETS_LOST_MIN,
    RTCP_BYE,
    RTCP_HEADER_LENGTH,
    RTCP_PSFB,
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_PSFB_RPSI,
    RTCP_PSFB_SLI,
    RTCP_RR,
    RTCP_RTPFB,
    RTCP_RTPFB_NACK,
    RTCP_SDES,
    RTCP_SR,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    clamp_packets_lost,
    pack_packets_lost,
    pack_remb_fci,
    pack_rtcp_packet,
    padl,
    unpack_packets_lost,
    unpack_remb_fci,
)
from ._rtp_extensions import (
    HeaderExtensions,
    HeaderExtensionsMap,
    pack_header_extensions,
    unpack_header_extensions,
)
from ._rtp_packet import RTP_HEADER_LENGTH, RtpPacket, unwrap_rtx, wrap_rtx

if TYPE_CHECKING:
    from av import AudioFrame

__all__ = [
    "DYNAMIC_PAYLOAD_TYPES",
    "FORBIDDEN_PAYLOAD_TYPES",
    "PACKETS_LOST_MAX",
    "PACKETS_LOST_MIN",
    "RTCP_BYE",
    "RTCP_HEADER_LENGTH",
    "RTCP_PSFB",
    "RTCP_PSFB_APP",
    "RTCP_PSFB_FIR",
    "RTCP_PSFB_PLI",
    "RTCP_PSFB_RPSI",
    "RTCP_PSFB_SLI",
    "RTCP_RR",
    "RTCP_RTPFB",
    "RTCP_RTPFB_NACK",
    "RTCP_SDES",
    "RTCP_SR",
    "RTP_HEADER_LENGTH",
    "RTP_HISTORY_SIZE",
    "AnyRtcpPacket",
    "HeaderExtensions",
    "HeaderExtensionsMap",
    "RtcpByePacket",
    "RtcpPacket",
    "RtcpPsfbPacket",
    "RtcpReceiverInfo",
    "RtcpRrPacket",
    "RtcpRtpfbPacket",
    "RtcpSdesPacket",
    "RtcpSenderInfo",
    "RtcpSourceInfo",
    "RtcpSrPacket",
    "RtpPacket",
    "clamp_packets_lost",
    "compute_audio_level_dbov",
    "is_rtcp",
    "pack_header_extensions",
    "pack_packets_lost",
    "pack_remb_fci",
    "pack_rtcp_packet",
    "padl",
    "unpack_header_extensions",
    "unpack_packets_lost",
    "unpack_remb_fci",
    "unwrap_rtx",
    "wrap_rtx",
]

DYNAMIC_PAYLOAD_TYPES = range(96, 128)
# RFC 5761 section 4: these would look like RTCP.
FORBIDDEN_PAYLOAD_TYPES = range(72, 77)
RTP_HISTORY_SIZE = 128

__getattr__, __dir__ = module_names(globals())


def is_rtcp(msg: bytes) -> bool:
    """Whether a datagram is RTCP rather than RTP (RFC 5761 section 4)."""
    return len(msg) >= 2 and 192 <= msg[1] <= 208


def compute_audio_level_dbov(frame: AudioFrame) -> int:
    """How loud sound of 16-bit samples is, from -127 to 0 (RFC 6464)."""
    length = frame.samples * len(frame.layout.channels) * 2
    return -_ironrtc.audio_level(bytes(frame.planes[0])[:length])
