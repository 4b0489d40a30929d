// The browser's half of the tests: the same commands and events as `ironrtc-interop`
// (interop/peer/README.md), on the browser's own RTCPeerConnection.

const connections = new Map();
const channels = new Map();
let lastChannel = 0;

// Larger messages belong to a bulk transfer: they are hashed, not reported one by one.
const LARGEST_REPORTED = 1024;
const HIGH_WATER = 4 * 1024 * 1024;

function emit(event) {
  window.report(JSON.stringify(event));
}

function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function unhex(text) {
  return new Uint8Array((text.match(/../g) ?? []).map((pair) => parseInt(pair, 16)));
}

async function sha256(bytes) {
  return hex(await crypto.subtle.digest('SHA-256', bytes));
}

function describe(description) {
  return description && { type: description.type, sdp: description.sdp };
}

function adopt(pc, dc) {
  dc.binaryType = 'arraybuffer';
  const name = `c${++lastChannel}`;
  const entry = { dc, parts: [], bytes: 0, waiting: null };
  channels.set(name, entry);
  for (const event of ['open', 'closing', 'close', 'bufferedamountlow']) {
    dc.addEventListener(event, () => emit({ pc, channel: name, event }));
  }
  dc.addEventListener('error', (e) =>
    emit({ pc, channel: name, event: 'error', message: e.error?.message ?? '' }));
  dc.addEventListener('message', ({ data }) => {
    const size = typeof data === 'string' ? data.length : data.byteLength;
    if (size > LARGEST_REPORTED) {
      entry.parts.push(typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data));
      entry.bytes += size;
      entry.waiting?.();
    } else if (typeof data === 'string') {
      emit({ pc, channel: name, event: 'message', text: data });
    } else {
      emit({ pc, channel: name, event: 'message', hex: hex(data) });
    }
  });
  return name;
}

function info(dc) {
  return {
    label: dc.label, protocol: dc.protocol, ordered: dc.ordered, negotiated: dc.negotiated,
    id: dc.id, maxRetransmits: dc.maxRetransmits, maxPacketLifeTime: dc.maxPacketLifeTime,
    readyState: dc.readyState, bufferedAmount: dc.bufferedAmount,
  };
}

function opened(dc) {
  return new Promise((resolve, reject) => {
    if (dc.readyState === 'open') return resolve();
    if (dc.readyState !== 'connecting') return reject(new Error(`the channel is ${dc.readyState}`));
    dc.addEventListener('open', resolve, { once: true });
    dc.addEventListener('close', () => reject(new Error('the channel closed')), { once: true });
  });
}

async function sendBulk(dc, total, size) {
  const all = new Uint8Array(total);
  for (let at = 0; at < total; at += 65536) {
    crypto.getRandomValues(all.subarray(at, Math.min(at + 65536, total)));
  }
  dc.bufferedAmountLowThreshold = HIGH_WATER / 4;
  for (let at = 0; at < total; at += size) {
    while (dc.bufferedAmount > HIGH_WATER) {
      if (dc.readyState !== 'open') throw new Error('the channel closed');
      await new Promise((resolve) => {
        dc.addEventListener('bufferedamountlow', resolve, { once: true });
        // @roamhq/wrtc loses the event now and then.
        setTimeout(() => {
          dc.removeEventListener('bufferedamountlow', resolve);
          resolve();
        }, 100);
      });
    }
    dc.send(all.subarray(at, Math.min(at + size, total)));
  }
  return { sha256: await sha256(all) };
}

async function receiveBulk(entry, total) {
  while (entry.bytes < total) await new Promise((resolve) => { entry.waiting = resolve; });
  entry.waiting = null;
  const all = new Uint8Array(entry.bytes);
  let at = 0;
  for (const part of entry.parts) {
    all.set(part, at);
    at += part.length;
  }
  const result = { bytes: entry.bytes, messages: entry.parts.length, sha256: await sha256(all) };
  entry.parts = [];
  entry.bytes = 0;
  return result;
}

function create({ pc: name, config }) {
  const pc = new RTCPeerConnection(config ?? {});
  connections.set(name, pc);
  const on = (event, value) =>
    pc.addEventListener(event, (e) => emit({ pc: name, event, ...value(e) }));
  on('negotiationneeded', () => ({}));
  on('signalingstatechange', () => ({ state: pc.signalingState }));
  on('icegatheringstatechange', () => ({ state: pc.iceGatheringState }));
  on('iceconnectionstatechange', () => ({ state: pc.iceConnectionState }));
  on('connectionstatechange', () => ({ state: pc.connectionState }));
  on('icecandidate', (e) => ({ candidate: e.candidate?.toJSON() ?? null }));
  on('icecandidateerror', (e) => ({ url: e.url, errorCode: e.errorCode, errorText: e.errorText }));
  const watched = new WeakSet();
  on('track', (e) => {
    const { mid } = e.transceiver;
    // It is told again when the other side sends again.
    for (const event of watched.has(e.track) ? [] : ['mute', 'unmute', 'ended']) {
      e.track.addEventListener(event, () => emit({ pc: name, event, mid }));
    }
    watched.add(e.track);
    return { mid, kind: e.track.kind, streams: e.streams.map(({ id }) => id) };
  });
  on('datachannel', (e) => ({ channel: adopt(name, e.channel), ...info(e.channel) }));
}

function gathered(pc) {
  return new Promise((resolve) => {
    const check = () => pc.iceGatheringState === 'complete' && resolve();
    pc.addEventListener('icegatheringstatechange', check);
    check();
  });
}

const commands = {
  create: (_, __, request) => create(request),
  createOffer: async (_, pc, { options }) => describe(await pc.createOffer(options ?? {})),
  createAnswer: async (_, pc) => describe(await pc.createAnswer()),
  setLocal: async (_, pc, { description }) => {
    await pc.setLocalDescription(description ?? undefined);
    return describe(pc.localDescription);
  },
  setRemote: async (_, pc, { description }) => { await pc.setRemoteDescription(description); },
  gathered: async (_, pc) => {
    await gathered(pc);
    return describe(pc.localDescription);
  },
  addCandidate: async (_, pc, { candidate }) => { await pc.addIceCandidate(candidate ?? undefined); },
  createChannel: (_, pc, { pc: name, label, options }) =>
    ({ channel: adopt(name, pc.createDataChannel(label, options ?? {})) }),
  addTransceiver: (_, pc, { kind, options }) => { pc.addTransceiver(kind, options ?? {}); },
  sendMedia: (_, pc, { kinds }) => sendMedia(pc, kinds),
  hear: (_, pc) => hear(pc),
  see: (_, pc) => see(pc),
  listen: (_, pc, { mid, hz }) => listen(pc, mid, hz),
  look: (_, pc, { mid, hue, width }) => look(pc, mid, hue, width),
  restartIce: (_, pc) => { pc.restartIce(); },
  states: (_, pc) => ({
    signaling: pc.signalingState, iceGathering: pc.iceGatheringState,
    iceConnection: pc.iceConnectionState, connection: pc.connectionState,
  }),
  sctp: (_, pc) => pc.sctp && { state: pc.sctp.state, maxMessageSize: pc.sctp.maxMessageSize },
  stats: async (_, pc) => Array.from((await pc.getStats()).values(), (entry) => ({ ...entry })),
  close: (_, pc) => { pc.close(); },
  channel: ({ dc }) => info(dc),
  opened: ({ dc }) => opened(dc),
  send: ({ dc }, _, { text, hex: binary }) => { dc.send(text ?? unhex(binary)); },
  sendBulk: ({ dc }, _, { bytes, size }) => sendBulk(dc, bytes, size),
  receiveBulk: (entry, _, { bytes }) => receiveBulk(entry, bytes),
  closeChannel: ({ dc }) => { dc.close(); },
};

window.command = async (request) => {
  try {
    const entry = channels.get(request.channel);
    const pc = connections.get(request.pc);
    return { ok: (await commands[request.do](entry, pc, request)) ?? null };
  } catch (error) {
    return { error: { name: error.name, message: error.message } };
  }
};
