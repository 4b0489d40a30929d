"""RTP packets (RFC 3550 section 5.1, RFC 4588), for programs that look into them."""

from __future__ import annotations

import os
from typing import Optional

from ._rtp_extensions import HeaderExtensions, HeaderExtensionsMap

RTP_HEADER_LENGTH = 12
_RTX_HEADER_LENGTH = 2


class RtpPacket:
    """A packet of media."""

    def __init__(
        self,
        payload_type: int = 0,
        marker: int = 0,
        sequence_number: int = 0,
        timestamp: int = 0,
        ssrc: int = 0,
        payload: bytes = b"",
    ) -> None:
        self.version = 2
        self.marker = marker
        self.payload_type = payload_type
        self.sequence_number = sequence_number
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.csrc: list[int] = []
        self.extensions = HeaderExtensions()
        self.payload = payload
        self.padding_size = 0

    def __repr__(self) -> str:
        return (
            f"RtpPacket(seq={self.sequence_number}, ts={self.timestamp}, "
            f"marker={self.marker}, payload={self.payload_type}, {len(self.payload)} bytes)"
        )

    @classmethod
    def parse(
        cls, data: bytes, extensions_map: Optional[HeaderExtensionsMap] = None
    ) -> "RtpPacket":
        """Read a packet."""
        if len(data) < RTP_HEADER_LENGTH:
            raise ValueError(f"RTP packet length is less than {RTP_HEADER_LENGTH} bytes")
        if data[0] >> 6 != 2:
            raise ValueError("RTP packet has invalid version")
        packet = cls(
            marker=data[1] >> 7,
            payload_type=data[1] & 0x7F,
            sequence_number=int.from_bytes(data[2:4], "big"),
            timestamp=int.from_bytes(data[4:8], "big"),
            ssrc=int.from_bytes(data[8:12], "big"),
        )
        position = packet.__read_sources(data, data[0] & 0xF)
        if data[0] & 0x10:
            position = packet.__read_extensions(data, position, extensions_map)
        if data[0] & 0x20:
            packet.padding_size = data[-1]
            if not 0 < packet.padding_size <= len(data) - position:
                raise ValueError("RTP packet padding length is invalid")
        packet.payload = data[position : len(data) - packet.padding_size]
        return packet

    def __read_sources(self, data: bytes, count: int) -> int:
        end = RTP_HEADER_LENGTH + 4 * count
        if len(data) < end:
            raise ValueError("RTP packet has truncated CSRC")
        self.csrc = [
            int.from_bytes(data[at : at + 4], "big") for at in range(RTP_HEADER_LENGTH, end, 4)
        ]
        return end

    def __read_extensions(
        self, data: bytes, position: int, extensions_map: Optional[HeaderExtensionsMap]
    ) -> int:
        if len(data) < position + 4:
            raise ValueError("RTP packet has truncated extension profile / length")
        profile = int.from_bytes(data[position : position + 2], "big")
        begin = position + 4
        end = begin + 4 * int.from_bytes(data[position + 2 : begin], "big")
        if len(data) < end:
            raise ValueError("RTP packet has truncated extension value")
        if extensions_map is not None:
            self.extensions = extensions_map.get(profile, data[begin:end])
        return end

    def serialize(self, extensions_map: Optional[HeaderExtensionsMap] = None) -> bytes:
        """Write the packet."""
        profile, extensions = 0, b""
        if extensions_map is not None:
            profile, extensions = extensions_map.set(self.extensions)
        first = self.version << 6 | len(self.csrc)
        if extensions:
            first |= 0x10
        if self.padding_size:
            first |= 0x20
        data = bytes([first, self.marker << 7 | self.payload_type])
        data += self.sequence_number.to_bytes(2, "big")
        data += self.timestamp.to_bytes(4, "big") + self.ssrc.to_bytes(4, "big")
        for source in self.csrc:
            data += source.to_bytes(4, "big")
        if extensions:
            data += profile.to_bytes(2, "big")
            data += (len(extensions) // 4).to_bytes(2, "big") + extensions
        data += self.payload
        if self.padding_size:
            data += os.urandom(self.padding_size - 1) + bytes([self.padding_size])
        return data


def wrap_rtx(
    packet: RtpPacket, payload_type: int, sequence_number: int, ssrc: int
) -> RtpPacket:
    """The packet as it is sent again (RFC 4588 section 4)."""
    rtx = RtpPacket(
        payload_type=payload_type,
        marker=packet.marker,
        sequence_number=sequence_number,
        timestamp=packet.timestamp,
        ssrc=ssrc,
        payload=packet.sequence_number.to_bytes(2, "big") + packet.payload,
    )
    rtx.csrc = packet.csrc
    rtx.extensions = packet.extensions
    return rtx


def unwrap_rtx(rtx: RtpPacket, payload_type: int, ssrc: int) -> RtpPacket:
    """The packet that was sent again (RFC 4588 section 4)."""
    packet = RtpPacket(
        payload_type=payload_type,
        marker=rtx.marker,
        sequence_number=int.from_bytes(rtx.payload[:_RTX_HEADER_LENGTH], "big"),
        timestamp=rtx.timestamp,
        ssrc=ssrc,
        payload=rtx.payload[_RTX_HEADER_LENGTH:],
    )
    packet.csrc = rtx.csrc
    packet.extensions = rtx.extensions
    return packet
