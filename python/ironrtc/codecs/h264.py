"""H.264 (RFC 6184)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Optional, cast

from .._names import module_names
from ..jitterbuffer import JitterFrame
from ..mediastreams import VIDEO_TIME_BASE
from . import _video
from .base import Decoder, Encoder

if TYPE_CHECKING:
    from av.frame import Frame
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext

# Programs change these, so they are read whenever they are used.
DEFAULT_BITRATE = 1000000
MIN_BITRATE = 500000
MAX_BITRATE = 3000000
MAX_FRAME_RATE = 30
PACKET_MAX = 1300

NAL_TYPE_FU_A = 28
NAL_TYPE_STAP_A = 24
NAL_HEADER_SIZE = 1
FU_A_HEADER_SIZE = 2
LENGTH_FIELD_SIZE = 2
STAP_A_HEADER_SIZE = NAL_HEADER_SIZE + LENGTH_FIELD_SIZE

_START_CODE = b"\x00\x00\x00\x01"
_KEYFRAME_INTERVAL = 3000
_MAX_AGGREGATED = 9
_FIRST_FRAGMENT, _LAST_FRAGMENT = 0x80, 0x40
_TYPE, _REFERENCE = 0x1F, 0xE0

__getattr__, __dir__ = module_names(globals())


class H264PayloadDescriptor:
    """What a payload says of itself."""

    def __init__(self, first_fragment: bool) -> None:
        self.first_fragment = first_fragment

    def __repr__(self) -> str:
        return f"H264PayloadDescriptor(FF={self.first_fragment})"

    @classmethod
    def parse(cls, data: bytes) -> tuple["H264PayloadDescriptor", bytes]:
        """Read a payload; returns what it is, and its NAL units behind start codes."""
        if len(data) < 2:
            raise ValueError("NAL unit is too short")
        kind = data[0] & _TYPE
        if 1 <= kind <= 23:
            return cls(first_fragment=True), _START_CODE + data
        if kind == NAL_TYPE_FU_A:
            # RFC 6184 section 5.8.
            first = bool(data[1] & _FIRST_FRAGMENT)
            rest = data[FU_A_HEADER_SIZE:]
            if first:
                rest = _START_CODE + bytes([data[0] & _REFERENCE | data[1] & _TYPE]) + rest
            return cls(first_fragment=first), rest
        if kind == NAL_TYPE_STAP_A:
            return cls(first_fragment=True), b"".join(_aggregated(data))
        raise ValueError(f"NAL unit type {kind} is not supported")


def _aggregated(data: bytes) -> Iterator[bytes]:
    """The units of a STAP-A (RFC 6184 section 5.7.1)."""
    begin = NAL_HEADER_SIZE
    while begin < len(data):
        length_end = begin + LENGTH_FIELD_SIZE
        if length_end > len(data):
            raise ValueError("STAP-A length field is truncated")
        end = length_end + int.from_bytes(data[begin:length_end], "big")
        if end > len(data):
            raise ValueError("STAP-A data is truncated")
        yield _START_CODE + data[length_end:end]
        begin = end


class H264Decoder(Decoder):
    """Decodes H.264."""

    def __init__(self) -> None:
        from av.codec.context import CodecContext

        self.codec = CodecContext.create("h264", "r")

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Decode what was put together from RTP packets."""
        return _video.decode_picture(self.codec, encoded_frame.data, encoded_frame.timestamp)


class H264Encoder(Encoder):
    """Encodes H.264, constrained baseline."""

    def __init__(self) -> None:
        self.buffer_data = b""
        self.buffer_pts: Optional[int] = None
        self.codec: Optional[VideoCodecContext] = None
        self.__contexts = _video.ContextKeeper(self.__context)
        self.__target_bitrate = DEFAULT_BITRATE

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode a frame; returns the payloads and the timestamp."""
        units = self._encode_frame(cast(Any, frame), force_keyframe)
        return self._packetize(units), _video.rtp_timestamp(frame)

    def pack(self, packet: Packet[Any]) -> tuple[list[bytes], int]:
        """Cut what is encoded already; returns the payloads and the timestamp."""
        units = self._split_bitstream(bytes(packet))
        return self._packetize(units), _video.rtp_timestamp(packet)

    @property
    def target_bitrate(self) -> int:
        """The bitrate to aim at, in bits per second."""
        return self.__target_bitrate

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self.__target_bitrate = _video.checked_bitrate(bitrate, MIN_BITRATE, MAX_BITRATE)

    def _encode_frame(self, frame: Any, force_keyframe: bool) -> Iterator[bytes]:
        """The NAL units of a frame."""
        self.codec = self.__contexts.fitting(self.codec, frame, self.target_bitrate)
        with self.__contexts.prepared(frame, force_keyframe) as prepared:
            encoded = b"".join(bytes(packet) for packet in self.codec.encode(prepared))
        yield from self._split_bitstream(encoded)

    def __context(self, width: int, height: int, bitrate: int) -> VideoCodecContext:
        from av.codec.context import CodecContext

        codec = CodecContext.create("libx264", "w")
        codec.width = width
        codec.height = height
        codec.bit_rate = bitrate
        codec.pix_fmt = "yuv420p"
        codec.framerate = MAX_FRAME_RATE  # type: ignore[assignment]
        codec.time_base = VIDEO_TIME_BASE
        codec.gop_size = _KEYFRAME_INTERVAL
        codec.options = {
            "level": "31",
            # A sixth of the time of x264's default, for half a decibel.
            "preset": "superfast",
            "profile": "baseline",
            "tune": "zerolatency",
        }
        return codec

    @staticmethod
    def _split_bitstream(buf: bytes) -> Iterator[bytes]:
        """The NAL units between the start codes of a byte stream (ITU-T H.264 annex B)."""
        begin = buf.find(b"\x00\x00\x01")
        while begin >= 0:
            begin += 3
            end = buf.find(b"\x00\x00\x01", begin)
            if end < 0:
                unit = buf[begin:]
            else:
                # The start code may have four bytes.
                unit = buf[begin : end - (buf[end - 1] == 0 and end > begin)]
            if unit:
                yield unit
            begin = end

    @classmethod
    def _packetize(cls, packages: Iterable[bytes]) -> list[bytes]:
        """Payloads of NAL units: small ones together, large ones in fragments."""
        payloads: list[bytes] = []
        units = iter(packages)
        unit = next(units, None)
        while unit is not None:
            if len(unit) > PACKET_MAX:
                payloads += cls._packetize_fu_a(unit)
                unit = next(units, None)
            else:
                payload, unit = cls._packetize_stap_a(unit, units)
                payloads.append(payload)
        return payloads

    @staticmethod
    def _packetize_fu_a(data: bytes) -> list[bytes]:
        """Fragments of nearly one length (RFC 6184 section 5.8)."""
        indicator = data[0] & _REFERENCE | NAL_TYPE_FU_A
        body = data[NAL_HEADER_SIZE:]
        room = PACKET_MAX - FU_A_HEADER_SIZE
        count = -(-len(body) // room)
        length = -(-len(body) // count)
        payloads = []
        for begin in range(0, len(body), length):
            header = data[0] & _TYPE
            if begin == 0:
                header |= _FIRST_FRAGMENT
            if begin + length >= len(body):
                header |= _LAST_FRAGMENT
            payloads.append(bytes([indicator, header]) + body[begin : begin + length])
        return payloads

    @staticmethod
    def _packetize_stap_a(
        data: bytes, packages_iterator: Iterator[bytes]
    ) -> tuple[bytes, Optional[bytes]]:
        """As many units as fit in one payload, and the first that does not."""
        units = [data]
        size = NAL_HEADER_SIZE + LENGTH_FIELD_SIZE + len(data)
        following = next(packages_iterator, None)
        while (
            following is not None
            and size + LENGTH_FIELD_SIZE + len(following) <= PACKET_MAX
            and len(units) < _MAX_AGGREGATED
        ):
            units.append(following)
            size += LENGTH_FIELD_SIZE + len(following)
            following = next(packages_iterator, None)
        if len(units) == 1:
            return data, following
        # RFC 6184 section 5.7: as important as the most important of its units.
        reference = max(unit[0] & 0x60 for unit in units)
        forbidden = 0x80 if any(unit[0] & 0x80 for unit in units) else 0
        payload = bytes([forbidden | reference | NAL_TYPE_STAP_A])
        payload += b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
        return payload, following


def h264_depayload(payload: bytes) -> bytes:
    """The NAL units of the payload of an RTP packet, behind start codes."""
    return H264PayloadDescriptor.parse(payload)[1]
