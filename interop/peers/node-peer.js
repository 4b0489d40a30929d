// A stack of npm as a peer: the page of the browser tests runs on its RTCPeerConnection, driven by
// lines of JSON (interop/peer/README.md). `node node-peer.js werift`

import { createInterface } from 'node:readline';

const STACKS = {
  wrtc: async () => (await import('@roamhq/wrtc')).default,
  libdatachannel: () => import('node-datachannel/polyfill'),
  werift: () => import('werift'),
};

const stack = await STACKS[process.argv[2]]();

// The parts of the W3C's interface in which the stacks differ from browsers.
class RTCPeerConnection extends stack.RTCPeerConnection {
  #offered = false;

  // Not each knows that the description is optional.
  async setLocalDescription(description) {
    const made = description ?? await (this.#offered ? this.createAnswer() : this.createOffer());
    this.#offered = false;
    await super.setLocalDescription(made);
  }

  async setRemoteDescription(description) {
    await super.setRemoteDescription(description);
    this.#offered = description.type === 'offer';
  }
}

function print(line) {
  process.stdout.write(`${line}\n`);
}

Object.assign(globalThis, { RTCPeerConnection, window: globalThis, report: print });
await import('../browser/page/peer.js');

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, ...request } = JSON.parse(line);
    const answer = await window.command(request);
    // wrtc's way to say null.
    for (const key of ['maxRetransmits', 'maxPacketLifeTime']) {
      if (answer.ok?.[key] === 65535) answer.ok[key] = null;
    }
    print(JSON.stringify({ id, ...answer }));
  })
  // What the stack keeps running does not keep the process.
  .on('close', () => process.exit());
