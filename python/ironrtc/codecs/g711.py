"""G.711 with either law (RFC 3551 section 4.5.14)."""

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

SAMPLE_RATE = 8000
SAMPLE_WIDTH = 2
SAMPLES_PER_FRAME = 160
TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)

__getattr__, __dir__ = module_names(globals())


class PcmDecoder(Decoder):
    """Decodes G.711; `codec_name` is FFmpeg's name of the law."""

    def __init__(self, codec_name: str) -> None:
        self._decoding = AudioDecoding(codec_name, "mono", SAMPLE_RATE)
        self.codec = self._decoding.codec

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Decode what was put together from RTP packets."""
        return self._decoding.decode(encoded_frame)


class PcmEncoder(Encoder):
    """Encodes G.711; `codec_name` is FFmpeg's name of the law."""

    def __init__(self, codec_name: str) -> None:
        self._encoding = AudioEncoding(codec_name, "mono", SAMPLE_RATE, SAMPLES_PER_FRAME)
        self.codec = self._encoding.codec
        self.resampler = self._encoding.resampler

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode a frame; returns the payloads and the timestamp of the first of them."""
        return self._encoding.encode(frame)

    def pack(self, packet: Packet[Any]) -> tuple[list[bytes], int]:
        """Take what is encoded already; returns the payload and the timestamp."""
        return self._encoding.pack(packet)


class PcmaDecoder(PcmDecoder):
    """Decodes G.711 with the A-law."""

    def __init__(self) -> None:
        super().__init__("pcm_alaw")


class PcmaEncoder(PcmEncoder):
    """Encodes G.711 with the A-law."""

    def __init__(self) -> None:
        super().__init__("pcm_alaw")


class PcmuDecoder(PcmDecoder):
    """Decodes G.711 with the µ-law."""

    def __init__(self) -> None:
        super().__init__("pcm_mulaw")


class PcmuEncoder(PcmEncoder):
    """Encodes G.711 with the µ-law."""

    def __init__(self) -> None:
        super().__init__("pcm_mulaw")
