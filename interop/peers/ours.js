// What is asserted of IronRTC where the other side cannot do its part.

import assert from 'node:assert/strict';
import { tenChannels } from '../browser/scenarios/channels.js';
import { echo } from '../browser/scenarios/context.js';

// IronRTC takes its own offer back, and the connection goes on.
export async function takesItsOfferBack(context) {
  const { iron, ironChannel, foreignChannel } = await context.connected({ trickle: false });
  await iron.setLocal(await iron.createOffer());
  await iron.setLocal({ type: 'rollback', sdp: '' });
  assert.equal((await iron.states()).signaling, 'stable');
  await echo(ironChannel, foreignChannel, 'after the rollback');
}

// The other side refuses a restart: IronRTC takes it back, and the connection goes on.
export async function restartRefused(context) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected({ trickle: false });
  await iron.setLocal(await iron.createOffer({ iceRestart: true }));
  await assert.rejects(foreign.setRemote(await iron.gathered()));
  await iron.setLocal({ type: 'rollback', sdp: '' });
  await echo(ironChannel, foreignChannel, 'after the refusal');
  assert.equal((await iron.states()).connection, 'connected');
}

// The other side takes no notice of a reset: our channel waits, and others go on.
export async function closesAlone(context) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected();
  await ironChannel.send('last words');
  await ironChannel.close();
  assert.equal(await foreignChannel.message(), 'last words');
  assert.match(await ironChannel.state(), /^clos(ing|ed)$/);
  const made = await iron.createChannel('another');
  const found = await foreign.incoming('another');
  await made.opened();
  await echo(made, found);
}

// The other side makes the first `kinds` of the channels of all kinds, which it can announce rightly.
export function announces(kinds) {
  return (context) => {
    context.options.kinds = kinds;
    return tenChannels(context, 'foreign');
  };
}

// We make channels while the other side has one.
export async function makesChannels(context) {
  const { iron, foreign } = await context.connected();
  for (const n of [1, 2]) {
    const made = await iron.createChannel(`iron ${n}`);
    const found = await foreign.incoming(`iron ${n}`);
    await made.opened();
    await echo(made, found);
  }
}
