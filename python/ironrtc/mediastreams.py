"""Media tracks: something that yields audio or video, one frame at a time.

PyAV is imported when the first frame is made, so that programs which only use data channels
neither need nor load it.
"""

from __future__ import annotations

import asyncio
import fractions
import time
import uuid
from abc import ABCMeta, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol, Union

from pyee.asyncio import AsyncIOEventEmitter

from ._lazy import lazy_names

if TYPE_CHECKING:
    from av import AudioFrame, VideoFrame
    from av.frame import Frame
    from av.packet import Packet

__all__ = [
    "AUDIO_PTIME",
    "VIDEO_CLOCK_RATE",
    "VIDEO_PTIME",
    "VIDEO_TIME_BASE",
    "ABCMeta",
    "AsyncIOEventEmitter",
    "AudioFrame",
    "AudioStreamTrack",
    "Frame",
    "MediaStreamError",
    "MediaStreamTrack",
    "Packet",
    "Protocol",
    "TimeBase",
    "Union",
    "VideoFrame",
    "VideoStreamTrack",
    "abstractmethod",
    "asyncio",
    "convert_timebase",
    "fractions",
    "time",
    "uuid",
]

AUDIO_PTIME = 0.020
"""How much audio is in a frame, in seconds."""

VIDEO_CLOCK_RATE = 90000
"""The clock rate of video, in hertz."""

VIDEO_PTIME = 1 / 30
"""How long a video frame is shown, in seconds."""

VIDEO_TIME_BASE = fractions.Fraction(1, VIDEO_CLOCK_RATE)
"""The time base of video timestamps."""

_AUDIO_SAMPLE_RATE = 8000

__getattr__, __dir__ = lazy_names(
    globals(),
    AudioFrame=("av", "AudioFrame"),
    VideoFrame=("av", "VideoFrame"),
    Frame=("av.frame", "Frame"),
    Packet=("av.packet", "Packet"),
)


class TimeBase(Protocol):
    """The unit of timestamps: `numerator / denominator` seconds."""

    @property
    def numerator(self) -> int: ...

    @property
    def denominator(self) -> int: ...


def convert_timebase(pts: int, from_base: TimeBase, to_base: TimeBase) -> int:
    """Express the timestamp `pts`, counted in `from_base`, in `to_base`."""
    top = pts * from_base.numerator * to_base.denominator
    bottom = from_base.denominator * to_base.numerator
    # Whole units only, and towards zero for timestamps before the epoch of the stream.
    return top // bottom if top * bottom >= 0 else -(-top // bottom)


class MediaStreamError(Exception):
    """The track has ended, so it yields no more frames."""


class MediaStreamTrack(AsyncIOEventEmitter, metaclass=ABCMeta):
    """One track of audio or video. Subclass it and write `recv`."""

    kind = "unknown"

    def __init__(self) -> None:
        super().__init__()
        self.__ended = False
        self._id = str(uuid.uuid4())

    @property
    def id(self) -> str:
        """A unique identifier, made with the track."""
        return self._id

    @property
    def readyState(self) -> str:
        """`live`, or `ended` once the track was stopped."""
        return "ended" if self.__ended else "live"

    @abstractmethod
    async def recv(self) -> Union[Frame, Packet[Any]]:
        """Wait for the next frame, or encoded packet, and return it."""

    def stop(self) -> None:
        """End the track: emit `ended`, once, and forget all listeners."""
        if self.__ended:
            return
        self.__ended = True
        self.emit("ended")
        # No event follows the last one; listeners would only keep objects alive.
        self.remove_all_listeners()


class AudioStreamTrack(MediaStreamTrack):
    """An audio track that yields silence, in real time."""

    kind = "audio"

    _start: float
    _timestamp: int

    async def recv(self) -> Frame:
        """Return 20 ms of silence when they are due."""
        if self.readyState != "live":
            raise MediaStreamError
        samples = int(AUDIO_PTIME * _AUDIO_SAMPLE_RATE)
        if hasattr(self, "_timestamp"):
            self._timestamp += samples
            due = self._start + self._timestamp / _AUDIO_SAMPLE_RATE
            await asyncio.sleep(due - time.time())
        else:
            self._start = time.time()
            self._timestamp = 0
        return _silence(samples, self._timestamp)


class VideoStreamTrack(MediaStreamTrack):
    """A video track that yields a green picture, in real time."""

    kind = "video"

    _start: float
    _timestamp: int

    async def next_timestamp(self) -> tuple[int, fractions.Fraction]:
        """Wait until the next frame is due, and return its timestamp and time base."""
        if self.readyState != "live":
            raise MediaStreamError
        if hasattr(self, "_timestamp"):
            self._timestamp += int(VIDEO_PTIME * VIDEO_CLOCK_RATE)
            due = self._start + self._timestamp / VIDEO_CLOCK_RATE
            await asyncio.sleep(due - time.time())
        else:
            self._start = time.time()
            self._timestamp = 0
        return self._timestamp, VIDEO_TIME_BASE

    async def recv(self) -> Frame:
        """Return the next picture when it is due."""
        pts, time_base = await self.next_timestamp()
        frame: Any = __getattr__("VideoFrame")(width=640, height=480)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts = pts
        frame.time_base = time_base
        result: Frame = frame
        return result


def _silence(samples: int, pts: int) -> Frame:
    frame: Any = __getattr__("AudioFrame")(format="s16", layout="mono", samples=samples)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.pts = pts
    frame.sample_rate = _AUDIO_SAMPLE_RATE
    frame.time_base = fractions.Fraction(1, _AUDIO_SAMPLE_RATE)
    result: Frame = frame
    return result
