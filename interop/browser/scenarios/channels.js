// Channels of all kinds, and how they close.

import assert from 'node:assert/strict';
import { negotiate } from '../lib/signaling.js';
import { echo } from './context.js';

const KINDS = [
  ['plain', {}],
  ['unordered', { ordered: false }],
  ['no retransmission', { maxRetransmits: 0 }],
  ['three retransmissions, unordered', { ordered: false, maxRetransmits: 3 }],
  ['lifetime', { maxPacketLifeTime: 500 }],
  ['lifetime, unordered', { ordered: false, maxPacketLifeTime: 1500 }],
  ['protocol', { protocol: 'chat.v1' }],
  ['', {}],
  ['ünïcode – 名前', { protocol: 'prötocol' }],
];

const ATTRIBUTES = ['label', 'protocol', 'ordered', 'maxRetransmits', 'maxPacketLifeTime', 'id'];

const MESSAGES = ['text – ünïcode', '', { hex: '00ff10' }, { hex: '' }];

async function allMessages(from, to, { messages = MESSAGES }) {
  for (const message of messages) await from.send(message);
  for (const message of messages) assert.deepEqual(await to.message(), message);
}

// Nine kinds announced in-band, made by `maker`, and a negotiated one.
export async function tenChannels(context, maker) {
  const { iron, foreign } = await context.pair();
  const [one, two] = maker === 'iron' ? [iron, foreign] : [foreign, iron];
  const { kinds: count = KINDS.length, negotiatedId = 100 } = context.options;
  const kinds = KINDS.slice(0, count);
  const made = [];
  for (const [label, options] of kinds) made.push(await one.createChannel(label, options));
  const negotiated = { negotiated: true, id: negotiatedId };
  const known = [await one.createChannel('known', negotiated), await two.createChannel('known', negotiated)];
  await negotiate(one, two);

  const found = [];
  for (const [label] of kinds) found.push(await two.incoming(label));
  await Promise.all([...made, ...found, ...known].map((channel) => channel.opened()));
  // Some stacks do not tell all of a channel.
  const { tells = ATTRIBUTES } = context.options;
  const [ours, theirs] = maker === 'iron' ? [made, found] : [found, made];
  const ids = new Set();
  for (const [index, [label, options]] of kinds.entries()) {
    const [here, there] = [await ours[index].info(), await theirs[index].info()];
    ids.add(here.id);
    for (const key of tells) assert.equal(there[key] ?? null, here[key] ?? null, `${key} of ${label}`);
    assert.equal(here.label, label);
    assert.equal(here.protocol, options.protocol ?? '');
    assert.equal(here.ordered, options.ordered ?? true);
    assert.equal(here.maxRetransmits ?? undefined, options.maxRetransmits);
    assert.equal(here.maxPacketLifeTime ?? undefined, options.maxPacketLifeTime);
    assert.equal(here.negotiated, false);
  }
  assert.equal(ids.size, kinds.length, 'each has an id of its own');
  assert.equal((await known[maker === 'iron' ? 0 : 1].info()).id, negotiatedId);

  // The order of messages is promised on ordered channels only.
  for (const [index, channel] of made.entries()) {
    if (kinds[index][1].ordered === false) await echo(channel, found[index]);
    else {
      await allMessages(channel, found[index], context.options);
      await allMessages(found[index], channel, context.options);
    }
  }
  await allMessages(known[0], known[1], context.options);
  await allMessages(known[1], known[0], context.options);
}

// Each side makes channels at the same time; ids do not collide, by RFC 8832 section 6.
async function bothSides(context) {
  const { iron, foreign } = await context.connected();
  const labels = [1, 2, 3];
  const ours = await Promise.all(labels.map((n) => iron.createChannel(`iron ${n}`)));
  const theirs = await Promise.all(labels.map((n) => foreign.createChannel(`foreign ${n}`)));
  await Promise.all([...ours, ...theirs].map((channel) => channel.opened()));
  for (const n of labels) {
    await echo(ours[n - 1], await foreign.incoming(`iron ${n}`));
    await echo(theirs[n - 1], await iron.incoming(`foreign ${n}`));
  }
}

async function closes(context, closer) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected();
  const [one, two] = closer === 'iron' ? [ironChannel, foreignChannel] : [foreignChannel, ironChannel];
  await one.send('last words');
  await one.close();
  assert.equal(await two.message(), 'last words');
  await Promise.all([one.event('close'), two.event('close')]);
  assert.equal(await one.state(), 'closed');
  assert.equal(await two.state(), 'closed');
  assert.equal((await iron.states()).connection, 'connected');

  // The id is free again, in both directions.
  for (const [maker, other] of [[iron, foreign], [foreign, iron]]) {
    for (const n of [1, 2, 3]) {
      const made = await maker.createChannel(`again ${n}`);
      const found = await other.incoming(`again ${n}`);
      await made.opened();
      await echo(made, found);
      await made.close();
      await Promise.all([made.event('close'), found.event('close')]);
    }
  }
}

// The connection is closed: the other side's channels close, and soon.
async function connectionCloses(context, closer) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected();
  const [pc, other] = closer === 'iron' ? [iron, foreignChannel] : [foreign, ironChannel];
  await pc.close();
  await other.event('close', 5_000);
  assert.equal(await other.state(), 'closed');
  if (closer === 'foreign') return;
  assert.equal((await pc.states()).connection, 'closed');
  assert.equal((await pc.states()).signaling, 'closed');
}

const NAMES = { iron: 'IronRTC', foreign: 'the peer' };

export const channels = [
  ...['iron', 'foreign'].flatMap((side) => [
    { name: `ten channels of all kinds, made by ${NAMES[side]}`, run: (context) => tenChannels(context, side) },
    { name: `${NAMES[side]} closes a channel, and ids are used again`, run: (context) => closes(context, side) },
    { name: `${NAMES[side]} closes the connection`, run: (context) => connectionCloses(context, side) },
  ]),
  { name: 'both sides make channels at once', run: bothSides },
];
