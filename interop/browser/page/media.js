// What a page sends of its camera and microphone, and what it sees and hears of what comes back.

const LISTEN_MS = 3000;
const WATCH_MS = 3000;
const RATE = 48_000;
// 100 ms.
const WINDOW = 4800;
// Tones are looked for in between; below, a microphone's constant offset counts for more.
const LOWEST_HZ = 100;
const HIGHEST_HZ = 4000;
const STEP_HZ = 5;
// Pictures are judged at this size.
const SIDE = 16;

const sentTracks = new Map();

async function sendMedia(pc, kinds) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: kinds.includes('audio') && { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    video: kinds.includes('video') && { width: 640, height: 480, frameRate: 30 },
  });
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  sentTracks.set(pc, stream.getTracks());
}

function both(pc, kind) {
  const sent = sentTracks.get(pc).find((track) => track.kind === kind);
  const receiver = pc.getReceivers().find(({ track }) => track.kind === kind);
  if (!receiver) throw new Error(`no ${kind} is received`);
  return [sent, receiver.track];
}

async function play(track) {
  const element = document.createElement(track.kind);
  element.srcObject = new MediaStream([track]);
  element.muted = true;
  document.body.append(element);
  // It begins once something comes.
  element.play().catch(() => {});
  return element;
}

// The samples of a track during a while. They are recorded and decoded, since without a loudspeaker
// Firefox runs no graph of WebAudio.
async function samplesOf(track, milliseconds) {
  const element = await play(track);
  const recorder = new MediaRecorder(new MediaStream([track]));
  const parts = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const stopped = new Promise((resolve) => { recorder.addEventListener('stop', resolve); });
  recorder.start();
  await new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  recorder.stop();
  await stopped;
  element.remove();
  const decoder = new OfflineAudioContext(1, RATE, RATE);
  try {
    const decoded = await decoder.decodeAudioData(await new Blob(parts).arrayBuffer());
    return decoded.getChannelData(0);
  } catch (error) {
    // Before the first sound, the recording is a head without anything behind.
    if (error.name !== 'EncodingError') throw error;
    return new Float32Array(WINDOW);
  }
}

const energy = (samples) => samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;

// How strong one frequency is (Goertzel's filter).
function strength(samples, frequency) {
  const factor = 2 * Math.cos(2 * Math.PI * frequency / RATE);
  let [last, before] = [0, 0];
  for (const sample of samples) [last, before] = [sample + factor * last - before, last];
  return last * last + before * before - factor * last * before;
}

// The tone of a track where it is loudest, and how loud that is, in decibels below full scale.
async function toneOf(track, milliseconds = LISTEN_MS) {
  const samples = await samplesOf(track, milliseconds);
  let loudest = samples.subarray(0, WINDOW);
  for (let at = 0; at + WINDOW <= samples.length; at += WINDOW / 4) {
    const window = samples.subarray(at, at + WINDOW);
    if (energy(window) > energy(loudest)) loudest = window;
  }
  let best = { frequency: 0, strength: 0 };
  for (let frequency = LOWEST_HZ; frequency <= HIGHEST_HZ; frequency += STEP_HZ) {
    const found = strength(loudest, frequency);
    if (found > best.strength) best = { frequency, strength: found };
  }
  return { frequency: best.frequency, level: Math.round(10 * Math.log10(energy(loudest) + 1e-12)) };
}

async function hear(pc) {
  const [sent, received] = await Promise.all(both(pc, 'audio').map((track) => toneOf(track)));
  return { sent, received };
}

// The picture of a video at this moment, very small: red, green and blue of each of its points.
function pictureOf(video, canvas) {
  canvas.drawImage(video, 0, 0, SIDE, SIDE);
  const points = canvas.getImageData(0, 0, SIDE, SIDE).data;
  return Array.from(points).filter((_, index) => index % 4 !== 3);
}

// Pictures of both videos, taken now and then.
async function see(pc) {
  const videos = await Promise.all(both(pc, 'video').map(play));
  const canvases = videos.map(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
    return canvas.getContext('2d', { willReadFrequently: true });
  });
  const seen = videos.map(() => []);
  for (const end = performance.now() + WATCH_MS; performance.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    videos.forEach((video, index) => {
      if (video.videoWidth > 0) seen[index].push(pictureOf(video, canvases[index]));
    });
  }
  const [sent, received] = videos.map((video, index) => ({
    width: video.videoWidth, height: video.videoHeight, pictures: seen[index],
  }));
  for (const video of videos) video.remove();
  return { sent, received };
}
