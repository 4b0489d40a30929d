// The demo server, and its page.

import { fileURLToPath } from 'node:url';
import { Server } from './server.js';

const BINARY = process.env.IRONRTC
  ?? fileURLToPath(new URL('../../../target/debug/ironrtc', import.meta.url));

export class Demo extends Server {
  static start() {
    return super.start(BINARY, ['demo', '--listen', '127.0.0.1:0']);
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

  close() {
    return this.page.close();
  }
}
