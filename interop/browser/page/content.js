// Tracks of known content, and what a page hears and sees of such: tones by their frequency, pictures
// by their colour and by a bar that moves over them.

const CONTENT_MS = 20_000;
const PIECE_MS = 600;
const QUIET = -60;
const TONE_RATE = 48_000;
const [GRID_WIDTH, GRID_HEIGHT] = [32, 18];
const HUE_OFF = 25;
const MOVES = 5;

// A second of a tone as a file.
function wave(hz) {
  const head = 44;
  const data = new DataView(new ArrayBuffer(head + 2 * TONE_RATE));
  const word = (at, text) => Array.from(text).forEach((letter, index) => data.setUint8(at + index, letter.charCodeAt(0)));
  word(0, 'RIFF');
  data.setUint32(4, data.byteLength - 8, true);
  word(8, 'WAVEfmt ');
  data.setUint32(16, 16, true);
  data.setUint16(20, 1, true);
  data.setUint16(22, 1, true);
  data.setUint32(24, TONE_RATE, true);
  data.setUint32(28, 2 * TONE_RATE, true);
  data.setUint16(32, 2, true);
  data.setUint16(34, 16, true);
  word(36, 'data');
  data.setUint32(40, 2 * TONE_RATE, true);
  for (let index = 0; index < TONE_RATE; index += 1) {
    data.setInt16(head + 2 * index, 8000 * Math.sin(2 * Math.PI * hz * index / TONE_RATE), true);
  }
  return new Blob([data.buffer], { type: 'audio/wav' });
}

// A track with a tone. It comes out of an element, since without a loudspeaker Firefox runs no graph of
// WebAudio.
async function tone(hz) {
  const element = document.createElement('audio');
  element.src = URL.createObjectURL(wave(hz));
  element.loop = true;
  document.body.append(element);
  const stream = element.mozCaptureStream?.() ?? element.captureStream();
  await element.play();
  if (stream.getAudioTracks().length === 0) {
    await new Promise((resolve) => { stream.addEventListener('addtrack', resolve, { once: true }); });
  }
  return stream.getAudioTracks()[0];
}

// A track with pictures of one hue, over which a white bar moves.
function pattern(hue, width = 320, height = 180) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  let step = 0;
  setInterval(() => {
    step += 1;
    context.fillStyle = `hsl(${hue} 100% 40%)`;
    context.fillRect(0, 0, width, height);
    context.fillStyle = 'white';
    context.fillRect((step * width / 32) % width, 0, width / 8, height);
  }, 50);
  return canvas.captureStream(20).getVideoTracks()[0];
}

function receivedBy(pc, kind, mid) {
  const all = pc.getTransceivers().filter(({ receiver }) => receiver.track.kind === kind);
  const found = all.find((transceiver) => mid === undefined || transceiver.mid === mid);
  if (!found) throw new Error(`there is no ${kind} ${mid ?? ''}`);
  return found.receiver.track;
}

// The tone that is received, once it is the one waited for; without one, once it is quiet.
async function listen(pc, mid, hz) {
  const track = receivedBy(pc, 'audio', mid);
  for (const end = performance.now() + CONTENT_MS; ;) {
    const heard = await toneOf(track, PIECE_MS);
    const found = hz
      ? heard.level > QUIET && Math.abs(heard.frequency - hz) < 0.03 * hz
      : heard.level < QUIET;
    if (found || performance.now() > end) return heard;
  }
}

function hueOf(red, green, blue) {
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const range = most - least;
  if (range < 60) return null;
  const sixth = { [red]: (green - blue) / range, [green]: 2 + (blue - red) / range, [blue]: 4 + (red - green) / range };
  return Math.round((60 * sixth[most] + 360) % 360);
}

// The hue of most of a picture (none where it has no colour), where its bar is, and how bright it is.
function patternOf(video, canvas) {
  canvas.drawImage(video, 0, 0, GRID_WIDTH, GRID_HEIGHT);
  const points = canvas.getImageData(0, 0, GRID_WIDTH, GRID_HEIGHT).data;
  const columns = Array.from({ length: GRID_WIDTH }, () => [0, 0, 0]);
  for (let at = 0; at < points.length; at += 4) {
    const column = columns[(at / 4) % GRID_WIDTH];
    for (const colour of [0, 1, 2]) column[colour] += points[at + colour] / GRID_HEIGHT;
  }
  const hues = columns.map((column) => hueOf(...column));
  const coloured = hues.filter((hue) => hue !== null).sort((one, other) => one - other);
  const bright = columns.map((column) => Math.min(...column));
  return {
    hue: coloured.length > GRID_WIDTH / 2 ? coloured[coloured.length >> 1] : null,
    bar: bright.indexOf(Math.max(...bright)),
    brightness: Math.round(columns.flat().reduce((sum, value) => sum + value, 0) / columns.length / 3),
  };
}

const players = new Map();

async function playerOf(track) {
  if (!players.has(track)) {
    const canvas = Object.assign(document.createElement('canvas'), { width: GRID_WIDTH, height: GRID_HEIGHT });
    players.set(track, { video: await play(track), canvas: canvas.getContext('2d', { willReadFrequently: true }) });
  }
  return players.get(track);
}

// What is seen once it is what is waited for: the hue, moving, and of this width if one is given; or
// black, without a hue.
async function look(pc, mid, hue, width) {
  const { video, canvas } = await playerOf(receivedBy(pc, 'video', mid));
  const fits = (seen) => (hue === undefined
    ? seen.hue === null && seen.brightness < 20
    : seen.hue !== null && Math.abs((seen.hue - hue + 540) % 360 - 180) <= HUE_OFF);
  let [moves, before, seen] = [0, -1, null];
  for (const end = performance.now() + CONTENT_MS; performance.now() < end;) {
    await new Promise((resolve) => { setTimeout(resolve, 40); });
    if (video.videoWidth === 0) continue;
    seen = { ...patternOf(video, canvas), width: video.videoWidth, height: video.videoHeight };
    const right = fits(seen) && (width === undefined || seen.width === width);
    if (!right) moves = 0;
    else if (hue === undefined) return { ...seen, moves };
    else if (seen.bar !== before && before >= 0) moves += 1;
    before = seen.bar;
    if (moves >= MOVES) break;
  }
  return { ...seen, moves };
}
