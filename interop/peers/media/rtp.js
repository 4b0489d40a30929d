// Packets for stacks that have no codecs: the payloads are known again.

import assert from 'node:assert/strict';
import { until } from './run.js';

// The head of a key frame of VP8 of 320 by 240 points (RFC 6386 section 9.1), behind the descriptor of
// a frame's first packet (RFC 7741 section 4.2).
const PICTURE = [0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00];
const SOUND = [0xfc];
const WANTED = 20;

// The payload of the packet of this number.
export function payload(kind, number) {
  const rest = Array.from({ length: 100 }, (_, n) => (number * 7 + n) & 0xff);
  return Buffer.from([...(kind === 'video' ? PICTURE : SOUND), number >> 8, number & 0xff, ...rest]);
}

export function timestamp(kind, number) {
  return number * (kind === 'video' ? 1800 : 960);
}

// A packet with the fixed header alone (RFC 3550 section 5.1).
export function packet(kind, number, { payloadType, ssrc }) {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = payloadType | (kind === 'video' ? 0x80 : 0);
  header.writeUInt16BE(number & 0xffff, 2);
  header.writeUInt32BE(timestamp(kind, number) >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload(kind, number)]);
}

// Collects what comes back, and judges it.
export class Returned {
  #numbers = { audio: [], video: [] };

  add(kind, bytes) {
    const at = kind === 'video' ? PICTURE.length : SOUND.length;
    // Padding alone, which probes are made of.
    if (bytes.length === 0) return;
    const number = bytes.readUInt16BE(at);
    assert.deepEqual(Buffer.from(bytes), payload(kind, number), `${kind} ${number} as it was sent`);
    this.#numbers[kind].push(number);
  }

  async check() {
    for (const [kind, numbers] of Object.entries(this.#numbers)) {
      await until(`${WANTED} packets of ${kind}`, () => numbers.length >= WANTED);
      assert.equal(new Set(numbers).size, numbers.length, `each of ${kind} once: ${numbers}`);
    }
  }
}
