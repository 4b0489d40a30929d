"""Helpers for media: files and devices as sources and sinks, and fan-out of tracks."""

from __future__ import annotations

import asyncio
import errno
import fractions
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Optional, Union, cast

from .._lazy import lazy_names
from ..mediastreams import AUDIO_PTIME, MediaStreamError, MediaStreamTrack
from ._player import (
    REAL_TIME_FORMATS,
    MediaPlayer,
    PlayerStreamTrack,
    player_worker_decode,
    player_worker_demux,
)
from ._recorder import MediaRecorder, MediaRecorderContext

if TYPE_CHECKING:
    import av
    from av import AudioFrame, VideoFrame
    from av.audio.stream import AudioStream
    from av.frame import Frame
    from av.packet import Packet
    from av.video.stream import VideoStream

__all__ = [
    "AUDIO_PTIME",
    "REAL_TIME_FORMATS",
    "Any",
    "AudioFrame",
    "AudioStream",
    "Frame",
    "MediaBlackhole",
    "MediaPlayer",
    "MediaRecorder",
    "MediaRecorderContext",
    "MediaRelay",
    "MediaStreamError",
    "MediaStreamTrack",
    "Optional",
    "Packet",
    "PlayerStreamTrack",
    "RelayStreamTrack",
    "Union",
    "VideoFrame",
    "VideoStream",
    "asyncio",
    "av",
    "blackhole_consume",
    "cast",
    "errno",
    "fractions",
    "logger",
    "logging",
    "player_worker_decode",
    "player_worker_demux",
    "threading",
    "time",
]

logger = logging.getLogger(__name__)

__getattr__, __dir__ = lazy_names(
    globals(),
    AudioFrame=("av", "AudioFrame"),
    VideoFrame=("av", "VideoFrame"),
    AudioStream=("av.audio.stream", "AudioStream"),
    VideoStream=("av.video.stream", "VideoStream"),
    Frame=("av.frame", "Frame"),
    Packet=("av.packet", "Packet"),
    av=("av", ""),
)


_AudioOrVideoStream = Union["AudioStream", "VideoStream"]


async def blackhole_consume(track: MediaStreamTrack) -> None:
    """Read `track` to its end, and throw away what it yields."""
    while True:
        try:
            await track.recv()
        except MediaStreamError:
            return


class MediaBlackhole:
    """Reads tracks and throws away what they yield."""

    def __init__(self) -> None:
        self.__tracks: dict[MediaStreamTrack, Optional[asyncio.Future[None]]] = {}

    def addTrack(self, track: MediaStreamTrack) -> None:
        """Read `track` too, once started."""
        self.__tracks.setdefault(track, None)

    async def start(self) -> None:
        """Begin to read."""
        for track, task in self.__tracks.items():
            if task is None:
                self.__tracks[track] = asyncio.ensure_future(blackhole_consume(track))

    async def stop(self) -> None:
        """Stop reading."""
        for task in self.__tracks.values():
            if task is not None:
                task.cancel()
        self.__tracks = {}


class RelayStreamTrack(MediaStreamTrack):
    """One of the copies that a `MediaRelay` makes of a track."""

    def __init__(self, relay: MediaRelay, source: MediaStreamTrack, buffered: bool) -> None:
        super().__init__()
        self.kind = source.kind
        self._relay = relay
        self._source: Optional[MediaStreamTrack] = source
        self._buffered = buffered
        self._frames: list[Union[Frame, Packet[Any], None]] = []
        self._waiters: list[asyncio.Future[None]] = []

    async def recv(self) -> Union[Frame, Packet[Any]]:
        """Wait for the next frame: every one if buffered, the newest one if not."""
        if self.readyState != "live":
            raise MediaStreamError
        self._relay._start(self)
        while not self._frames:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        frame = self._frames.pop(0)
        if frame is None:
            self.stop()
            raise MediaStreamError
        return frame

    def stop(self) -> None:
        """End this copy. The last one to stop ends the reading of the source."""
        super().stop()
        if self._source is not None:
            self._relay._stop(self)
            self._source = None
            self._push(None)

    def _push(self, frame: Union[Frame, Packet[Any], None]) -> None:
        if not self._buffered:
            self._frames.clear()
        self._frames.append(frame)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class MediaRelay:
    """Gives one track to many readers, without reading it more than once."""

    def __init__(self) -> None:
        self.__copies: dict[MediaStreamTrack, set[RelayStreamTrack]] = {}
        self.__tasks: dict[MediaStreamTrack, asyncio.Future[None]] = {}

    def subscribe(self, track: MediaStreamTrack, buffered: bool = True) -> MediaStreamTrack:
        """Make a copy of `track`.

        A copy that is not `buffered` has the newest frame only.
        """
        copy = RelayStreamTrack(self, track, buffered)
        self.__copies.setdefault(track, set())
        return copy

    def _start(self, copy: RelayStreamTrack) -> None:
        source = copy._source
        if source is None:
            return
        self.__copies.setdefault(source, set()).add(copy)
        if source not in self.__tasks:
            self.__tasks[source] = asyncio.ensure_future(self.__run(source))

    def _stop(self, copy: RelayStreamTrack) -> None:
        source = copy._source
        assert source is not None
        copies = self.__copies.get(source, set())
        copies.discard(copy)
        if not copies:
            self.__copies.pop(source, None)
            task = self.__tasks.pop(source, None)
            if task is not None:
                task.cancel()

    async def __run(self, source: MediaStreamTrack) -> None:
        frame: Any = ()
        while frame is not None:
            try:
                frame = await source.recv()
            except MediaStreamError:
                frame = None
            for copy in list(self.__copies.get(source, ())):
                copy._push(frame)
        self.__tasks.pop(source, None)
        self.__copies.pop(source, None)
