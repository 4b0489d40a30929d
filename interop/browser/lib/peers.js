// Peers that take the same commands: a page of a browser, and an IronRTC process.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Events, within } from './events.js';

class PeerError extends Error {
  constructor(request, { name, message }) {
    super(`${request.do}: ${name}: ${message}`);
    this.name = name;
  }
}

class Peer {
  events = new Events();

  // Runs one command, and throws what it threw there.
  async command(request, timeout) {
    const answer = await within(`${this.name}: ${request.do}`, this.exchange(request), timeout);
    if (answer.error) throw new PeerError(request, answer.error);
    return answer.ok;
  }
}

export class BrowserPeer extends Peer {
  static async start(browser) {
    const self = new BrowserPeer();
    self.name = browser.kind;
    self.page = await browser.newPage();
    await self.page.exposeFunction('report', (event) => self.events.push(JSON.parse(event)));
    await self.page.goto(browser.url);
    return self;
  }

  exchange(request) {
    return this.page.evaluate((request) => window.command(request), request);
  }

  async stop() {
    await this.page.close();
  }
}

const BINARY = process.env.IRONRTC_INTEROP
  ?? fileURLToPath(new URL('../../../target/debug/ironrtc-interop', import.meta.url));

export class IronPeer extends Peer {
  #waiting = new Map();
  #last = 0;

  static async start() {
    const self = new IronPeer();
    self.name = 'ironrtc';
    self.process = spawn(BINARY, { stdio: ['pipe', 'pipe', 'inherit'] });
    self.ended = new Promise((resolve) => {
      self.process.on('error', (error) => resolve(error.message));
      self.process.on('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`));
    });
    self.ended.then((why) => {
      for (const { reject } of self.#waiting.values()) reject(new Error(`ironrtc-interop: ${why}`));
    });
    createInterface({ input: self.process.stdout }).on('line', (line) => self.#take(JSON.parse(line)));
    return self;
  }

  #take(message) {
    if (message.event) return this.events.push(message);
    this.#waiting.get(message.id)?.resolve(message);
    this.#waiting.delete(message.id);
  }

  exchange(request) {
    // A browser may still trickle when the test is over.
    if (this.process.stdin.writableEnded) {
      return Promise.reject(new Error('ironrtc-interop is being stopped'));
    }
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.process.stdin.write(`${JSON.stringify({ ...request, id })}\n`);
    });
  }

  // Closing its input ends it; that it ends by itself is part of the test.
  async stop() {
    this.process.stdin.end();
    await within('the end of ironrtc-interop', this.ended, 10_000).catch((error) => {
      this.process.kill('SIGKILL');
      throw error;
    });
  }
}
