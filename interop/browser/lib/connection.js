// One RTCPeerConnection of a peer, and its channels.

import { within } from './events.js';

const BULK_TIMEOUT = 120_000;
const MEDIA_TIMEOUT = 60_000;

export class Channel {
  constructor(connection, name) {
    this.connection = connection;
    this.name = name;
  }

  #command(command, args = {}, timeout = undefined) {
    return this.connection.peer.command({ do: command, channel: this.name, ...args }, timeout);
  }

  event(event, timeout) {
    const { peer } = this.connection;
    return peer.events.next(`${peer.name}: ${event} of ${this.name}`,
      (e) => e.channel === this.name && e.event === event, timeout);
  }

  // The next small message: a string, or { hex }.
  async message() {
    const { text, hex } = await this.event('message');
    return text ?? { hex };
  }

  async state() { return (await this.info()).readyState; }
  info() { return this.#command('channel'); }
  opened() { return this.#command('opened'); }
  send(message) { return this.#command('send', typeof message === 'string' ? { text: message } : message); }
  sendBulk(bytes, size) { return this.#command('sendBulk', { bytes, size }, BULK_TIMEOUT); }
  receiveBulk(bytes) { return this.#command('receiveBulk', { bytes }, BULK_TIMEOUT); }
  close() { return this.#command('closeChannel'); }
}

let lastName = 0;

export class Connection {
  static async create(peer, config = {}) {
    const self = new Connection();
    self.peer = peer;
    self.name = `pc${++lastName}`;
    await self.command('create', { config });
    return self;
  }

  command(command, args = {}, timeout = undefined) {
    return this.peer.command({ do: command, pc: this.name, ...args }, timeout);
  }

  event(event, matches = () => true, timeout = undefined) {
    return this.peer.events.next(`${this.peer.name}: ${event}`,
      (e) => e.pc === this.name && e.event === event && matches(e), timeout);
  }

  state(event, state, timeout) {
    return this.event(event, (e) => e.state === state, timeout);
  }

  connected() { return this.state('connectionstatechange', 'connected'); }
  createOffer(options) { return this.command('createOffer', { options }); }
  createAnswer() { return this.command('createAnswer'); }
  setLocal(description) { return this.command('setLocal', { description }); }
  setRemote(description) { return this.command('setRemote', { description }); }
  gathered() { return this.command('gathered'); }
  addCandidate(candidate) { return this.command('addCandidate', { candidate }); }
  addTransceiver(kind, options) { return this.command('addTransceiver', { kind, options }); }
  // Of a browser: sends what its camera and microphone give.
  sendMedia(kinds) { return this.command('sendMedia', { kinds }); }
  // Of a browser: the tone that it sends and the one that it receives, in Hz and decibels.
  hear() { return this.command('hear', {}, MEDIA_TIMEOUT); }
  // Of a browser: the colours that it sends and receives, over a while.
  see() { return this.command('see', {}, MEDIA_TIMEOUT); }
  // Of a browser: the tone that it receives, once it is the one waited for.
  listen(hz, mid) { return this.command('listen', { mid, hz }, MEDIA_TIMEOUT); }
  // Of a browser: the moving pattern that it receives, once it is the one waited for.
  look(hue, mid, width) { return this.command('look', { mid, hue, width }, MEDIA_TIMEOUT); }
  // Of IronRTC: sends back what it receives.
  echo() { return this.command('echo'); }
  // Of IronRTC: asks for a key frame of each video that it receives.
  requestKeyFrames() { return this.command('requestKeyFrames'); }
  // Of a browser: calls a function in the page with its RTCPeerConnection. It sees only its arguments
  // and what the page has.
  inPage(job, ...args) {
    const given = args.map((argument) => JSON.stringify(argument) ?? 'undefined').join(', ');
    const call = `(${job})(connections.get(${JSON.stringify(this.name)}), ${given})`;
    return within(`${this.peer.name}: ${job}`, this.peer.page.evaluate(call));
  }
  restartIce() { return this.command('restartIce'); }
  states() { return this.command('states'); }
  sctp() { return this.command('sctp'); }
  stats() { return this.command('stats'); }
  close() { return this.command('close'); }

  async createChannel(label, options = {}) {
    const { channel } = await this.command('createChannel', { label, options });
    return new Channel(this, channel);
  }

  // The channel that the peer made under this label.
  async incoming(label) {
    const { channel } = await this.event('datachannel', (e) => e.label === label);
    return new Channel(this, channel);
  }
}
