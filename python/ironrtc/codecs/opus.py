"""Opus (RFC 6716, RFC 7587)."""

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

SAMPLE_RATE = 48000
SAMPLE_WIDTH = 2
SAMPLES_PER_FRAME = 960
TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)

_BITRATE = 96000

__getattr__, __dir__ = module_names(globals())


class OpusDecoder(Decoder):
    """Decodes Opus to 48 kHz in stereo."""

    def __init__(self) -> None:
        self._decoding = AudioDecoding("libopus", "stereo", SAMPLE_RATE)
        self.codec = self._decoding.codec

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Decode what was put together from RTP packets."""
        return self._decoding.decode(encoded_frame)


class OpusEncoder(Encoder):
    """Encodes Opus in stereo."""

    def __init__(self) -> None:
        self._encoding = AudioEncoding(
            "libopus",
            "stereo",
            SAMPLE_RATE,
            SAMPLES_PER_FRAME,
            {"bit_rate": _BITRATE, "options": {"application": "voip"}},
        )
        self.codec = self._encoding.codec
        self.resampler = self._encoding.resampler

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode a frame; returns the payloads and the timestamp of the first of them."""
        return self._encoding.encode(frame)

    def pack(self, packet: Packet[Any]) -> tuple[list[bytes], int]:
        """Take what is encoded already; returns the payload and the timestamp."""
        return self._encoding.pack(packet)
