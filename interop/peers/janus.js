// Debian's Janus on this machine, driven over its HTTP interface.

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Events, within } from '../browser/lib/events.js';

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Only the plugins and the transport that are used.
function settings() {
  const without = (kind, names) =>
    `${kind}: { disable = "${names.map((name) => `libjanus_${name}.so`).join(',')}" }\n`;
  return 'general: { }\n'
    + without('plugins', ['audiobridge', 'duktape', 'lua', 'nosip', 'recordplay', 'sip', 'streaming', 'videocall',
      'videoroom', 'voicemail'])
    + without('transports', ['mqtt', 'nanomsg', 'pfunix', 'rabbitmq', 'websockets']);
}

export class Janus {
  static async start({ core } = {}) {
    const self = new Janus();
    self.folder = await mkdtemp(join(tmpdir(), 'ironrtc-janus-'));
    const port = await freePort();
    self.url = `http://127.0.0.1:${port}/janus`;
    await writeFile(join(self.folder, 'janus.jcfg'), settings());
    await writeFile(join(self.folder, 'janus.transport.http.jcfg'),
      `general: { base_path = "/janus" http = true ip = "127.0.0.1" port = ${port} }\n`);
    const command = ['janus', '--configs-folder', self.folder, '--disable-colors', '--debug-level', '2',
      '--full-trickle', '--config', join(self.folder, 'janus.jcfg')];
    if (core !== undefined) command.unshift('taskset', '-c', `${core}`);
    self.process = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    self.output = '';
    self.process.stdout.on('data', (text) => { self.output += text; });
    self.ended = new Promise((resolve) => {
      self.process.on('error', (error) => resolve(error.message));
      self.process.on('exit', (code, signal) => resolve(code ?? signal));
    });
    const failed = self.ended.then((why) => { throw new Error(`janus ended: ${why}\n${self.output}`); });
    failed.catch(() => {});
    await within('the start of janus', Promise.race([failed, self.#answers()]));
    return self;
  }

  async #answers() {
    for (;;) {
      try {
        return await (await fetch(`${this.url}/info`)).json();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async stop() {
    this.process.kill('SIGTERM');
    await within('the end of janus', this.ended, 10_000).catch(() => this.process.kill('SIGKILL'));
    await rm(this.folder, { recursive: true, force: true });
  }
}

// A session with one plugin, which is one connection.
export class Handle {
  events = new Events();
  #closing = new AbortController();

  static async attach(janus, plugin) {
    const self = new Handle();
    self.session = `${janus.url}/${(await self.#post(janus.url, { janus: 'create' })).id}`;
    self.url = `${self.session}/${(await self.#post(self.session, { janus: 'attach', plugin })).id}`;
    // It ends when it is aborted.
    self.#poll().catch(() => {});
    return self;
  }

  async #post(url, body) {
    const transaction = `${Math.random()}`;
    const answer = await (await fetch(url, { method: 'POST', body: JSON.stringify({ ...body, transaction }) })).json();
    if (answer.janus === 'error') throw new Error(`janus: ${answer.error.reason}`);
    return answer.data;
  }

  async #poll() {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const events = await (await fetch(`${this.session}?maxev=10`, { signal })).json();
      for (const event of [events].flat()) this.events.push(event);
    }
  }

  // Asks the plugin, and gives the description that it comes up with.
  async message(body, jsep) {
    await this.#post(this.url, { janus: 'message', body, jsep });
    const event = await this.event('a description', (e) => e.jsep);
    return event.jsep;
  }

  // Gives the plugin a description that needs no answer.
  answer(body, jsep) {
    return this.#post(this.url, { janus: 'message', body, jsep });
  }

  trickle(candidate) {
    return this.#post(this.url, { janus: 'trickle', candidate: candidate ?? { completed: true } });
  }

  // Ends the connection from Janus's side.
  hangup() {
    return this.#post(this.url, { janus: 'hangup' });
  }

  event(what, matches) {
    return this.events.next(`janus: ${what}`, matches);
  }

  async close() {
    this.#closing.abort();
    await this.#post(this.session, { janus: 'destroy' });
  }
}
