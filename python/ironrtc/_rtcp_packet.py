"""RTCP packets (RFC 3550 section 6, RFC 4585), for programs that look into them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import pack, unpack_from
from typing import Union

RTCP_HEADER_LENGTH = 4

RTCP_SR = 200
RTCP_RR = 201
RTCP_SDES = 202
RTCP_BYE = 203
RTCP_RTPFB = 205
RTCP_PSFB = 206

RTCP_RTPFB_NACK = 1

RTCP_PSFB_PLI = 1
RTCP_PSFB_SLI = 2
RTCP_PSFB_RPSI = 3
RTCP_PSFB_FIR = 4
RTCP_PSFB_APP = 15

PACKETS_LOST_MIN = -(1 << 23)
PACKETS_LOST_MAX = (1 << 23) - 1

_REPORT_LENGTH = 24
_SENDER_INFO_LENGTH = 20
# A NACK names a packet, and by a bit each the sixteen that follow (RFC 4585 section 6.2.1).
_NACK_BITS = 16
_REMB = b"REMB"
_MANTISSA_BITS = 18


def clamp_packets_lost(count: int) -> int:
    """The count, as far as its 24 bits say it."""
    return max(PACKETS_LOST_MIN, min(count, PACKETS_LOST_MAX))


def pack_packets_lost(count: int) -> bytes:
    """Write a count of 24 bits."""
    return count.to_bytes(3, "big", signed=True)


def unpack_packets_lost(d: bytes) -> int:
    """Read a count of 24 bits."""
    return int.from_bytes(d[:3], "big", signed=True)


def pack_rtcp_packet(packet_type: int, count: int, payload: bytes) -> bytes:
    """Put the header before a packet's payload."""
    assert len(payload) % 4 == 0
    return pack("!BBH", 2 << 6 | count, packet_type, len(payload) // 4) + payload


def pack_remb_fci(bitrate: int, ssrcs: list[int]) -> bytes:
    """Write a receiver's estimate of the rate (draft-alvestrand-rmcat-remb)."""
    exponent = max(0, bitrate.bit_length() - _MANTISSA_BITS)
    value = exponent << _MANTISSA_BITS | bitrate >> exponent
    data = _REMB + bytes([len(ssrcs)]) + value.to_bytes(3, "big")
    return data + b"".join(ssrc.to_bytes(4, "big") for ssrc in ssrcs)


def unpack_remb_fci(data: bytes) -> tuple[int, list[int]]:
    """Read a receiver's estimate of the rate: bits per second, and the sources it is of."""
    if len(data) < 8 or data[:4] != _REMB:
        raise ValueError("Invalid REMB prefix")
    value = int.from_bytes(data[5:8], "big")
    bitrate = (value & (1 << _MANTISSA_BITS) - 1) << (value >> _MANTISSA_BITS)
    ends = range(12, min(len(data), 8 + 4 * data[4]) + 1, 4)
    return bitrate, [int.from_bytes(data[end - 4 : end], "big") for end in ends]


def padl(length: int) -> int:
    """How many bytes fill up to whole words."""
    return -length % 4


@dataclass
class RtcpReceiverInfo:
    """What a report says of one source (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    lsr: int
    dlsr: int

    def __bytes__(self) -> bytes:
        data = pack("!LB", self.ssrc, self.fraction_lost)
        data += pack_packets_lost(self.packets_lost)
        return data + pack("!LLLL", self.highest_sequence, self.jitter, self.lsr, self.dlsr)

    @classmethod
    def parse(cls, data: bytes) -> "RtcpReceiverInfo":
        """Read it."""
        ssrc, fraction_lost = unpack_from("!LB", data)
        return cls(ssrc, fraction_lost, unpack_packets_lost(data[5:8]), *_words(data[8:24]))


@dataclass
class RtcpSenderInfo:
    """What a sender says of itself (RFC 3550 section 6.4.1)."""

    ntp_timestamp: int
    rtp_timestamp: int
    packet_count: int
    octet_count: int

    def __bytes__(self) -> bytes:
        return pack(
            "!QLLL",
            self.ntp_timestamp,
            self.rtp_timestamp,
            self.packet_count,
            self.octet_count,
        )

    @classmethod
    def parse(cls, data: bytes) -> "RtcpSenderInfo":
        """Read it."""
        return cls(*unpack_from("!QLLL", data))


@dataclass
class RtcpSourceInfo:
    """The descriptions of one source (RFC 3550 section 6.5)."""

    ssrc: int
    items: list[tuple[int, bytes]]


def _words(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4))


def _reports(data: bytes) -> list[RtcpReceiverInfo]:
    starts = range(0, len(data), _REPORT_LENGTH)
    return [RtcpReceiverInfo.parse(data[at : at + _REPORT_LENGTH]) for at in starts]


@dataclass
class RtcpByePacket:
    """Sources have left."""

    sources: list[int]

    def __bytes__(self) -> bytes:
        payload = b"".join(ssrc.to_bytes(4, "big") for ssrc in self.sources)
        return pack_rtcp_packet(RTCP_BYE, len(self.sources), payload)

    @classmethod
    def parse(cls, data: bytes, count: int) -> "RtcpByePacket":
        """Read it; `data` lacks the header."""
        if len(data) < 4 * count:
            raise ValueError("RTCP bye length is invalid")
        return cls(list(_words(data[: 4 * count])))


@dataclass
class RtcpPsfbPacket:
    """Payload-specific feedback (RFC 4585 section 6.3)."""

    fmt: int
    ssrc: int
    media_ssrc: int
    fci: bytes = b""

    def __bytes__(self) -> bytes:
        payload = pack("!LL", self.ssrc, self.media_ssrc) + self.fci
        return pack_rtcp_packet(RTCP_PSFB, self.fmt, payload)

    @classmethod
    def parse(cls, data: bytes, fmt: int) -> "RtcpPsfbPacket":
        """Read it; `data` lacks the header."""
        if len(data) < 8:
            raise ValueError("RTCP payload-specific feedback length is invalid")
        ssrc, media_ssrc = _words(data[:8])
        return cls(fmt, ssrc, media_ssrc, data[8:])


@dataclass
class RtcpRrPacket:
    """A receiver's reports (RFC 3550 section 6.4.2)."""

    ssrc: int
    reports: list[RtcpReceiverInfo] = field(default_factory=list)

    def __bytes__(self) -> bytes:
        payload = self.ssrc.to_bytes(4, "big") + b"".join(map(bytes, self.reports))
        return pack_rtcp_packet(RTCP_RR, len(self.reports), payload)

    @classmethod
    def parse(cls, data: bytes, count: int) -> "RtcpRrPacket":
        """Read it; `data` lacks the header."""
        if len(data) != 4 + _REPORT_LENGTH * count:
            raise ValueError("RTCP receiver report length is invalid")
        return cls(int.from_bytes(data[:4], "big"), _reports(data[4:]))


@dataclass
class RtcpRtpfbPacket:
    """Feedback of the transport: packets that were lost (RFC 4585 section 6.2)."""

    fmt: int
    ssrc: int
    media_ssrc: int
    lost: list[int] = field(default_factory=list)

    def __bytes__(self) -> bytes:
        payload = pack("!LL", self.ssrc, self.media_ssrc)
        at = 0
        while at < len(self.lost):
            first, bits = self.lost[at], 0
            at += 1
            while at < len(self.lost):
                behind = (self.lost[at] - first - 1) % (1 << 16)
                if behind >= _NACK_BITS:
                    break
                bits |= 1 << behind
                at += 1
            payload += pack("!HH", first, bits)
        return pack_rtcp_packet(RTCP_RTPFB, self.fmt, payload)

    @classmethod
    def parse(cls, data: bytes, fmt: int) -> "RtcpRtpfbPacket":
        """Read it; `data` lacks the header."""
        if len(data) < 8 or len(data) % 4:
            raise ValueError("RTCP RTP feedback length is invalid")
        lost = []
        for at in range(8, len(data), 4):
            first, bits = unpack_from("!HH", data, at)
            lost.append(first)
            behind = (bit for bit in range(_NACK_BITS) if bits >> bit & 1)
            lost += [(first + bit + 1) % (1 << 16) for bit in behind]
        ssrc, media_ssrc = _words(data[:8])
        return cls(fmt, ssrc, media_ssrc, lost)


@dataclass
class RtcpSdesPacket:
    """Descriptions of sources (RFC 3550 section 6.5)."""

    chunks: list[RtcpSourceInfo] = field(default_factory=list)

    def __bytes__(self) -> bytes:
        payload = b""
        for chunk in self.chunks:
            payload += chunk.ssrc.to_bytes(4, "big")
            for kind, text in chunk.items:
                payload += bytes([kind, len(text)]) + text
            # At least one zero ends the list, and more fill the word.
            payload += bytes(4 - len(payload) % 4)
        return pack_rtcp_packet(RTCP_SDES, len(self.chunks), payload)

    @classmethod
    def parse(cls, data: bytes, count: int) -> "RtcpSdesPacket":
        """Read it; `data` lacks the header."""
        chunks, at = [], 0
        for _ in range(count):
            if len(data) < at + 4:
                raise ValueError("RTCP SDES source is truncated")
            chunk = RtcpSourceInfo(int.from_bytes(data[at : at + 4], "big"), [])
            at = cls.__items(data, at + 4, chunk)
            chunks.append(chunk)
        return cls(chunks)

    @staticmethod
    def __items(data: bytes, at: int, chunk: RtcpSourceInfo) -> int:
        while at < len(data) and data[at]:
            begin = at + 2
            if len(data) < begin or len(data) < begin + data[at + 1]:
                raise ValueError("RTCP SDES item is truncated")
            chunk.items.append((data[at], data[begin : begin + data[at + 1]]))
            at = begin + data[at + 1]
        return at + 4 - at % 4


@dataclass
class RtcpSrPacket:
    """A sender's report (RFC 3550 section 6.4.1)."""

    ssrc: int
    sender_info: RtcpSenderInfo
    reports: list[RtcpReceiverInfo] = field(default_factory=list)

    def __bytes__(self) -> bytes:
        payload = self.ssrc.to_bytes(4, "big") + bytes(self.sender_info)
        payload += b"".join(map(bytes, self.reports))
        return pack_rtcp_packet(RTCP_SR, len(self.reports), payload)

    @classmethod
    def parse(cls, data: bytes, count: int) -> "RtcpSrPacket":
        """Read it; `data` lacks the header."""
        begin = 4 + _SENDER_INFO_LENGTH
        if len(data) != begin + _REPORT_LENGTH * count:
            raise ValueError("RTCP sender report length is invalid")
        return cls(
            int.from_bytes(data[:4], "big"),
            RtcpSenderInfo.parse(data[4:begin]),
            _reports(data[begin:]),
        )


AnyRtcpPacket = Union[
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
]


class RtcpPacket:
    """Reads what comes in a datagram of RTCP."""

    @classmethod
    def parse(cls, data: bytes) -> list[AnyRtcpPacket]:
        """The packets of a datagram. Those of unknown kinds are left out."""
        packets: list[AnyRtcpPacket] = []
        at = 0
        while at < len(data):
            body = at + RTCP_HEADER_LENGTH
            if len(data) < body:
                raise ValueError(f"RTCP packet length is less than {RTCP_HEADER_LENGTH} bytes")
            first, kind, words = unpack_from("!BBH", data, at)
            if first >> 6 != 2:
                raise ValueError("RTCP packet has invalid version")
            at = body + 4 * words
            if len(data) < at:
                raise ValueError("RTCP packet is truncated")
            payload = data[body:at]
            if first & 0x20:
                if not payload or not 0 < payload[-1] <= len(payload):
                    raise ValueError("RTCP packet padding length is invalid")
                payload = payload[: -payload[-1]]
            parse = _KINDS.get(kind)
            if parse is not None:
                packets.append(parse(payload, first & 0x1F))
        return packets


_KINDS: dict[int, Callable[[bytes, int], AnyRtcpPacket]] = {
    RTCP_SR: RtcpSrPacket.parse,
    RTCP_RR: RtcpRrPacket.parse,
    RTCP_SDES: RtcpSdesPacket.parse,
    RTCP_BYE: RtcpByePacket.parse,
    RTCP_RTPFB: RtcpRtpfbPacket.parse,
    RTCP_PSFB: RtcpPsfbPacket.parse,
}
