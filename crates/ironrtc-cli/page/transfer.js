// The file protocol (docs/file-transfer.md), the browser's side: one channel for each file.

import { Sha256 } from '/sha256.js';

const PROTOCOL = 'ironrtc-file.1';
const CHUNK = 64 * 1024;
const READ = 1024 * 1024;
const WAITING = 2 * 1024 * 1024;
const RESUME = 512 * 1024;

/** One file on its way. `onProgress(bytes)` is called often. */
class Transfer {
  #queue = [];
  #wake = () => {};
  #closed = false;

  constructor(pc, onProgress) {
    this.onProgress = onProgress;
    this.channel = pc.createDataChannel('file', { protocol: PROTOCOL });
    this.channel.binaryType = 'arraybuffer';
    this.channel.bufferedAmountLowThreshold = RESUME;
    this.channel.onmessage = ({ data }) => { this.#queue.push(data); this.#wake(); };
    this.channel.onclose = () => { this.#closed = true; this.#wake(); };
    this.channel.onopen = this.channel.onbufferedamountlow = () => this.#wake();
  }

  /** Gives the file up. */
  cancel() {
    this.channel.close();
  }

  send(control) {
    if (this.channel.readyState !== 'open') throw new Error('the connection ended');
    this.channel.send(JSON.stringify(control));
  }

  async until(condition) {
    while (!condition()) {
      if (this.#closed) throw new Error('the transfer was ended');
      await new Promise((resolve) => { this.#wake = resolve; });
    }
  }

  opened() {
    return this.until(() => this.channel.readyState === 'open');
  }

  /** The next message: an ArrayBuffer, or a control message. */
  async next() {
    await this.until(() => this.#queue.length > 0);
    const data = this.#queue.shift();
    if (typeof data !== 'string') return data;
    const control = JSON.parse(data);
    if (control.type === 'failed' || control.type === 'refuse') throw new Error(control.reason);
    return control;
  }

  /** A message that came while there was something else to do, such as the end. */
  get interrupted() {
    return this.#queue.length > 0;
  }
}

function expect(control, type) {
  if (control.type !== type) throw new Error(`the server sent ${control.type ?? 'bytes'} instead of ${type}`);
  return control;
}

/** Sends a File or Blob. `done` resolves to its SHA-256, which the server has confirmed. */
export function upload(pc, file, name, onProgress) {
  const transfer = new Transfer(pc, onProgress);
  const done = (async () => {
    const { channel } = transfer;
    await transfer.opened();
    transfer.send({ type: 'file', name, size: file.size });
    expect(await transfer.next(), 'accept');
    // The server keeps nothing of an upload that was cut off, so there is no offset to continue at.
    transfer.send({ type: 'start', offset: 0 });
    const hash = new Sha256();
    for (let at = 0; at < file.size; at += READ) {
      const bytes = new Uint8Array(await file.slice(at, at + READ).arrayBuffer());
      hash.update(bytes);
      for (let from = 0; from < bytes.length; from += CHUNK) {
        await transfer.until(() => channel.bufferedAmount < WAITING || transfer.interrupted);
        if (transfer.interrupted) await transfer.next();
        if (channel.readyState !== 'open') throw new Error('the transfer was ended');
        channel.send(bytes.subarray(from, from + CHUNK));
        onProgress(Math.max(0, at + from - channel.bufferedAmount));
      }
    }
    const sha256 = hash.hex();
    transfer.send({ type: 'end', sha256 });
    const confirmed = expect(await transfer.next(), 'done').sha256;
    if (confirmed !== sha256) throw new Error('the SHA-256 of the server is another one');
    onProgress(file.size);
    transfer.send({ type: 'bye' });
    return { sha256 };
  })().finally(() => closeSoon(transfer.channel));
  return { done, cancel: () => transfer.cancel() };
}

/** Fetches one of the server's files. `done` resolves to {name, size, sha256, blob}. */
export function download(pc, id, onAnnounced, onProgress) {
  const transfer = new Transfer(pc, onProgress);
  const done = (async () => {
    await transfer.opened();
    transfer.send({ type: 'get', id });
    const { name, size } = expect(await transfer.next(), 'file');
    onAnnounced(name, size);
    transfer.send({ type: 'accept', offset: 0 });
    expect(await transfer.next(), 'start');
    const hash = new Sha256();
    const parts = [];
    let received = 0;
    for (;;) {
      const message = await transfer.next();
      if (message instanceof ArrayBuffer) {
        received += message.byteLength;
        if (received > size) throw new Error('more bytes came than were announced');
        hash.update(new Uint8Array(message));
        parts.push(message);
        onProgress(received);
        continue;
      }
      const expected = expect(message, 'end').sha256;
      const sha256 = hash.hex();
      if (received !== size || sha256 !== expected) {
        transfer.send({ type: 'failed', reason: 'the SHA-256 does not match' });
        throw new Error('the SHA-256 does not match: the data is damaged');
      }
      transfer.send({ type: 'done', sha256 });
      return { name, size, sha256, blob: new Blob(parts) };
    }
  })().finally(() => closeSoon(transfer.channel));
  return { done, cancel: () => transfer.cancel() };
}

/** close() sends what waits first. */
function closeSoon(channel) {
  channel.close();
}
