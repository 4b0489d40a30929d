"""Audio and video between two connections, judged by what is seen and heard."""

import asyncio
import fractions

import pytest
from helpers import negotiate, peer, reached
from media import RATE, SAMPLES, Colours, Tone, loudest

from ironrtc import MediaStreamError, MediaStreamTrack, RTCPeerConnection, RTCRtpSender
from ironrtc._loop import current_inbox


async def heard(track, count=50):
    # The first ones have the beginning of the tone in them.
    frames = [await track.recv() for _ in range(count)]
    return frames[10:]


async def call(ours, theirs):
    """Send tracks both ways; gives what each side receives, by kind."""
    one, two = peer(), peer()
    received = {one: {}, two: {}}
    for each in (one, two):
        each.on("track", lambda track, into=received[each]: into.update({track.kind: track}))
    for track in ours:
        one.addTrack(track)
    for track in theirs:
        two.addTrack(track)
    await negotiate(one, two)
    await reached(one, "connectionState", "connected", "connectionstatechange")
    return one, two, received[one], received[two]


@pytest.mark.timeout(30)
async def test_a_tone_is_heard_on_the_other_side():
    one, two, ours, theirs = await call([Tone(440)], [Tone(1000)])
    for track, frequency in ((theirs["audio"], 440), (ours["audio"], 1000)):
        frames = await heard(track)
        first = frames[0]
        assert (first.format.name, first.layout.name) == ("s16", "stereo")
        assert (first.sample_rate, first.samples) == (RATE, SAMPLES)
        assert first.time_base == fractions.Fraction(1, RATE)
        assert abs(loudest(frames) - frequency) < 5
    await one.close()
    await two.close()
    with pytest.raises(MediaStreamError):
        while True:
            await theirs["audio"].recv()


@pytest.mark.timeout(30)
@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_picture_is_seen_on_the_other_side(codec):
    one, two = peer(), peer()
    transceiver = one.addTransceiver(Colours())
    capabilities = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([each for each in capabilities if each.name == codec])
    tracks = []
    two.on("track", tracks.append)
    await negotiate(one, two)
    for _ in range(10):
        frame = await tracks[0].recv()
    picture = frame.to_ndarray(format="rgb24").astype(int)
    assert picture.shape == (240, 320, 3)
    assert picture[:, 20:140, 0].mean() > 200 and picture[:, 20:140, 2].mean() < 60
    assert picture[:, 180:300, 2].mean() > 200 and picture[:, 180:300, 0].mean() < 60
    assert frame.time_base == fractions.Fraction(1, 90000)
    await one.close()
    await two.close()


@pytest.mark.timeout(30)
async def test_an_answerer_that_adds_its_track_when_one_comes_echoes():
    one, two = peer(), peer()
    one.addTrack(Tone(700))
    echoed = []
    one.on("track", echoed.append)
    two.on("track", two.addTrack)
    await negotiate(one, two)
    assert abs(loudest(await heard(echoed[0])) - 700) < 5
    await one.close()
    await two.close()


@pytest.mark.timeout(30)
async def test_a_track_can_be_replaced_and_followed_by_silence():
    one, two, _, theirs = await call([Tone(440)], [])
    assert abs(loudest(await heard(theirs["audio"])) - 440) < 5
    sender = one.getSenders()[0]
    sender.replaceTrack(Tone(1500))
    frames = [await theirs["audio"].recv() for _ in range(80)]
    assert abs(loudest(frames[-30:]) - 1500) < 5
    sender.replaceTrack(None)
    with pytest.raises(asyncio.TimeoutError):
        # What is on the way comes, and then nothing.
        async with asyncio.timeout(1):
            while True:
                await theirs["audio"].recv()
    await one.close()
    await two.close()


@pytest.mark.timeout(30)
async def test_what_nobody_reads_is_bounded_and_a_late_reader_sees_the_present():
    one, two, _, theirs = await call([Tone(440)], [])
    track = theirs["audio"]
    await asyncio.sleep(1.5)
    assert track._queue.qsize() <= 50
    frame = await track.recv()
    assert frame.samples == SAMPLES
    await one.close()
    await two.close()


@pytest.mark.timeout(30)
async def test_a_track_that_ends_or_fails_ends_its_sending_only():
    class Broken(MediaStreamTrack):
        kind = "video"

        async def recv(self):
            raise RuntimeError("the camera is unplugged")

    one, two, _, theirs = await call([Tone(440), Broken()], [])
    assert abs(loudest(await heard(theirs["audio"])) - 440) < 5
    assert one.getSenders()[1].track.readyState == "ended"
    assert one.connectionState == "connected"
    await one.close()
    await two.close()


@pytest.mark.timeout(30)
async def test_statistics_count_what_was_sent_and_received():
    one, two, _, theirs = await call([Tone(440)], [])
    await heard(theirs["audio"], 20)
    sent = [each for each in (await one.getSenders()[0].getStats()).values()]
    received = [each for each in (await two.getReceivers()[0].getStats()).values()]
    outbound = next(each for each in sent if each.type == "outbound-rtp")
    inbound = next(each for each in received if each.type == "inbound-rtp")
    assert outbound.kind == inbound.kind == "audio"
    assert outbound.packetsSent >= inbound.packetsReceived >= 20
    assert inbound.packetsLost == 0
    await one.close()
    await two.close()


@pytest.mark.timeout(30)
async def test_one_that_only_sends_hears_who_needs_a_key_frame():
    one, two = peer(), peer()
    sender = one.addTransceiver(Colours(), direction="sendonly").sender
    tracks = []
    two.on("track", tracks.append)
    await negotiate(one, two)
    await tracks[0].recv()
    asked = asyncio.Event()
    sender._send_keyframe = asked.set
    two.getTransceivers()[0]._native.request_key_frame()
    await asked.wait()
    await one.close()
    await two.close()


@pytest.mark.timeout(30)
async def test_nothing_is_kept_of_a_closed_connection():
    one, two, _, _ = await call([Tone(440)], [Tone(440)])
    assert current_inbox()._targets
    await one.close()
    await two.close()
    assert not current_inbox()._targets


def test_a_connection_makes_its_transceivers_without_a_loop():
    connection = RTCPeerConnection()
    transceiver = connection.addTransceiver("audio", direction="recvonly")
    assert (transceiver.mid, transceiver.currentDirection) == (None, None)
    assert transceiver.direction == "recvonly"
