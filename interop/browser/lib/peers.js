// Peers that take the same commands: a page of a browser, and a process, IronRTC's among them.

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

// A program that takes commands as lines of JSON. Ours stands for each stack that is no browser.
export class ProcessPeer extends Peer {
  #waiting = new Map();
  #last = 0;

  // With `core`, it runs on that processor core alone. A `silent` one never fires `negotiationneeded`.
  static async start(name, [program, ...args], { core, silent = false } = {}) {
    const self = new ProcessPeer();
    Object.assign(self, { name, silent });
    const command = core === undefined ? [program, ...args] : ['taskset', '-c', `${core}`, program, ...args];
    self.process = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    self.ended = new Promise((resolve) => {
      self.process.on('error', (error) => resolve(error.message));
      self.process.on('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`));
    });
    self.ended.then((why) => {
      for (const { reject } of self.#waiting.values()) reject(new Error(`${name}: ${why}`));
    });
    // What it did not read before it ended is lost, which `ended` tells.
    self.process.stdin.on('error', () => {});
    createInterface({ input: self.process.stdout }).on('line', (line) => self.#read(line));
    return self;
  }

  #read(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch (error) {
      // A process that is being stopped may end in the middle of a line.
      if (this.process.stdin.writableEnded) return;
      throw new Error(`${this.name} wrote what is no JSON: ${line}`, { cause: error });
    }
    this.#take(message);
  }

  #take(message) {
    if (message.event) return this.events.push(message);
    this.#waiting.get(message.id)?.resolve(message);
    this.#waiting.delete(message.id);
  }

  exchange(request) {
    // The other side may still trickle when the test is over.
    if (this.process.stdin.writableEnded) {
      return Promise.reject(new Error(`${this.name} is being stopped`));
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
    await within(`the end of ${this.name}`, this.ended, 10_000).catch((error) => {
      this.process.kill('SIGKILL');
      throw error;
    });
  }
}

export function startIron(options) {
  return ProcessPeer.start('ironrtc', [BINARY], options);
}
