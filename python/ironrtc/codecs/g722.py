"""G.722 (RFC 3551 section 4.5.2)."""

from __future__ import annotations

import fractions
from typing import TYPE_CHECKING, Any

from .._names import module_names
from ..jitterbuffer import JitterFrame
from ._audio import AudioDecoding, AudioEncoding
from .base import Decoder, Encoder

if TYPE_CHECKING:
    from av.frame import Frame
    from av.packet import Packet

SAMPLE_RATE = 16000
SAMPLE_WIDTH = 2
SAMPLES_PER_FRAME = 320
TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)
CLOCK_BASE = fractions.Fraction(1, 8000)
"""The clock of timestamps, which ticks half as often as samples come."""

__getattr__, __dir__ = module_names(globals())


class G722Decoder(Decoder):
    """Decodes G.722."""

    def __init__(self) -> None:
        self._decoding = AudioDecoding("g722", "mono", SAMPLE_RATE, clock_base=CLOCK_BASE)
        self.codec = self._decoding.codec

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Decode what was put together from RTP packets."""
        return self._decoding.decode(encoded_frame)


class G722Encoder(Encoder):
    """Encodes G.722."""

    def __init__(self) -> None:
        self._encoding = AudioEncoding(
            "g722", "mono", SAMPLE_RATE, SAMPLES_PER_FRAME, clock_base=CLOCK_BASE
        )
        self.codec = self._encoding.codec
        self.resampler = self._encoding.resampler

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode a frame; returns the payloads and the timestamp of the first of them."""
        return self._encoding.encode(frame)

    def pack(self, packet: Packet[Any]) -> tuple[list[bytes], int]:
        """Take what is encoded already; returns the payload and the timestamp."""
        return self._encoding.pack(packet)
