// The demo server, and its page.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from './server.js';

const BINARY = process.env.IRONRTC
  ?? fileURLToPath(new URL('../../../target/debug/ironrtc', import.meta.url));

export class Demo extends Server {
  static async start() {
    const recordings = await mkdtemp(join(tmpdir(), 'ironrtc-recordings-'));
    const self = await super.start(BINARY, ['demo', '--listen', '127.0.0.1:0', '--recordings', recordings]);
    self.recordings = recordings;
    return self;
  }

  async stop() {
    await super.stop();
    await rm(this.recordings, { recursive: true, force: true });
  }
}

export class DemoPage {
  static async open(browser, demo) {
    const self = new DemoPage();
    self.page = await browser.newPage();
    await self.page.goto(demo.url);
    return self;
  }

  $(id) {
    return `[data-testid="${id}"]`;
  }

  // In the page itself, which works in a page in the background too.
  async click(id) {
    await this.until(id, (selector) => !document.querySelector(selector).disabled, this.$(id));
    await this.page.$eval(this.$(id), (element) => element.click());
  }

  // Clicks in the page itself: boxes and radio buttons may be drawn by their labels.
  async set(id, checked) {
    await this.page.$eval(this.$(id), (element, checked) => {
      if (element.checked !== checked) element.click();
    }, checked);
  }

  text(id) {
    return this.page.$eval(this.$(id), (element) => element.textContent.trim());
  }

  // Waits for something in the page; the page's message tells more if it does not come.
  async until(what, condition, ...args) {
    try {
      await this.page.waitForFunction(condition, { timeout: 30_000, polling: 50 }, ...args);
    } catch (error) {
      throw new Error(`${what} did not come: ${await this.text('status')}; ${await this.text('message-text')}; ${error.message}`);
    }
  }

  // The page connects by itself; other options want a new connection.
  async connect({ offerer = 'browser', trickle = true } = {}) {
    const state = () => this.page.evaluate(() => document.body.dataset.connection);
    if (await state() !== 'closed') {
      await this.ready();
      await this.disconnect();
    }
    await this.set(`offer-${offerer}`, true);
    await this.set('trickle', trickle);
    await this.click('connect');
    await this.ready();
  }

  ready() {
    return this.until('the connection', () =>
      document.body.dataset.connection === 'connected' && document.body.dataset.ready === 'true');
  }

  async say(text) {
    await this.page.$eval(this.$('say-text'), (input, text) => { input.value = text; }, text);
    await this.click('say-send');
  }

  // A line of the chat of one kind: own, echo, other.
  heard(kind, text) {
    return this.until(`${kind} "${text}"`, (selector, text) =>
      Array.from(document.querySelectorAll(selector)).some((line) => line.textContent.endsWith(text)),
    this.$(`line-${kind}`), text);
  }

  async echo(text) {
    await this.say(text);
    await this.heard('echo', text);
  }

  async disconnect() {
    await this.click('disconnect');
    await this.until('the end', () => document.body.dataset.connection === 'closed');
  }

  // The newest transfer's hash, once it is complete.
  async transferred() {
    await this.until('the transfer\'s end', (selector) => {
      const state = document.querySelector(selector)?.dataset.state;
      return state && state !== 'running';
    }, this.$('transfer'));
    const row = await this.page.$eval(this.$('transfer'), (row) => ({ ...row.dataset, text: row.textContent }));
    if (row.state !== 'done') throw new Error(`the transfer ended so: ${row.text}`);
    return row.sha256;
  }

  // Switches the camera on for a purpose: echo, record or forward.
  async camera(purpose) {
    if (await this.page.$eval(this.$('camera'), (card) => card.hidden)) await this.click('camera-open');
    await this.set(`purpose-${purpose}`, true);
    await this.click('camera-start');
    await this.until('the camera', () => window.ironrtc.streams.own);
  }

  // What two of the page's streams show (`see`) or say (`hear`), as `sent` and `received`.
  async compare(judgement, sent, received) {
    await this.until(`the stream ${received}`, (name) => window.ironrtc.streams[name]?.getTracks().length === 2, received);
    // The page takes no scripts from elsewhere, but this is not asked.
    const source = await readFile(new URL('../page/media.js', import.meta.url), 'utf8');
    return this.page.evaluate(`(() => {
      ${source}
      const { ${sent}: sent, ${received}: received } = window.ironrtc.streams;
      const pair = { getReceivers: () => received.getTracks().map((track) => ({ track })) };
      sentTracks.set(pair, sent.getTracks());
      return ${judgement}(pair);
    })()`);
  }

  close() {
    return this.page.close();
  }
}

// A scenario with a demo server of its own.
export function withDemo({ name, run }) {
  return {
    name: `the demo: ${name}`,
    run: async (browser) => {
      const demo = await Demo.start();
      try {
        await run(browser, demo);
      } finally {
        await demo.stop();
      }
    },
  };
}
