"""G.722 (RFC 3551 section 4.5.2)."""

from __future__ import annotations

import fractions

from .._names import module_names
from ._audio import AudioDecoder, AudioEncoder

SAMPLE_RATE = 16000
SAMPLE_WIDTH = 2
SAMPLES_PER_FRAME = 320
TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)
CLOCK_BASE = fractions.Fraction(1, 8000)
"""The clock of timestamps, which ticks half as often as samples come."""

__getattr__, __dir__ = module_names(globals())


class G722Decoder(AudioDecoder):
    """Decodes G.722."""

    def __init__(self) -> None:
        super().__init__("g722", "mono", SAMPLE_RATE)
        self._clock_base = CLOCK_BASE


class G722Encoder(AudioEncoder):
    """Encodes G.722."""

    def __init__(self) -> None:
        super().__init__("g722", "mono", SAMPLE_RATE, SAMPLES_PER_FRAME)
        self._clock_base = CLOCK_BASE
