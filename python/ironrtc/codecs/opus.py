"""Opus (RFC 6716, RFC 7587)."""

from __future__ import annotations

import fractions

from .._names import module_names
from ._audio import AudioDecoder, AudioEncoder

SAMPLE_RATE = 48000
SAMPLE_WIDTH = 2
SAMPLES_PER_FRAME = 960
TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)

_BITRATE = 96000

__getattr__, __dir__ = module_names(globals())


class OpusDecoder(AudioDecoder):
    """Decodes Opus to 48 kHz in stereo."""

    def __init__(self) -> None:
        super().__init__("libopus", "stereo", SAMPLE_RATE)


class OpusEncoder(AudioEncoder):
    """Encodes Opus in stereo."""

    def __init__(self) -> None:
        super().__init__(
            "libopus",
            "stereo",
            SAMPLE_RATE,
            SAMPLES_PER_FRAME,
            {"bit_rate": _BITRATE, "options": {"application": "voip"}},
        )
