// What a scenario is given: fresh peers, and the ways to connect them.

import { Connection } from '../lib/connection.js';
import { negotiate, Trickle } from '../lib/signaling.js';

export class Context {
  #peers = [];
  #start;

  // `start` has two functions, `iron` and `foreign`, that start a peer. `options` fit the scenarios to
  // a stack that can do less than a browser (interop/peers/run.js).
  constructor(start, options = {}) {
    this.#start = start;
    this.options = options;
  }

  async #peer(side) {
    const peer = await this.#start[side]();
    this.#peers.push(peer);
    return peer;
  }

  // Two connections that do not know each other yet.
  async pair(config = {}, foreignConfig = {}) {
    const iron = await Connection.create(await this.#peer('iron'), config);
    const foreign = await Connection.create(await this.#peer('foreign'), foreignConfig);
    return { iron, foreign };
  }

  // Another page, and another connection of the same IronRTC.
  async another({ peer }) {
    const iron = await Connection.create(peer);
    const foreign = await Connection.create(await this.#peer('foreign'));
    return { iron, foreign };
  }

  // Two connected connections with one channel, made by IronRTC unless `offerer` says 'foreign'.
  async connected({ offerer = 'iron', trickle = true } = {}) {
    const { iron, foreign } = await this.pair();
    return { iron, foreign, ...await connect(iron, foreign, { offerer, trickle }) };
  }

  async stop() {
    const results = await Promise.allSettled(this.#peers.map((peer) => peer.stop()));
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  }
}

// Connects two connections with one channel.
export async function connect(iron, foreign, { offerer, trickle }) {
  const [from, to] = offerer === 'iron' ? [iron, foreign] : [foreign, iron];
  const exchange = trickle ? new Trickle(from, to) : undefined;
  const sent = await from.createChannel('chat');
  if (!trickle) await negotiate(from, to);
  else if (from.peer.silent) exchange.offer(exchange.sides[0]);
  const received = await Promise.race([
    exchange?.failed ?? new Promise(() => {}),
    Promise.all([to.incoming('chat'), iron.connected(), foreign.connected()]).then(([channel]) => channel),
  ]);
  await Promise.all([sent.opened(), received.opened()]);
  await exchange?.check();
  const [ironChannel, foreignChannel] = offerer === 'iron' ? [sent, received] : [received, sent];
  return { exchange, ironChannel, foreignChannel };
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
