// The camera's card: what the server does with this page's camera, and the cameras of others.

import { openDevices } from '/devices.js';
import { bytes, button, makeRow } from '/rows.js';

const PURPOSES = {
  echo: { text: 'The server sends your picture and sound back to you.', on: 'on, and coming back' },
  record: { text: 'The server writes picture and sound to a file as they come, without decoding them.', on: 'recording' },
  forward: { text: 'The server passes your camera on to every open page that watches.', on: 'live for all who watch' },
};

const byId = (id) => document.getElementById(id);

export class Camera {
  #link = null;
  /** The own camera while it is on. */
  #stream = null;
  #transceivers = [];
  /** The number and name of the camera that is watched. */
  #watched = null;
  #cameras = [];
  #asking = false;

  constructor() {
    byId('camera-open').addEventListener('click', () => this.#open(byId('camera').hidden));
    byId('camera-start').addEventListener('click', () => this.#start());
    byId('camera-stop').addEventListener('click', () => this.stop());
    byId('purpose').addEventListener('change', () => this.#change());
    this.#show();
  }

  /** The streams in use: the own camera, its echo, and what is watched. */
  get streams() {
    const of = (id) => byId(`${id}-video`).srcObject;
    return { own: of('own'), echo: of('echo'), live: of('live') };
  }

  /** A connection that is ready. */
  attach(link) {
    this.#link = link;
    this.#show();
  }

  detach() {
    this.#link = null;
    this.#leave();
    this.#unwatch();
    setView('live', null);
    this.showCameras([]);
    this.#show();
  }

  /** The server sends a track: the echo, or the camera of another. */
  onTrack({ track, streams: [{ id } = {}] }) {
    if (id !== 'live' && (id !== 'echo' || !this.#stream)) return;
    // Not the browser's own stream, in which Firefox leaves tracks that have ended.
    const stream = this.streams[id] ?? new MediaStream();
    stream.addTrack(track);
    setView(id, stream, id === 'live' && !this.#watched);
  }

  /** Switches the camera off; a text says why, if the user did not. */
  stop(text = '') {
    if (this.#stream) this.#link?.camera(null);
    this.#leave();
    this.#wrong(text);
    this.#show();
  }

  /** The cameras of others that can be watched. */
  showCameras(cameras) {
    this.#cameras = cameras;
    if (this.#watched && !cameras.some(({ id }) => id === this.#watched.id)) this.#unwatch();
    byId('cameras-empty').hidden = cameras.length > 0;
    byId('camera-live').hidden = cameras.length === 0;
    byId('camera-live').textContent = `${cameras.length} live`;
    this.#listCameras();
  }

  /** The server's recordings, newest first. */
  showRecordings(recordings) {
    const list = byId('recordings');
    byId('recordings-empty').hidden = recordings.length > 0;
    const rows = new Map(Array.from(list.children, (row) => [row.dataset.name, row]));
    // Rows stay what they are, for the keyboard's place in them; only another server's go.
    if (recordings.length < rows.size) list.replaceChildren();
    for (const recording of recordings.toReversed()) {
      const row = list.children.length > 0 && rows.get(recording.name);
      if (row) showRecording(row, recording);
      else list.prepend(showRecording(makeRow('down', '●', recording.name), recording));
    }
  }

  #open(open) {
    byId('camera').hidden = !open;
    byId('camera-open').setAttribute('aria-expanded', open);
  }

  get #purpose() {
    return document.querySelector('input[name=purpose]:checked').value;
  }

  async #start() {
    const link = this.#link;
    if (!link || this.#asking) return;
    this.#wrong('');
    this.#asking = true;
    this.#show();
    try {
      const stream = await openDevices();
      // The connection may have ended while the user was asked.
      if (link !== this.#link) stopAll(stream);
      else this.#join(stream);
    } catch (error) {
      this.#wrong(error.message);
    } finally {
      this.#asking = false;
      this.#show();
    }
  }

  // The server is told what the tracks are for before they are offered.
  #join(stream) {
    if (!this.#link.camera(this.#purpose)) return stopAll(stream);
    this.#stream = stream;
    const direction = this.#purpose === 'echo' ? 'sendrecv' : 'sendonly';
    this.#transceivers = stream.getTracks().map((track) => {
      track.onended = () => this.stop('The camera or the microphone was taken away.');
      return this.#link.pc.addTransceiver(track, { direction, streams: [stream] });
    });
    setView('own', stream, stream.getVideoTracks().length === 0);
  }

  // The same camera for another purpose.
  #change() {
    const stream = this.#stream;
    if (stream) {
      this.#end();
      this.#join(stream);
    }
    this.#show();
  }

  // Takes the tracks back, and leaves the camera on.
  #end() {
    for (const transceiver of this.#transceivers) {
      if (this.#link) transceiver.stop();
    }
    this.#transceivers = [];
    this.#stream = null;
    setView('own', null);
    setView('echo', null);
  }

  #leave() {
    const stream = this.#stream;
    this.#end();
    if (stream) stopAll(stream);
  }

  #watch(camera) {
    if (!this.#link?.watch(camera?.id ?? null)) return;
    if (camera) {
      this.#watched = camera;
      byId('live-name').textContent = `${camera.name}, live`;
      setView('live', this.streams.live);
    } else {
      this.#unwatch();
    }
    this.#listCameras();
  }

  // The stream stays, for the next camera that is watched.
  #unwatch() {
    this.#watched = null;
    setView('live', this.streams.live, true);
  }

  #listCameras() {
    byId('cameras').replaceChildren(...this.#cameras.map((camera) => {
      const row = makeRow('down', '●', camera.name);
      const watched = camera.id === this.#watched?.id;
      row.dataset.testid = 'live-camera';
      row.querySelector('.detail').textContent = watched ? 'you watch' : 'live';
      const action = button(watched ? 'Leave' : 'Watch', () => this.#watch(watched ? null : camera));
      action.setAttribute('aria-label', `${action.textContent} ${camera.name}`);
      row.querySelector('.action').append(action);
      return row;
    }));
  }

  #wrong(text) {
    byId('camera-error').textContent = text;
    byId('camera-error').hidden = !text;
    if (text) this.#open(true);
  }

  #show() {
    const on = Boolean(this.#stream);
    const { text, on: verb } = PURPOSES[this.#purpose];
    const kinds = on ? this.#stream.getTracks().map(({ kind }) => kind) : [];
    const lacks = on && kinds.length < 2 ? `, without ${kinds[0] === 'video' ? 'a microphone' : 'a camera'}` : '';
    byId('purpose-text').textContent = text;
    byId('camera-start').hidden = on;
    byId('camera-stop').hidden = !on;
    byId('camera-start').disabled = !this.#link || this.#asking;
    byId('camera').dataset.state = on ? 'on' : 'off';
    byId('camera-state').textContent = this.#asking ? 'waiting for your permission' : on ? verb + lacks : 'off';
  }
}

function stopAll(stream) {
  for (const track of stream.getTracks()) track.stop();
}

function setView(id, stream, hidden = !stream) {
  const video = byId(`${id}-video`);
  if (video.srcObject !== stream) video.srcObject = stream;
  byId(id).hidden = hidden;
  // Where the browser wants to be asked first, its controls are there.
  if (stream && !hidden) video.play().catch(() => {});
}

function showRecording(row, { name, from, size, seconds, running }) {
  const action = row.querySelector('.action');
  row.dataset.testid = 'recording';
  row.dataset.name = name;
  row.dataset.running = running;
  row.querySelector('.detail').textContent = `${bytes(size)} · ${seconds.toFixed(0)} s`;
  row.title = `from ${from}`;
  if (!running && !action.hasChildNodes()) action.append(link(name, 'Play'), link(name, 'Save'));
  return row;
}

function link(name, text) {
  const element = document.createElement('a');
  element.href = `/recordings/${encodeURIComponent(name)}`;
  element.textContent = text;
  element.dataset.testid = `recording-${text.toLowerCase()}`;
  element.setAttribute('aria-label', `${text} ${name}`);
  if (text === 'Save') element.download = name;
  else Object.assign(element, { target: '_blank', rel: 'noopener' });
  return element;
}
