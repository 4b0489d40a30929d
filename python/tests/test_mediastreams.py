"""Tracks make frames, in real time, until they are stopped."""

import asyncio
import fractions

import pytest

import ironrtc
from ironrtc import mediastreams
from ironrtc.contrib import media


def test_time_bases_are_converted_towards_zero():
    third, half = fractions.Fraction(1, 3), fractions.Fraction(1, 2)
    assert mediastreams.convert_timebase(7, third, half) == 4
    assert mediastreams.convert_timebase(-7, third, half) == -4


async def test_silence():
    track = ironrtc.AudioStreamTrack()
    one, two = await track.recv(), await track.recv()
    assert (one.format.name, one.layout.name, one.sample_rate) == ("s16", "mono", 8000)
    assert (one.samples, one.pts, two.pts) == (160, 0, 160)
    assert bytes(one.planes[0]).strip(b"\0") == b""


async def test_green_picture():
    track = ironrtc.VideoStreamTrack()
    one, two = await track.recv(), await track.recv()
    assert (one.width, one.height, one.pts, two.pts) == (640, 480, 0, 3000)
    assert one.to_ndarray(format="rgb24")[0, 0].argmax() == 1


async def test_a_stopped_track_says_so_once_and_yields_nothing():
    track = ironrtc.VideoStreamTrack()
    ended = []
    track.on("ended", lambda: ended.append(track.readyState))
    track.stop()
    track.stop()
    assert ended == ["ended"]
    for reading in (track.recv, track.next_timestamp):
        with pytest.raises(ironrtc.MediaStreamError):
            await reading()


def test_a_subclass_that_forgets_init_is_told_by_an_attribute_error():
    class Forgetful(ironrtc.VideoStreamTrack):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match="_id"):
        Forgetful().id  # noqa: B018
    with pytest.raises(AttributeError, match="_MediaStreamTrack__ended"):
        Forgetful().readyState  # noqa: B018


def test_pyav_names_are_found_where_aiortc_has_them():
    import av

    assert mediastreams.AudioFrame is av.AudioFrame
    assert media.VideoFrame is av.VideoFrame
    assert media.av is av
    assert "AudioFrame" in dir(mediastreams)


class Counter(ironrtc.MediaStreamTrack):
    """Yields 0, 1, 2 and ends."""

    kind = "video"

    def __init__(self):
        super().__init__()
        self.count = 0

    async def recv(self):
        if self.count == 3:
            raise ironrtc.MediaStreamError
        self.count += 1
        return self.count - 1


async def read_all(track):
    frames = []
    while True:
        try:
            frames.append(await track.recv())
        except ironrtc.MediaStreamError:
            return frames


async def test_a_relay_gives_every_frame_to_every_copy():
    relay, source = media.MediaRelay(), Counter()
    one, two = relay.subscribe(source), relay.subscribe(source)
    assert (one.kind, one.id != two.id) == ("video", True)
    assert await one.recv() == 0
    assert await read_all(one) == [1, 2]
    assert one.readyState == "ended"


class Fed(ironrtc.MediaStreamTrack):
    """Yields what it is fed."""

    kind = "video"

    def __init__(self):
        super().__init__()
        self.frames = asyncio.Queue()

    async def recv(self):
        return await self.frames.get()


async def test_a_copy_that_is_not_buffered_has_the_newest_frame():
    relay, source = media.MediaRelay(), Fed()
    copy = relay.subscribe(source, buffered=False)
    source.frames.put_nowait(0)
    assert await copy.recv() == 0
    for number in 1, 2, 3:
        source.frames.put_nowait(number)
    while not source.frames.empty():
        await asyncio.sleep(0)
    # It came before it was asked for, and is not waited for a second time.
    assert await copy.recv() == 3
    copy.stop()


async def test_a_blackhole_reads_to_the_end():
    source = Counter()
    hole = media.MediaBlackhole()
    hole.addTrack(source)
    await hole.start()
    while source.count < 3:
        await media.asyncio.sleep(0)
    await hole.stop()
