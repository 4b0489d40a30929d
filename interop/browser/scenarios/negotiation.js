// ICE restarts, renegotiation and collisions.

import assert from 'node:assert/strict';
import { negotiate, Trickle } from '../lib/signaling.js';
import { echo } from './context.js';

const NAMES = { iron: 'IronRTC', foreign: 'the peer' };

function fragment(description) {
  return description.sdp.match(/a=ice-ufrag:(\S+)/)[1];
}

async function restarts(context, side) {
  const { iron, foreign, exchange, ironChannel, foreignChannel } = await context.connected();
  const starter = { iron, foreign }[side];
  await exchange.negotiated();
  const before = [fragment(await iron.gathered()), fragment(await foreign.gathered())];
  await starter.restartIce();
  await exchange.negotiated();
  const after = [fragment(await iron.gathered()), fragment(await foreign.gathered())];
  await exchange.check();
  assert.notEqual(after[0], before[0], 'IronRTC has new credentials');
  assert.notEqual(after[1], before[1], 'the peer has new credentials');
  await echo(ironChannel, foreignChannel, 'after the restart');
  assert.equal((await iron.states()).connection, 'connected');
}

// A restart asked for with the offer's option, without trickle.
async function restartsByOption(context, side) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected({ trickle: false });
  const [one, two] = side === 'iron' ? [iron, foreign] : [foreign, iron];
  await negotiate(one, two, { iceRestart: true });
  await echo(ironChannel, foreignChannel, 'after the restart');
  assert.equal((await two.states()).signaling, 'stable');
}

// The same session is offered again, by the other side too, and nothing breaks.
async function renegotiates(context) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected({ trickle: false });
  await negotiate(iron, foreign);
  await negotiate(foreign, iron);
  await echo(ironChannel, foreignChannel, 'renegotiated');
}

// An offer is taken back, and the other side's is taken.
async function rollsBack(context, side) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected({ trickle: false });
  const [one, two] = side === 'iron' ? [iron, foreign] : [foreign, iron];
  await one.setLocal(await one.createOffer());
  await one.setLocal({ type: 'rollback', sdp: '' });
  assert.equal((await one.states()).signaling, 'stable');
  await two.setLocal(await two.createOffer());
  await one.setRemote((await two.gathered()));
  await one.setRemote({ type: 'rollback', sdp: '' });
  assert.equal((await one.states()).signaling, 'stable');
  await two.setLocal({ type: 'rollback', sdp: '' });
  await negotiate(one, two);
  await echo(ironChannel, foreignChannel, 'after the rollback');
}

// Both sides offer at once: the polite one gives way. First at the start, then with restarts.
async function collides(context, polite) {
  const { iron, foreign } = await context.pair();
  const exchange = polite === 'iron' ? new Trickle(iron, foreign) : new Trickle(foreign, iron);
  let ours;
  let theirs;
  await exchange.collide(async () => {
    [ours, theirs] = await Promise.all([iron.createChannel('ours'), foreign.createChannel('theirs')]);
  });
  const opened = [iron.connected(), foreign.connected(), ours.opened(), theirs.opened()];
  await Promise.race([exchange.failed, Promise.all(opened)]);
  const found = [await foreign.incoming('ours'), await iron.incoming('theirs')];
  await exchange.negotiated();
  const before = exchange.collisions;
  assert.ok(before > 0, 'the offers collided');
  await exchange.collide(() => Promise.all([iron.restartIce(), foreign.restartIce()]));
  await exchange.negotiated();
  assert.ok(exchange.collisions > before, 'the restarts collided');
  await echo(ours, found[0], 'ours');
  await echo(theirs, found[1], 'theirs');
  await exchange.check();
}

export const negotiation = [
  ...['iron', 'foreign'].flatMap((side) => [
    { name: `${NAMES[side]} restarts ICE`, run: (context) => restarts(context, side) },
    { name: `${NAMES[side]} restarts ICE by an offer's option`, run: (context) => restartsByOption(context, side) },
    { name: `${NAMES[side]} takes an offer back`, run: (context) => rollsBack(context, side) },
    { name: `both offer at once and ${NAMES[side]} gives way`, run: (context) => collides(context, side) },
  ]),
  { name: 'renegotiation changes nothing', run: renegotiates },
];
