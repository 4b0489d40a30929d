"""What audio codecs have in common: PyAV's contexts, fed with frames of one length."""

from __future__ import annotations

import fractions
from typing import TYPE_CHECKING, Any, Optional, cast

from ..jitterbuffer import JitterFrame
from ..mediastreams import convert_timebase

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.frame import Frame
    from av.packet import Packet


class AudioDecoding:
    """Decodes audio into frames of signed 16-bit samples."""

    def __init__(
        self,
        codec: str,
        layout: str,
        sample_rate: int,
        clock_base: Optional[fractions.Fraction] = None,
    ) -> None:
        from av.codec.context import CodecContext

        self.codec = cast("AudioCodecContext", CodecContext.create(codec, "r"))
        self.codec.format = "s16"
        self.codec.layout = layout
        self.codec.sample_rate = sample_rate
        self._time_base = fractions.Fraction(1, sample_rate)
        # Samples may be counted otherwise than timestamps are: RFC 3551 section 4.5.2.
        self._clock_base = clock_base or self._time_base

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Decode what was put together from RTP packets."""
        from av.packet import Packet

        packet = Packet(encoded_frame.data)
        packet.pts = convert_timebase(
            encoded_frame.timestamp, self._clock_base, self._time_base
        )
        packet.time_base = self._time_base
        return cast("list[Frame]", self.codec.decode(packet))


class AudioEncoding:
    """Encodes audio of any rate and layout, a payload for each 20 ms."""

    def __init__(
        self,
        codec: str,
        layout: str,
        sample_rate: int,
        samples: int,
        settings: Optional[dict[str, Any]] = None,
        clock_base: Optional[fractions.Fraction] = None,
    ) -> None:
        from av.audio.resampler import AudioResampler
        from av.codec.context import CodecContext

        self.codec = cast("AudioCodecContext", CodecContext.create(codec, "w"))
        self.codec.format = "s16"
        self.codec.layout = layout
        self.codec.sample_rate = sample_rate
        self.codec.time_base = fractions.Fraction(1, sample_rate)
        for name, value in (settings or {}).items():
            setattr(self.codec, name, value)
        self.resampler = AudioResampler(
            format="s16", layout=layout, rate=sample_rate, frame_size=samples
        )
        self._clock_base = clock_base or self.codec.time_base

    def encode(self, frame: Frame) -> tuple[list[bytes], int]:
        """Encode a frame; returns the payloads and the timestamp of the first of them."""
        payloads: list[bytes] = []
        timestamp: Any = None
        for part in self.resampler.resample(cast(Any, frame)):
            payloads += [bytes(packet) for packet in self.codec.encode(part)]
            if timestamp is None:
                assert part.pts is not None and part.time_base is not None
                timestamp = convert_timebase(part.pts, part.time_base, self._clock_base)
        # Nothing comes of a frame that only fills the resampler, and has no timestamp.
        return payloads, timestamp

    def pack(self, packet: Packet[Any]) -> tuple[list[bytes], int]:
        """Take what is encoded already; returns the payload and the timestamp."""
        assert packet.pts is not None and packet.time_base is not None
        timestamp = convert_timebase(packet.pts, packet.time_base, self._clock_base)
        return [bytes(packet)], timestamp
