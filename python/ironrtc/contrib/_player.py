"""Reading of files and devices, on a thread of their own."""

from __future__ import annotations

import asyncio
import errno
import fractions
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Optional, Union

from ..mediastreams import MediaStreamError, MediaStreamTrack

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.frame import Frame
    from av.packet import Packet
    from av.video.stream import VideoStream

logger = logging.getLogger("ironrtc.contrib.media")

REAL_TIME_FORMATS = [
    "alsa",
    "android_camera",
    "avfoundation",
    "bktr",
    "decklink",
    "dshow",
    "fbdev",
    "gdigrab",
    "iec61883",
    "jack",
    "kmsgrab",
    "openal",
    "oss",
    "pulse",
    "sndio",
    "rtsp",
    "v4l2",
    "vfwcap",
    "x11grab",
]
"""FFmpeg's names of formats that come as fast as they are played."""

_PASSED_ON = {
    "audio": {"opus", "pcm_alaw", "pcm_mulaw"},
    "video": {"h264", "vp8"},
}
# A second of either, and of what is read ahead.
_ROOM = {"audio": 50, "video": 60}
_READ_AHEAD = 1.0
_PAUSE = 0.01


class PlayerStreamTrack(MediaStreamTrack):
    """A track of a `MediaPlayer`."""

    def __init__(self, player: MediaPlayer, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._player: Optional[MediaPlayer] = player
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._start: Optional[float] = None

    async def recv(self) -> Union[Frame, Packet[Any]]:
        """Wait for the next frame, which comes when it is to be played."""
        if self.readyState != "live" or self._player is None:
            raise MediaStreamError
        self._player._start(self)
        data = await self._queue.get()
        if data is None:
            self.stop()
            raise MediaStreamError
        at = None if data.pts is None else float(data.pts * data.time_base)
        if at is not None and self._player is not None and self._player._throttle_playback:
            if self._start is None:
                self._start = time.time() - at
            else:
                await asyncio.sleep(self._start + at - time.time())
        return data  # type: ignore[no-any-return]

    def stop(self) -> None:
        """End the track. The last one to stop closes the file."""
        super().stop()
        if self._player is not None:
            self._player._stop(self)
            self._player = None


class MediaPlayer:
    """Reads tracks from a file or a device.

    `file` is a path, an object with `read`, or what FFmpeg calls a device; `format`, `options`
    and `timeout` go to FFmpeg. A file is played again and again with `loop`. Without `decode`,
    encoded packets are passed on, of codecs that can be sent.
    """

    def __init__(
        self,
        file: Any,
        format: Optional[str] = None,
        options: Optional[dict[str, str]] = None,
        timeout: Optional[int] = None,
        loop: bool = False,
        decode: bool = True,
    ) -> None:
        import av

        self.__container: InputContainer = av.open(
            file=file, format=format, mode="r", options=options, timeout=timeout
        )
        self.__thread: Optional[threading.Thread] = None
        self.__quit: Optional[threading.Event] = None
        self.__started: set[PlayerStreamTrack] = set()
        self.__streams: list[Any] = []
        self.__decode = decode
        self.__audio: Optional[PlayerStreamTrack] = None
        self.__video: Optional[PlayerStreamTrack] = None
        for stream in self.__container.streams:
            kind = stream.type
            known = {"audio": self.__audio, "video": self.__video}
            if kind not in known or known[kind] is not None:
                continue
            if not decode and stream.codec_context.name not in _PASSED_ON[kind]:
                continue
            track = PlayerStreamTrack(self, kind)
            if kind == "audio":
                self.__audio = track
            else:
                self.__video = track
            self.__streams.append(stream)

        names = set(self.__container.format.name.split(","))
        self._throttle_playback = not names.intersection(REAL_TIME_FORMATS)
        assert not loop or self.__container.duration is not None, (
            "The `loop` argument requires a seekable file"
        )
        self._loop_playback = loop

    @property
    def audio(self) -> Optional[MediaStreamTrack]:
        """The audio track, if there is one."""
        return self.__audio

    @property
    def video(self) -> Optional[MediaStreamTrack]:
        """The video track, if there is one."""
        return self.__video

    def _start(self, track: PlayerStreamTrack) -> None:
        self.__started.add(track)
        if self.__thread is None:
            self.__quit = threading.Event()
            self.__thread = threading.Thread(
                name="media-player",
                target=player_worker_decode if self.__decode else player_worker_demux,
                args=(
                    asyncio.get_running_loop(),
                    self.__container,
                    self.__streams,
                    self.__audio,
                    self.__video,
                    self.__quit,
                    self._throttle_playback,
                    self._loop_playback,
                ),
            )
            self.__thread.start()

    def _stop(self, track: PlayerStreamTrack) -> None:
        self.__started.discard(track)
        if self.__started or self.__thread is None:
            return
        assert self.__quit is not None
        self.__quit.set()
        self.__thread.join()
        self.__thread = None
        self.__container.close()


def player_worker_decode(
    loop: asyncio.AbstractEventLoop,
    container: InputContainer,
    streams: list[Union[AudioStream, VideoStream]],
    audio_track: PlayerStreamTrack,
    video_track: PlayerStreamTrack,
    quit_event: threading.Event,
    throttle_playback: bool,
    loop_playback: bool,
) -> None:
    """Read frames, on a thread of a `MediaPlayer`."""
    from av import AudioFrame
    from av.audio.resampler import AudioResampler

    resampler = AudioResampler(format="s16", layout="stereo", rate=48000, frame_size=960)
    sound = 0

    def parts(frame: Any) -> Iterator[tuple[str, Any]]:
        nonlocal sound
        if not isinstance(frame, AudioFrame):
            yield "video", frame
            return
        for part in resampler.resample(frame):
            # Counted, so that it goes on when the file begins again.
            part.pts, part.time_base = sound, fractions.Fraction(1, 48000)
            sound += part.samples
            yield "audio", part

    _Worker(
        loop, container, audio_track, video_track, quit_event, throttle_playback, loop_playback
    ).run(lambda: container.decode(*streams), parts, counted="audio")


def player_worker_demux(
    loop: asyncio.AbstractEventLoop,
    container: InputContainer,
    streams: list[Union[AudioStream, VideoStream]],
    audio_track: PlayerStreamTrack,
    video_track: PlayerStreamTrack,
    quit_event: threading.Event,
    throttle_playback: bool,
    loop_playback: bool,
) -> None:
    """Read packets, on a thread of a `MediaPlayer`."""

    def parts(packet: Any) -> Iterator[tuple[str, Any]]:
        # The last of a stream is empty.
        if packet.size:
            yield packet.stream.type, packet

    _Worker(
        loop, container, audio_track, video_track, quit_event, throttle_playback, loop_playback
    ).run(lambda: container.demux(*streams), parts, counted="")


class _Worker:
    """Reads a container and hands what it has to the tracks, no faster than they want it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        container: InputContainer,
        audio: Optional[PlayerStreamTrack],
        video: Optional[PlayerStreamTrack],
        quit_event: threading.Event,
        throttle: bool,
        repeat: bool,
    ) -> None:
        self.__loop = loop
        self.__container = container
        self.__tracks = {"audio": audio, "video": video}
        self.__quit = quit_event
        self.__throttle = throttle
        self.__repeat = repeat
        self.__first: dict[str, int] = {}
        self.__offset: dict[str, int] = {}
        self.__end: dict[str, int] = {}

    def run(
        self,
        read: Callable[[], Iterator[Any]],
        parts: Callable[[Any], Iterator[tuple[str, Any]]],
        counted: str,
    ) -> None:
        """Play until the end, or until told to quit. `counted` has timestamps that run on."""
        begun = time.time()
        try:
            while not self.__quit.is_set():
                for whole in self.__patiently(read):
                    for kind, data in parts(whole):
                        if kind != counted and not self.__place(kind, data):
                            continue
                        self.__wait(begun, data)
                        if self.__quit.is_set():
                            return
                        self.__hand_over(kind, data)
                if not self.__repeat:
                    break
                self.__container.seek(0)
                self.__offset = dict(self.__end)
        except Exception as exc:
            logger.warning("MediaPlayer cannot read on: %s", exc)
        for track in self.__tracks.values():
            if track is not None:
                self.__put(track, None)

    def __patiently(self, read: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        """What is read. A device that has nothing yet is asked again."""
        from av import FFmpegError

        while not self.__quit.is_set():
            try:
                yield from read()
                return
            except EOFError:
                return
            except FFmpegError as exc:
                if exc.errno != errno.EAGAIN:
                    raise
                time.sleep(_PAUSE)

    def __place(self, kind: str, data: Any) -> bool:
        """Have timestamps begin at zero, and go on when the file begins again."""
        if data.pts is None:
            logger.warning("MediaPlayer leaves out %s without a timestamp", kind)
            return False
        first = self.__first.setdefault(kind, data.pts)
        length = data.duration or self.__frame_length(data)
        data.pts += self.__offset.get(kind, 0) - first
        if getattr(data, "dts", None) is not None and hasattr(data, "stream"):
            data.dts = data.pts
        self.__end[kind] = max(self.__end.get(kind, 0), data.pts + length)
        return True

    @staticmethod
    def __frame_length(data: Any) -> int:
        """A thirtieth of a second."""
        ticks: float = data.time_base.denominator / data.time_base.numerator
        return max(1, round(ticks / 30))

    def __wait(self, begun: float, data: Any) -> None:
        """Read no more than a second ahead, and no more than there is room for."""
        at = float(data.pts * data.time_base)
        while self.__throttle and not self.__quit.is_set():
            if at <= time.time() - begun + _READ_AHEAD and not self.__all_full():
                return
            time.sleep(_PAUSE)

    def __all_full(self) -> bool:
        live = [
            track._queue.qsize() >= _ROOM[kind]
            for kind, track in self.__tracks.items()
            if track is not None and track.readyState == "live"
        ]
        return bool(live) and all(live)

    def __hand_over(self, kind: str, data: Any) -> None:
        track = self.__tracks[kind]
        if track is not None:
            self.__put(track, data)

    def __put(self, track: PlayerStreamTrack, data: Any) -> None:
        def put() -> None:
            while data is not None and track._queue.qsize() >= _ROOM[track.kind]:
                # The other track is read, and this one is not.
                track._queue.get_nowait()
            track._queue.put_nowait(data)

        if not self.__loop.is_closed():
            self.__loop.call_soon_threadsafe(put)
