"""Writing of tracks to files, on a thread of its own."""

from __future__ import annotations

import asyncio
import fractions
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Optional, Union

from ..mediastreams import VIDEO_TIME_BASE, MediaStreamError, MediaStreamTrack

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.video.stream import VideoStream

logger = logging.getLogger("ironrtc.contrib.media")

_FRAME_RATE = 30
# A track of pictures that begins later gets FFmpeg's usual size, to which it is scaled.
_PATIENCE = 5.0
_SOUND = {
    "alsa": "pcm_s16le",
    "mp3": "mp3",
    "ogg": "libopus",
    "opus": "libopus",
    "pulse": "pcm_s16le",
    "wav": "pcm_s16le",
    "webm": "libopus",
}
_PICTURES = {"image2": ("png", "rgb24"), "webm": ("libvpx", "yuv420p")}
_FASTER = {
    "libx264": {"preset": "veryfast"},
    "libvpx": {"deadline": "realtime", "cpu-used": "6"},
}


class MediaRecorderContext:
    """One track that a `MediaRecorder` writes."""

    def __init__(self, stream: Union[AudioStream, VideoStream]) -> None:
        self.started = False
        self.stream = stream
        self.task: Optional[asyncio.Future[None]] = None
        self._begin = 0.0
        self._last: Optional[fractions.Fraction] = None
        self._shift: Optional[fractions.Fraction] = None

    def _follows(self, frame: Any) -> bool:
        """Whether the frame comes after its predecessor."""
        if frame.pts is None:
            return False
        at = frame.pts * _as_fraction(frame.time_base)
        if self._last is not None and at <= self._last:
            return False
        if self._shift is None:
            # A track begins where it was first heard, and from then on counts by its own
            # timestamps, so that what is missing in it is missing in the file too.
            self._shift = fractions.Fraction(time.time() - self._begin) - at
        self._last = at
        return True

    def _place(self, packet: Any) -> None:
        """Give an encoded frame its place in the file."""
        if self._shift is not None and packet.pts is not None:
            shift = round(self._shift / _as_fraction(packet.time_base))
            packet.pts += shift
            if packet.dts is not None:
                packet.dts += shift


def _as_fraction(time_base: Any) -> fractions.Fraction:
    return fractions.Fraction(time_base.numerator, time_base.denominator)


class MediaRecorder:
    """Writes tracks to a file.

    `file` is a path or an object with `write`, or what FFmpeg calls a device; `format` and
    `options` go to FFmpeg. The codecs are those that the format usually has.
    """

    def __init__(
        self,
        file: Any,
        format: Optional[str] = None,
        options: Optional[dict[str, str]] = None,
    ) -> None:
        import av

        self.__container = av.open(file=file, format=format, mode="w", options=options)
        self.__tracks: dict[MediaStreamTrack, MediaRecorderContext] = {}
        self.__thread = ThreadPoolExecutor(1, thread_name_prefix="media-recorder")
        self.__begun: Optional[float] = None
        self.__held: list[Any] = []
        self.__sizes_known = False

    def addTrack(self, track: MediaStreamTrack) -> None:
        """Write `track` too."""
        name = self.__container.format.name
        stream: Any
        if track.kind == "audio":
            stream = self.__container.add_stream(_SOUND.get(name, "aac"))
        else:
            codec, pixels = _PICTURES.get(name, ("libx264", "yuv420p"))
            stream = self.__container.add_stream(codec, rate=_FRAME_RATE)
            stream.pix_fmt = pixels
            stream.options = _FASTER.get(codec, {})
            if codec != "png":
                stream.codec_context.time_base = VIDEO_TIME_BASE
        self.__tracks[track] = MediaRecorderContext(stream)

    async def start(self) -> None:
        """Begin to write."""
        if self.__begun is None:
            self.__begun = time.time()
        for track, context in self.__tracks.items():
            if context.task is None:
                context._begin = self.__begun
                context.task = asyncio.ensure_future(self.__run_track(track, context))

    async def stop(self) -> None:
        """Write what is left, and close the file."""
        if self.__container is None:
            return
        container, self.__container = self.__container, None  # type: ignore[assignment]
        tasks = [context.task for context in self.__tracks.values() if context.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.__thread, self.__finish, container)
        self.__thread.shutdown(wait=False)
        self.__tracks = {}

    def __finish(self, container: Any) -> None:
        for context in self.__tracks.values():
            if context.started:
                self.__mux(container, context, context.stream.encode(None), last=True)
        container.close()

    async def __run_track(self, track: MediaStreamTrack, context: MediaRecorderContext) -> None:
        from av import AudioFrame, VideoFrame

        loop = asyncio.get_running_loop()
        container = self.__container
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, (AudioFrame, VideoFrame)), (
                "Only audio or video frames can be recorded"
            )
            write = loop.run_in_executor(self.__thread, self.__write, container, context, frame)
            try:
                # A frame that was begun is written to its end.
                await asyncio.shield(write)
            except asyncio.CancelledError:
                await write
                raise
            except Exception as exc:
                logger.warning("MediaRecorder cannot write %s: %s", track.kind, exc)
                return

    def __write(self, container: Any, context: MediaRecorderContext, frame: Any) -> None:
        stream: Any = context.stream
        if not context._follows(frame):
            return
        if not context.started:
            if stream.type == "video":
                stream.width, stream.height = frame.width, frame.height
            context.started = True
        self.__mux(container, context, stream.encode(frame))

    def __mux(
        self,
        container: Any,
        context: MediaRecorderContext,
        packets: list[Any],
        *,
        last: bool = False,
    ) -> None:
        """Write packets, once the file's head can be: it tells the sizes of pictures."""
        for packet in packets:
            context._place(packet)
        if not self.__sizes_known:
            assert self.__begun is not None
            self.__held += packets
            late = time.time() - self.__begun > _PATIENCE
            videos = (each for each in self.__tracks.values() if each.stream.type == "video")
            if not (last or late or all(each.started for each in videos)):
                return
            self.__sizes_known = True
            packets, self.__held = self.__held, []
        for packet in packets:
            container.mux(packet)
