"""RTP header extensions (RFC 8285), by the names that programs use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

from .rtcrtpparameters import RTCRtpParameters

_ONE_BYTE, _TWO_BYTE = 0xBEDE, 0x1000

_SDES = "urn:ietf:params:rtp-hdrext:sdes:"
_URIS = {
    f"{_SDES}mid": "mid",
    f"{_SDES}repaired-rtp-stream-id": "repaired_rtp_stream_id",
    f"{_SDES}rtp-stream-id": "rtp_stream_id",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": "abs_send_time",
    "urn:ietf:params:rtp-hdrext:toffset": "transmission_offset",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio_level",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": (
        "transport_sequence_number"
    ),
}
# How many bytes the numbers have.
_LENGTHS = {"abs_send_time": 3, "transmission_offset": 3, "transport_sequence_number": 2}


@dataclass
class HeaderExtensions:
    """What the extensions of a packet say."""

    abs_send_time: Optional[int] = None
    audio_level: Any = None
    mid: Any = None
    repaired_rtp_stream_id: Any = None
    rtp_stream_id: Any = None
    transmission_offset: Optional[int] = None
    transport_sequence_number: Optional[int] = None


class HeaderExtensionsMap:
    """The numbers that extensions were given when they were negotiated."""

    def __init__(self) -> None:
        self.__names: dict[int, str] = {}

    def configure(self, parameters: RTCRtpParameters) -> None:
        """Take over what was negotiated."""
        for extension in parameters.headerExtensions:
            name = _URIS.get(extension.uri)
            if name is not None:
                self.__names[extension.id] = name

    def get(self, extension_profile: int, extension_value: bytes) -> HeaderExtensions:
        """Read the extensions of a packet."""
        values = HeaderExtensions()
        for number, value in unpack_header_extensions(extension_profile, extension_value):
            name = self.__names.get(number)
            if name is not None:
                setattr(values, name, _read(name, value))
        return values

    def set(self, values: HeaderExtensions) -> tuple[int, bytes]:
        """Write the extensions of a packet."""
        extensions = []
        for number, name in self.__names.items():
            value = getattr(values, name)
            if value is not None:
                extensions.append((number, _write(name, value)))
        return pack_header_extensions(extensions)


def _read(name: str, value: bytes) -> Any:
    if name == "audio_level":
        return bool(value[0] & 0x80), value[0] & 0x7F
    if name in _LENGTHS:
        return int.from_bytes(value[: _LENGTHS[name]], "big")
    return value.decode("utf8")


def _write(name: str, value: Any) -> bytes:
    if name == "audio_level":
        voice, level = value
        return bytes([(0x80 if voice else 0) | level & 0x7F])
    if name in _LENGTHS:
        return int(value).to_bytes(_LENGTHS[name], "big")
    return str(value).encode("utf8")


def unpack_header_extensions(
    extension_profile: int, extension_value: Optional[bytes]
) -> list[tuple[int, bytes]]:
    """The numbers and values of extensions."""
    value = extension_value or b""
    if extension_profile == _ONE_BYTE:
        return list(_one_byte(value))
    if extension_profile == _TWO_BYTE:
        return list(_two_byte(value))
    return []


def _one_byte(value: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(value):
        number, length = value[position] >> 4, (value[position] & 0xF) + 1
        position += 1
        if number == 0 and length == 1:
            # Padding.
            continue
        if position + length > len(value):
            raise ValueError("RTP one-byte header extension value is truncated")
        yield number, value[position : position + length]
        position += length


def _two_byte(value: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(value):
        number = value[position]
        position += 1
        if number == 0:
            # Padding.
            continue
        if position == len(value):
            raise ValueError("RTP two-byte header extension is truncated")
        length = value[position]
        position += 1
        if position + length > len(value):
            raise ValueError("RTP two-byte header extension value is truncated")
        yield number, value[position : position + length]
        position += length


def pack_header_extensions(extensions: list[tuple[int, bytes]]) -> tuple[int, bytes]:
    """The profile and the value that extensions make."""
    if not extensions:
        return 0, b""
    short = all(0 < number < 15 and 0 < len(value) <= 16 for number, value in extensions)
    packed = b""
    for number, value in extensions:
        if short:
            packed += bytes([number << 4 | len(value) - 1]) + value
        else:
            packed += bytes([number, len(value)]) + value
    packed += bytes(-len(packed) % 4)
    return (_ONE_BYTE if short else _TWO_BYTE), packed
