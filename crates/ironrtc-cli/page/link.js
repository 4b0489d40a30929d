// One connection to the server: signalling over a WebSocket, and the peer connection.
//
// Events: `welcome` {name, version}, `channel` RTCDataChannel, `track` RTCTrackEvent, `change` (any state
// of the peer connection), `server` (the server's report), `cameras` and `recordings` (its lists), `off`
// (why it has ended what the camera was for), `problem` {text, tone}, `end`.

export class Link extends EventTarget {
  /** `null` until the server has welcomed us, and after the end. */
  pc = null;
  /** Channels by their labels, apart from those of files. */
  channels = new Map();
  #socket;
  #options;
  #work = Promise.resolve();
  #over = false;

  /** Options: name, offerer ('browser' or 'server'), trickle. */
  constructor(options) {
    super();
    this.#options = options;
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#socket = new WebSocket(`${scheme}//${location.host}/ws`);
    this.#socket.onopen = () => this.#send({ type: 'hello', ...options });
    this.#socket.onmessage = ({ data }) => this.#enqueue(JSON.parse(data));
    this.#socket.onclose = () => this.#onSocketClosed();
  }

  /** True while the server can be told something. */
  get signaling() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Ends the connection. */
  close() {
    if (this.signaling) this.#send({ type: 'bye' });
    this.#end();
  }

  /** Looks for a new path; whoever made the first offer makes this one too. */
  restartIce() {
    if (!this.signaling) {
      this.#problem('The way to the server is lost, so ICE cannot restart. Disconnect and connect again.');
    } else if (this.#options.offerer === 'server') {
      this.#send({ type: 'restart' });
    } else {
      this.pc.restartIce();
    }
  }

  /** What the tracks that are added next are for: 'echo', 'record', 'forward'; null ends it. */
  camera(purpose) {
    return this.#ask({ type: 'camera', purpose });
  }

  /** Watches the camera of this number, or none. */
  watch(camera) {
    return this.#ask({ type: 'watch', camera });
  }

  // False if the server cannot hear it.
  #ask(message) {
    if (!this.signaling) {
      this.#problem('The way to the server is lost. Disconnect and connect again.');
      return false;
    }
    this.#send(message);
    return true;
  }

  #send(message) {
    if (this.signaling) this.#socket.send(JSON.stringify(message));
  }

  #problem(text, tone = 'bad') {
    this.dispatchEvent(new CustomEvent('problem', { detail: { text, tone } }));
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }

  #end() {
    if (this.#over) return;
    this.#over = true;
    this.#socket.close();
    this.pc?.close();
    this.#changed();
    this.dispatchEvent(new Event('end'));
  }

  // A candidate must not overtake the description it belongs to.
  #enqueue(message) {
    this.#work = this.#work.then(() => this.#over || this.#onMessage(message)).catch((error) => {
      this.#problem(`The browser refused what the server sent: ${error.message}`);
    });
  }

  async #onMessage(message) {
    switch (message.type) {
      case 'welcome':
        this.#start(message);
        break;
      case 'description':
        await this.#onDescription(message.description);
        break;
      case 'candidate':
        await this.pc.addIceCandidate(message.candidate ?? undefined);
        break;
      case 'state':
        this.dispatchEvent(new CustomEvent('server', { detail: message }));
        break;
      case 'cameras':
        this.dispatchEvent(new CustomEvent('cameras', { detail: message.cameras }));
        break;
      case 'recordings':
        this.dispatchEvent(new CustomEvent('recordings', { detail: message.recordings }));
        break;
      case 'off':
        this.dispatchEvent(new CustomEvent('off', { detail: message.text }));
        break;
      case 'notice':
        this.#problem(message.text, 'wait');
        break;
      case 'error':
        this.#problem(`The server says: ${message.text}`);
        break;
    }
  }

  #start({ name, version, iceServers }) {
    const pc = this.pc = new RTCPeerConnection({ iceServers });
    pc.onicecandidate = ({ candidate }) => {
      if (this.#options.trickle) this.#send({ type: 'candidate', candidate });
    };
    pc.onicecandidateerror = ({ url, errorText }) => {
      if (url) this.#problem(`The STUN server ${url} gives no answer${errorText ? `: ${errorText}` : ''}.`, 'wait');
    };
    pc.onnegotiationneeded = () => {
      this.#work = this.#work.then(() => this.#over || this.#describe()).catch((error) => {
        this.#problem(`The browser could not make an offer: ${error.message}`);
      });
    };
    pc.ontrack = (event) => this.dispatchEvent(new CustomEvent('track', { detail: event }));
    pc.ondatachannel = ({ channel }) => this.#adopt(channel);
    for (const event of ['signalingstatechange', 'icegatheringstatechange', 'iceconnectionstatechange']) {
      pc.addEventListener(event, () => this.#changed());
    }
    pc.onconnectionstatechange = () => this.#onConnectionState();
    this.dispatchEvent(new CustomEvent('welcome', { detail: { name, version } }));
    if (this.#options.offerer !== 'server') {
      for (const label of ['chat', 'ping']) this.#adopt(pc.createDataChannel(label));
    }
    this.#changed();
  }

  #adopt(channel) {
    channel.binaryType = 'arraybuffer';
    this.channels.set(channel.label, channel);
    if (channel.label === 'chat') {
      channel.addEventListener('close', () => {
        if (this.#over) return;
        this.#problem('The server ended the connection.', 'wait');
        this.#end();
      });
    }
    this.dispatchEvent(new CustomEvent('channel', { detail: channel }));
  }

  // When two offers cross, this side takes its own back, which setRemoteDescription does.
  async #onDescription(description) {
    await this.pc.setRemoteDescription(description);
    if (description.type === 'offer') await this.#describe();
  }

  async #describe() {
    const pc = this.pc;
    await pc.setLocalDescription();
    if (!this.#options.trickle) await gathered(pc);
    this.#send({ type: 'description', description: pc.localDescription });
  }

  #onConnectionState() {
    this.#changed();
    if (this.pc.connectionState === 'failed') {
      const dtls = this.pc.sctp?.transport.state === 'failed';
      this.#problem(dtls
        ? 'The encryption (DTLS) failed. Disconnect and connect again.'
        : 'No path to the server works. Is UDP blocked between here and there? Restart ICE to search again.');
    }
    if (this.pc.connectionState === 'closed') this.#end();
  }

  #onSocketClosed() {
    if (this.#over) return;
    if (this.pc?.connectionState === 'connected') {
      this.#problem('The way to the server’s web socket is lost. The connection itself lives on.', 'wait');
      this.#changed();
    } else {
      if (!this.pc) this.#problem('The server cannot be reached, or has no room. Is ironrtc demo still running?');
      else this.#problem('The server went away before the connection was made. Connect again.');
      this.#end();
    }
  }
}

function gathered(pc) {
  return new Promise((resolve) => {
    const check = () => {
      if (pc.iceGatheringState === 'complete' || pc.signalingState === 'closed') resolve();
    };
    pc.addEventListener('icegatheringstatechange', check);
    check();
  });
}
