"""Audio and video between IronRTC and Chromium, judged by what each side sees and hears."""

import asyncio

import numpy as np
import pytest
from browser import FAKE_DEVICES, needs_chromium, page_in_chromium
from helpers import peer
from media import RATE, Colours, Tone, loudest

from ironrtc import MediaStreamTrack, RTCSessionDescription
from ironrtc.contrib.media import MediaRecorder, MediaRelay

pytestmark = [needs_chromium, pytest.mark.timeout(90)]

PAGE = """<!doctype html><video autoplay muted playsinline></video><script>
const socket = new WebSocket(`ws://${location.host}/signal`);
const pc = new RTCPeerConnection();
const video = document.querySelector("video");
const tell = (message) => socket.send(JSON.stringify(message));
const gathered = () => new Promise((resolve) => {
  const look = () => pc.iceGatheringState === "complete" && resolve();
  pc.onicegatheringstatechange = look;
  look();
});
const received = new MediaStream();
pc.ontrack = ({track}) => { received.addTrack(track); video.srcObject = received; };
async function describe() {
  await pc.setLocalDescription();
  await gathered();
  tell({description: pc.localDescription});
}
async function sendCamera() {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false},
    video: {width: 320, height: 240},
  });
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
}
// The mean colour of the left and of the right half.
function look() {
  const canvas = new OffscreenCanvas(2, 1).getContext("2d");
  canvas.drawImage(video, 0, 0, 2, 1);
  return [...canvas.getImageData(0, 0, 2, 1).data];
}
// The frequency that is loudest.
async function listen() {
  const context = new AudioContext({sampleRate: 48000});
  const analyser = new AnalyserNode(context, {fftSize: 8192});
  context.createMediaStreamSource(received).connect(analyser);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  return bins.indexOf(Math.max(...bins)) * context.sampleRate / analyser.fftSize;
}
socket.onmessage = async ({data}) => {
  const message = JSON.parse(data);
  if (message.description) {
    if (message.description.type === "offer") await sendCamera();
    await pc.setRemoteDescription(message.description);
    if (message.description.type === "offer") await describe();
  } else if (message.offer) {
    await sendCamera();
    await describe();
  } else if (message.look) {
    tell({seen: {width: video.videoWidth, height: video.videoHeight, halves: look()}});
  } else if (message.listen) {
    tell({heard: await listen()});
  }
};
</script>"""


async def negotiate(pc, page, offers):
    if offers == "page":
        await page.tell(offer=True)
        await pc.setRemoteDescription(RTCSessionDescription(**await page.heard("description")))
        await pc.setLocalDescription()
        await page.tell(description=vars(pc.localDescription))
    else:
        await pc.setLocalDescription()
        await page.tell(description=vars(pc.localDescription))
        await pc.setRemoteDescription(RTCSessionDescription(**await page.heard("description")))


async def sees(page):
    """What the page shows, once it shows something."""
    for _ in range(100):
        await page.tell(look=True)
        seen = await page.heard("seen")
        if seen["width"] and max(seen["halves"][:3]) > 100:
            return seen
        await asyncio.sleep(0.1)
    raise AssertionError(f"the page shows nothing: {seen}")


@pytest.mark.parametrize("offers", ["page", "ironrtc"])
async def test_made_in_python_and_seen_and_heard_in_the_page_and_back(tmp_path, offers):
    tracks = {}
    async with page_in_chromium(PAGE, tmp_path, *FAKE_DEVICES) as page, peer() as pc:
        pc.on("track", lambda track: tracks.update({track.kind: track}))
        pc.addTrack(Tone(1000))
        pc.addTrack(Colours())
        await negotiate(pc, page, offers)

        seen = await sees(page)
        assert (seen["width"], seen["height"]) == (320, 240)
        left, right = seen["halves"][:3], seen["halves"][4:7]
        assert left[0] > 150 and left[2] < 100, seen
        assert right[2] > 150 and right[0] < 100, seen
        await page.tell(listen=True)
        assert abs(await page.heard("heard") - 1000) < 30

        pictures = [(await tracks["video"].recv()).to_ndarray(format="gray") for _ in range(20)]
        assert pictures[-1].shape == (240, 320)
        assert pictures[-1].std() > 20, "Chromium's camera shows a pattern"
        assert any(np.any(one != pictures[0]) for one in pictures), "which moves"
        sound = [await tracks["audio"].recv() for _ in range(100)]
        assert sound[0].sample_rate == RATE
        # Its microphone beeps once a second.
        loud = max(np.abs(frame.to_ndarray()).max() for frame in sound)
        assert loud > 1000
        assert 100 < loudest(sound) < 4000


async def test_the_camera_and_the_microphone_are_recorded(tmp_path):
    import av

    file = str(tmp_path / "camera.mp4")
    recorder = MediaRecorder(file)
    async with (
        page_in_chromium(PAGE, tmp_path / "profile", *FAKE_DEVICES) as page,
        peer() as pc,
    ):
        pc.on("track", recorder.addTrack)
        await negotiate(pc, page, "page")
        await recorder.start()
        await asyncio.sleep(4)
        await recorder.stop()
    with av.open(file) as container:
        kinds = {stream.type: stream for stream in container.streams}
        assert set(kinds) == {"audio", "video"}
        pictures = sum(1 for _ in container.decode(video=0))
        assert pictures > 30
        assert 2 < container.duration / 1_000_000 < 6


async def test_one_page_is_shown_to_another_after_a_change_of_its_picture(tmp_path):
    class Green(MediaStreamTrack):
        kind = "video"

        def __init__(self, source):
            super().__init__()
            self.source = source

        async def recv(self):
            import av

            frame = await self.source.recv()
            changed = av.VideoFrame.from_ndarray(
                np.full((240, 320, 3), (0, 255, 0), np.uint8), format="rgb24"
            )
            changed.pts, changed.time_base = frame.pts, frame.time_base
            return changed

    relay = MediaRelay()
    async with (
        page_in_chromium(PAGE, tmp_path / "one", *FAKE_DEVICES) as one,
        page_in_chromium(PAGE, tmp_path / "two", *FAKE_DEVICES) as two,
        peer() as source,
        peer() as sink,
    ):
        tracks = {}
        source.on("track", lambda track: tracks.update({track.kind: track}))
        await negotiate(source, one, "page")
        sink.addTrack(Green(relay.subscribe(tracks["video"])))
        await negotiate(sink, two, "ironrtc")
        seen = await sees(two)
        assert seen["halves"][1] > 150 and seen["halves"][0] < 100, seen
