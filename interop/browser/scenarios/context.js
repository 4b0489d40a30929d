// What a scenario is given: fresh peers, and the ways to connect them.

import { BrowserPeer, IronPeer } from '../lib/peers.js';
import { Connection } from '../lib/connection.js';
import { negotiate, Trickle } from '../lib/signaling.js';

export class Context {
  #peers = [];

  // `other` is a second browser that takes IronRTC's place when the tests test themselves.
  constructor(browser, other) {
    this.browser = browser;
    this.other = other;
  }

  async browserPeer() {
    return this.#keep(await BrowserPeer.start(this.browser));
  }

  async ironPeer() {
    return this.#keep(await (this.other ? BrowserPeer.start(this.other) : IronPeer.start()));
  }

  #keep(peer) {
    this.#peers.push(peer);
    return peer;
  }

  // Two connections that do not know each other yet.
  async pair(config = {}, browserConfig = {}) {
    const iron = await Connection.create(await this.ironPeer(), config);
    const browser = await Connection.create(await this.browserPeer(), browserConfig);
    return { iron, browser };
  }

  // Two connected connections with one channel, made by IronRTC unless `offerer` says 'browser'.
  async connected({ offerer = 'iron', trickle = true } = {}) {
    const { iron, browser } = await this.pair();
    const [from, to] = offerer === 'iron' ? [iron, browser] : [browser, iron];
    const exchange = trickle ? new Trickle(from, to) : undefined;
    const sent = await from.createChannel('chat');
    if (!trickle) await negotiate(from, to);
    await Promise.all([iron.connected(), browser.connected()]);
    const received = await to.incoming('chat');
    await Promise.all([sent.opened(), received.opened()]);
    exchange?.check();
    const [ironChannel, browserChannel] = offerer === 'iron' ? [sent, received] : [received, sent];
    return { iron, browser, exchange, ironChannel, browserChannel };
  }

  async stop() {
    const results = await Promise.allSettled(this.#peers.map((peer) => peer.stop()));
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  }
}

// Text goes each way and arrives as it was sent.
export async function echo(one, two, text = 'hello') {
  await one.send(`${text} →`);
  await two.send(`${text} ←`);
  const got = [await two.message(), await one.message()];
  if (got[0] !== `${text} →` || got[1] !== `${text} ←`) {
    throw new Error(`sent ${text} each way and got ${JSON.stringify(got)}`);
  }
}
