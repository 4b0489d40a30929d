// Connecting, in both roles, with and without trickle.

import assert from 'node:assert/strict';
import { echo } from './context.js';

async function connects(context, options) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected(options);
  await echo(ironChannel, foreignChannel);
  for (const side of [iron, foreign]) {
    const { signaling, connection, iceConnection } = await side.states();
    assert.equal(signaling, 'stable');
    assert.equal(connection, 'connected');
    assert.match(iceConnection, /^(connected|completed)$/);
  }
}

// A new connection of the same peers after the old one was closed.
async function reconnects(context) {
  const first = await context.connected();
  await echo(first.ironChannel, first.foreignChannel, 'first');
  await first.iron.close();
  await first.foreignChannel.event('close');
  await first.foreign.close();
  const second = await context.connected();
  await echo(second.ironChannel, second.foreignChannel, 'second');
}

export const connect = ['iron', 'foreign'].flatMap((offerer) => [true, false].map((trickle) => ({
  name: `${offerer === 'iron' ? 'IronRTC' : 'the peer'} offers, ${trickle ? 'trickled' : 'all at once'}`,
  run: (context) => connects(context, { offerer, trickle }),
})));
connect.push({ name: 'a new connection follows a closed one', run: reconnects });
