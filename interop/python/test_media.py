"""Audio and video between IronRTC and aiortc, in both roles, judged by content."""

import asyncio
import json
import os
from pathlib import Path

import av
import pytest
from aiortc import RTCPeerConnection
from av import AudioResampler

from ironpeer import TIMEOUT, IronPeer
from pictures import HEIGHT, RATE, TONE, WIDTH, Pattern, Tone, loudest, number_of
from test_aiortc import parsed, plain

EXAMPLES = Path(
    os.environ.get(
        "IRONRTC_MEDIA_EXAMPLES", Path(__file__).parents[2] / "target" / "debug" / "examples"
    )
)


def mono(frame, resampler):
    """The samples of a frame, in one channel of 48 kHz."""
    data = b"".join(bytes(out.planes[0])[: out.samples * 2] for out in resampler.resample(frame))
    return [
        int.from_bytes(data[at : at + 2], "little", signed=True) for at in range(0, len(data), 2)
    ]


def resampler():
    return AudioResampler(format="s16", layout="mono", rate=RATE)


async def hears(track):
    """The tone that comes back, once something is heard."""
    converter, samples = resampler(), []
    while len(samples) < RATE // 10:
        frame = await asyncio.wait_for(track.recv(), TIMEOUT)
        heard = mono(frame, converter)
        if samples or max(heard, default=0) > 2000:
            samples += heard
    return loudest(samples)


async def sees(track, count=10):
    """The numbers of so many pictures; those that cannot be read are left out."""
    numbers = []
    async with asyncio.timeout(TIMEOUT):
        while len(numbers) < count:
            frame = await track.recv()
            assert (frame.width, frame.height) == (WIDTH, HEIGHT)
            number = number_of(frame)
            if number is not None:
                numbers.append(number)
    return numbers


def of(report, kind, stats_type):
    return next(
        entry for entry in report if entry["type"] == stats_type and entry.get("kind") == kind
    )


@pytest.mark.parametrize("offerer", ["iron", "aiortc"])
async def test_sound_and_pictures_come_back(offerer):
    foreign = RTCPeerConnection()
    tracks = {}
    foreign.on("track", lambda track: tracks.setdefault(track.kind, track))
    async with IronPeer() as peer:
        iron = await peer.connection()
        if offerer == "iron":
            for kind in ("audio", "video"):
                await iron.command("addTransceiver", kind=kind)
            await foreign.setRemoteDescription(parsed(await iron.offer()))
        tone, pattern = Tone(), Pattern()
        foreign.addTrack(tone)
        foreign.addTrack(pattern)
        if offerer == "iron":
            await iron.command("echo")
            await foreign.setLocalDescription(await foreign.createAnswer())
            await iron.command("setRemote", description=plain(foreign.localDescription))
        else:
            await foreign.setLocalDescription(await foreign.createOffer())
            await iron.command("setRemote", description=plain(foreign.localDescription))
            await iron.command("echo")
            await iron.command("setLocal", description=await iron.command("createAnswer"))
            await foreign.setRemoteDescription(parsed(await iron.command("gathered")))
        tone_back, numbers = await asyncio.gather(hears(tracks["audio"]), sees(tracks["video"]))
        assert abs(tone_back - TONE) <= 10
        assert numbers == sorted(numbers)
        assert numbers[-1] <= pattern.sent
        report = await iron.command("stats")
        for kind in ("audio", "video"):
            received, sent = of(report, kind, "inbound-rtp"), of(report, kind, "outbound-rtp")
            assert received["packetsReceived"] > 10
            assert 10 < sent["packetsSent"] <= received["packetsReceived"]
        await foreign.close()


class Example:
    """An example of `ironrtc-media`, which answers an offer."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    @classmethod
    async def start(cls, name, file, foreign):
        self = cls()
        self.process = await asyncio.create_subprocess_exec(
            *(EXAMPLES / name, file),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**20,
        )
        await foreign.setLocalDescription(await foreign.createOffer())
        offer = json.dumps(plain(foreign.localDescription))
        self.process.stdin.write(offer.encode() + b"\n")
        answer = await asyncio.wait_for(self.process.stdout.readline(), TIMEOUT)
        await foreign.setRemoteDescription(parsed(json.loads(answer)))
        return self

    async def ends(self):
        assert await asyncio.wait_for(self.process.wait(), TIMEOUT) == 0


async def record(path):
    """Two seconds of what aiortc sends, as a file."""
    foreign = RTCPeerConnection()
    pattern = Pattern()
    foreign.addTrack(Tone())
    foreign.addTrack(pattern)
    async with await Example.start("record", path, foreign) as example, asyncio.timeout(TIMEOUT):
        while pattern.sent < 40:
            await asyncio.sleep(0.05)
        await foreign.close()
        await example.ends()


async def test_what_aiortc_sends_is_recorded_and_played_to_it(tmp_path):
    path = tmp_path / "aiortc.webm"
    await record(path)
    with av.open(str(path)) as recording:
        names = {stream.type: stream.codec_context.name for stream in recording.streams}
        assert names["video"] in ("vp8", "libvpx") and names["audio"] in ("opus", "libopus")
        numbers = [number_of(frame) for frame in recording.decode(video=0)]
    assert len(numbers) >= 20
    shown = [number for number in numbers if number is not None]
    assert len(shown) > len(numbers) * 0.8
    assert shown == sorted(shown)
    with av.open(str(path)) as recording:
        converter = resampler()
        samples = [s for frame in recording.decode(audio=0) for s in mono(frame, converter)]
    assert len(samples) > RATE
    middle = len(samples) // 2
    assert abs(loudest(samples[middle : middle + RATE // 10]) - TONE) <= 10

    foreign = RTCPeerConnection()
    tracks = {}
    foreign.on("track", lambda track: tracks.setdefault(track.kind, track))
    for kind in ("audio", "video"):
        foreign.addTransceiver(kind, direction="recvonly")
    async with await Example.start("play", path, foreign) as example:
        tone, numbers = await asyncio.gather(hears(tracks["audio"]), sees(tracks["video"]))
        assert abs(tone - TONE) <= 10
        assert numbers == sorted(numbers) and set(numbers) <= set(shown)
        await example.ends()
    await foreign.close()
