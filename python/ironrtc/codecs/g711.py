"""G.711 with either law (RFC 3551 section 4.5.14)."""

from __future__ import annotations

import fractions

from .._names import module_names
from ._audio import AudioDecoder, AudioEncoder

SAMPLE_RATE = 8000
SAMPLE_WIDTH = 2
SAMPLES_PER_FRAME = 160
TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)

__getattr__, __dir__ = module_names(globals())


class PcmDecoder(AudioDecoder):
    """Decodes G.711; `codec_name` is FFmpeg's name of the law."""

    def __init__(self, codec_name: str) -> None:
        super().__init__(codec_name, "mono", SAMPLE_RATE)


class PcmEncoder(AudioEncoder):
    """Encodes G.711; `codec_name` is FFmpeg's name of the law."""

    def __init__(self, codec_name: str) -> None:
        super().__init__(codec_name, "mono", SAMPLE_RATE, SAMPLES_PER_FRAME)


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
