"""VP8 (RFC 6386, RFC 7741)."""

from __future__ import annotations

import multiprocessing
import random
from typing import TYPE_CHECKING, Any, Optional

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
DEFAULT_BITRATE = 500000
MIN_BITRATE = 250000
MAX_BITRATE = 1500000
MAX_FRAME_RATE = 30
PACKET_MAX = 1300

_PICTURE_IDS = 1 << 15
_KEYFRAME_INTERVAL = 3000

__getattr__, __dir__ = module_names(globals())


def number_of_threads(pixels: int, cpus: int) -> int:
    """How many threads encode pictures of so many pixels."""
    if pixels >= 1920 * 1080 and cpus > 8:
        return 8
    if pixels > 1280 * 960 and cpus >= 6:
        return 3
    if pixels > 640 * 480 and cpus >= 3:
        return 2
    return 1


class VpxPayloadDescriptor:
    """What precedes the data in a payload (RFC 7741 section 4.2)."""

    def __init__(
        self,
        partition_start: int,
        partition_id: int,
        picture_id: Optional[int] = None,
        tl0picidx: Optional[int] = None,
        tid: Optional[tuple[int, int]] = None,
        keyidx: Optional[int] = None,
    ) -> None:
        self.partition_start = partition_start
        self.partition_id = partition_id
        self.picture_id = picture_id
        self.tl0picidx = tl0picidx
        self.tid = tid
        self.keyidx = keyidx

    def __bytes__(self) -> bytes:
        first = self.partition_start << 4 | self.partition_id
        flags, rest = 0, b""
        if self.picture_id is not None:
            flags |= 0x80
            rest += (0x8000 | self.picture_id).to_bytes(2, "big")
        if self.tl0picidx is not None:
            flags |= 0x40
            rest += bytes([self.tl0picidx])
        if self.tid is not None or self.keyidx is not None:
            last = 0
            if self.tid is not None:
                flags |= 0x20
                last |= self.tid[0] << 6 | self.tid[1] << 5
            if self.keyidx is not None:
                flags |= 0x10
                last |= self.keyidx
            rest += bytes([last])
        return bytes([first | 0x80, flags]) + rest if flags else bytes([first])

    def __repr__(self) -> str:
        return (
            f"VpxPayloadDescriptor(S={self.partition_start}, PID={self.partition_id}, "
            f"pic_id={self.picture_id})"
        )

    @classmethod
    def parse(cls, data: bytes) -> tuple["VpxPayloadDescriptor", bytes]:
        """Read the descriptor; returns it and the data behind it."""
        taken = 0

        def take(length: int, what: str) -> int:
            nonlocal taken
            if taken + length > len(data):
                raise ValueError(f"VPX descriptor {what}")
            taken += length
            return int.from_bytes(data[taken - length : taken], "big")

        first = take(1, "is too short")
        descriptor = cls(partition_start=first >> 4 & 1, partition_id=first & 0xF)
        flags = take(1, "has truncated extended bits") if first & 0x80 else 0
        if flags & 0x80:
            picture_id = take(1, "has truncated PictureID")
            if picture_id & 0x80:
                low = take(1, "has truncated long PictureID")
                picture_id = (picture_id & 0x7F) << 8 | low
            descriptor.picture_id = picture_id
        if flags & 0x40:
            descriptor.tl0picidx = take(1, "has truncated TL0PICIDX")
        if flags & 0x30:
            last = take(1, "has truncated T/K")
            if flags & 0x20:
                descriptor.tid = (last >> 6, last >> 5 & 1)
            if flags & 0x10:
                descriptor.keyidx = last & 0x1F
        return descriptor, data[taken:]


class Vp8Decoder(Decoder):
    """Decodes VP8."""

    def __init__(self) -> None:
        from av.codec.context import CodecContext

        self.codec = CodecContext.create("libvpx", "r")

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Decode what was put together from RTP packets."""
        return _video.decode_picture(self.codec, encoded_frame.data, encoded_frame.timestamp)


class Vp8Encoder(Encoder):
    """Encodes VP8."""

    def __init__(self) -> None:
        self.codec: Optional[VideoCodecContext] = None
        self.picture_id = random.randrange(_PICTURE_IDS)
        self.__contexts = _video.ContextKeeper(self.__context)
        self.__target_bitrate = DEFAULT_BITRATE

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode a frame; returns the payloads and the timestamp."""
        picture: Any = frame
        self.codec = self.__contexts.fitting(self.codec, picture, self.target_bitrate)
        with self.__contexts.prepared(picture, force_keyframe) as prepared:
            encoded = b"".join(bytes(packet) for packet in self.codec.encode(prepared))
        return self.__payloads(encoded), _video.rtp_timestamp(frame)

    def pack(self, packet: Packet[Any]) -> tuple[list[bytes], int]:
        """Cut what is encoded already; returns the payloads and the timestamp."""
        return self.__payloads(bytes(packet)), _video.rtp_timestamp(packet)

    @property
    def target_bitrate(self) -> int:
        """The bitrate to aim at, in bits per second."""
        return self.__target_bitrate

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self.__target_bitrate = _video.checked_bitrate(bitrate, MIN_BITRATE, MAX_BITRATE)

    def __context(self, width: int, height: int, bitrate: int) -> VideoCodecContext:
        from av.codec.context import CodecContext

        codec = CodecContext.create("libvpx", "w")
        codec.width = width
        codec.height = height
        codec.bit_rate = bitrate
        codec.pix_fmt = "yuv420p"
        codec.framerate = MAX_FRAME_RATE  # type: ignore[assignment]
        codec.time_base = VIDEO_TIME_BASE
        codec.gop_size = _KEYFRAME_INTERVAL
        codec.qmin = 2
        codec.qmax = 56
        codec.thread_count = number_of_threads(width * height, multiprocessing.cpu_count())
        codec.options = {
            "bufsize": str(bitrate),
            "cpu-used": "-6",
            "deadline": "realtime",
            "lag-in-frames": "0",
            "minrate": str(bitrate),
            "maxrate": str(bitrate),
            # The denoiser costs a fifth of the time, and sharpness.
            "noise-sensitivity": "0",
            "overshoot-pct": "15",
            "partitions": "0",
            "static-thresh": "1",
            "undershoot-pct": "100",
        }
        return codec

    def __payloads(self, encoded: bytes) -> list[bytes]:
        if not encoded:
            # The encoder has left the frame out, to keep its rate.
            return []
        descriptor = VpxPayloadDescriptor(
            partition_start=1, partition_id=0, picture_id=self.picture_id
        )
        head = bytes(descriptor)
        room = PACKET_MAX - len(head)
        payloads = []
        for begin in range(0, len(encoded), room):
            payloads.append(head + encoded[begin : begin + room])
            descriptor.partition_start = 0
            head = bytes(descriptor)
        self.picture_id = (self.picture_id + 1) % _PICTURE_IDS
        return payloads


def vp8_depayload(payload: bytes) -> bytes:
    """Strip the descriptor from the payload of an RTP packet."""
    return VpxPayloadDescriptor.parse(payload)[1]
