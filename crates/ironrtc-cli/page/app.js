// Puts the parts of the page together.

import { Camera } from '/camera.js';
import { Chat } from '/chat.js';
import { Files } from '/files.js';
import { Link } from '/link.js';
import { Ping } from '/ping.js';
import { State } from '/state.js';

const byId = (id) => document.getElementById(id);
const TONES = { connected: 'good', connecting: 'wait', disconnected: 'wait', failed: 'bad' };
const WORDS = {
  new: 'Connecting…', connecting: 'Connecting…', connected: 'Connected',
  disconnected: 'Interrupted', failed: 'Failed', closed: 'Not connected',
};

const files = new Files();
const chat = new Chat((list) => files.show(list));
const ping = new Ping();
const state = new State();
const camera = new Camera();
let link = null;

// For scripts that drive the page: the RTCPeerConnection, the channels and the streams in use.
window.ironrtc = {
  get peerConnection() { return link?.pc ?? null; },
  get channels() { return link?.channels ?? new Map(); },
  get streams() { return camera.streams; },
};

function connect() {
  link?.close();
  hideMessage();
  const current = link = new Link({
    name: byId('name').value.trim(),
    offerer: document.querySelector('input[name=offerer]:checked').value,
    trickle: byId('trickle').checked,
  });
  const on = (event, handler) => current.addEventListener(event, (e) => current === link && handler(e.detail));
  state.attach(current);
  on('welcome', ({ name, version }) => {
    chat.name = name;
    byId('version').textContent = `demo ${version}`;
    byId('name').placeholder = name;
  });
  on('channel', (channel) => {
    if (channel.label === 'chat') chat.attach(channel);
    if (channel.label === 'ping') ping.attach(channel);
    channel.addEventListener('open', () => current === link && show());
  });
  on('cameras', (list) => camera.showCameras(list));
  on('recordings', (list) => camera.showRecordings(list));
  on('track', (event) => camera.onTrack(event));
  on('off', (text) => camera.stop(text));
  on('change', show);
  on('problem', ({ text, tone }) => showMessage(text, tone));
  on('end', () => {
    chat.detach();
    ping.detach();
    files.detach();
    state.detach();
    camera.detach();
    link = null;
    byId('connect').textContent = 'Reconnect';
    show();
  });
  show();
}

function show() {
  const now = link ? (link.pc?.connectionState ?? 'new') : 'closed';
  const ready = link?.channels.get('chat')?.readyState === 'open';
  document.body.dataset.connection = link ? now : 'closed';
  document.body.dataset.ready = ready;
  byId('status').textContent = WORDS[now];
  byId('status').dataset.tone = link ? (TONES[now] ?? 'wait') : 'idle';
  byId('connect').hidden = Boolean(link);
  byId('disconnect').hidden = !link;
  byId('restart').disabled = !['connected', 'disconnected', 'failed'].includes(now);
  for (const control of byId('options').elements) control.disabled = Boolean(link);
  if (ready) files.attach(link.pc);
  if (ready) camera.attach(link);
  if (now === 'connected') hideMessage('bad');
}

function showMessage(text, tone) {
  byId('message').hidden = false;
  byId('message').dataset.tone = tone;
  byId('message-text').textContent = text;
}

/** Hides the message, or only one of that tone. */
function hideMessage(tone) {
  if (!tone || byId('message').dataset.tone === tone) byId('message').hidden = true;
}

byId('connect').addEventListener('click', connect);
byId('disconnect').addEventListener('click', () => link?.close());
byId('restart').addEventListener('click', () => link?.restartIce());
byId('message-close').addEventListener('click', () => hideMessage());
byId('options').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!link) connect();
});
// Leaving the page ends the connection at once instead of when the server misses it.
addEventListener('pagehide', () => link?.close());
if (!('RTCPeerConnection' in window)) {
  showMessage('This browser has no WebRTC, or it is switched off.', 'bad');
  byId('connect').disabled = true;
} else {
  connect();
}
