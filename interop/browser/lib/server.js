// A program that serves a page and prints its address.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { within } from './events.js';

export class Server {
  static async start(binary, args) {
    const self = new this();
    self.process = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    self.ended = new Promise((resolve) => {
      self.process.on('error', (error) => resolve(error.message));
      self.process.on('exit', (code, signal) => resolve(code ?? signal));
    });
    const address = new Promise((resolve) => {
      createInterface({ input: self.process.stdout }).on('line', (line) => {
        const found = line.match(/http:\/\/\S+/);
        if (found) resolve(found[0]);
      });
    });
    const ended = self.ended.then((why) => { throw new Error(`${binary} ended: ${why}`); });
    ended.catch(() => {});
    self.url = await within(`the address of ${binary}`, Promise.race([address, ended]));
    return self;
  }

  // An interrupt ends it, and pages are told.
  async stop() {
    this.process.kill('SIGINT');
    await within('the end of the server', this.ended, 10_000).catch((error) => {
      this.process.kill('SIGKILL');
      throw error;
    });
  }
}
