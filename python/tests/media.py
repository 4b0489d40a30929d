"""Tracks whose content can be recognised after the way through codecs."""

import asyncio
import fractions
import math

import av
import numpy as np

from ironrtc import MediaStreamError, MediaStreamTrack
from ironrtc.mediastreams import VideoStreamTrack

RATE = 48000
SAMPLES = 960
FREQUENCY = 440


class Tone(MediaStreamTrack):
    """A tone, in real time."""

    kind = "audio"

    def __init__(self, frequency=FREQUENCY):
        super().__init__()
        self.frequency = frequency
        self.position = 0

    async def recv(self):
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(0.02)
        times = (self.position + np.arange(SAMPLES)) / RATE
        wave = (np.sin(2 * math.pi * self.frequency * times) * 12000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self.position
        frame.time_base = fractions.Fraction(1, RATE)
        self.position += SAMPLES
        return frame


class Colours(VideoStreamTrack):
    """A picture whose left half is red and whose right half is blue."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        picture = np.zeros((240, 320, 3), np.uint8)
        picture[:, :160, 0] = 255
        picture[:, 160:, 2] = 255
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


def loudest(frames):
    """The frequency that is loudest in frames of sound."""
    wave = np.concatenate([frame.to_ndarray().reshape(-1, 2)[:, 0] for frame in frames])
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return np.argmax(spectrum) * RATE / len(wave)
