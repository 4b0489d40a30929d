import assert from 'node:assert/strict';
import wrtc from '@roamhq/wrtc';
import { RATE, TONE, loudest, numberOf, picture, tone } from '../media/pictures.js';
import { repeat, runMedia, until } from '../media/run.js';

const { RTCAudioSink, RTCAudioSource, RTCVideoSink, RTCVideoSource } = wrtc.nonstandard;
const BLOCK = RATE / 100;
const PICTURES = 10;

// Sends a tone and pictures of their own numbers.
function send(pc) {
  const [audio, video] = [new RTCAudioSource(), new RTCVideoSource()];
  const tracks = [audio.createTrack(), video.createTrack()];
  const stream = new wrtc.MediaStream(tracks);
  for (const track of tracks) pc.addTrack(track, stream);
  const begun = performance.now();
  let [samples, number] = [0, 0];
  const stop = [
    repeat(10, () => {
      while (samples < (performance.now() - begun) * RATE / 1000) {
        audio.onData({ samples: tone(samples, BLOCK), sampleRate: RATE, bitsPerSample: 16, channelCount: 1, numberOfFrames: BLOCK });
        samples += BLOCK;
      }
    }),
    repeat(50, () => video.onFrame(picture(number++))),
  ];
  return () => stop.forEach((end) => end());
}

function gathered(pc) {
  return until('the candidates', () => pc.iceGatheringState === 'complete');
}

const plain = ({ type, sdp }) => ({ type, sdp });

runMedia('wrtc', async () => {
  const pc = new wrtc.RTCPeerConnection();
  const heard = [];
  const numbers = [];
  pc.ontrack = ({ track }) => {
    const sink = track.kind === 'audio' ? new RTCAudioSink(track) : new RTCVideoSink(track);
    sink.ondata = ({ samples, sampleRate, channelCount }) => {
      // So it is before the first packet of Opus.
      if (sampleRate !== RATE) return;
      const first = samples.filter((_, index) => index % channelCount === 0);
      if (heard.length > 0 || Math.max(...first) > 2000) heard.push(...first);
    };
    sink.onframe = ({ frame }) => {
      const number = numberOf(frame);
      if (number !== undefined && number !== numbers.at(-1)) numbers.push(number);
    };
  };
  const stop = send(pc);
  const local = async () => {
    await pc.setLocalDescription(await (pc.remoteDescription ? pc.createAnswer() : pc.createOffer()));
    await gathered(pc);
    return plain(pc.localDescription);
  };
  return {
    offer: local,
    answer: async (offer) => {
      await pc.setRemoteDescription(offer);
      return local();
    },
    accept: (answer) => pc.setRemoteDescription(answer),
    check: async () => {
      await until(`${PICTURES} pictures and half a second of sound`, () =>
        numbers.length >= PICTURES && heard.length >= RATE / 2);
      assert.deepEqual(numbers, numbers.toSorted((one, other) => one - other), 'in order');
      const frequency = loudest(heard.slice(RATE / 4, RATE / 4 + RATE / 10));
      assert.ok(Math.abs(frequency - TONE) <= 10, `${TONE} Hz came back as ${frequency} Hz`);
    },
    // It crashes at the end of the process once tracks and sinks were stopped.
    close: () => {
      stop();
      pc.close();
    },
  };
});
