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

const MESSAGES = ['text – ünïcode', '', { hex: '00ff10' }, { hex: '' }];

async function allMessages(from, to) {
  for (const message of MESSAGES) await from.send(message);
  for (const message of MESSAGES) assert.deepEqual(await to.message(), message);
}

// Nine kinds announced in-band, made by `maker`, and a negotiated one.
async function tenChannels(context, maker) {
  const { iron, browser } = await context.pair();
  const [one, two] = maker === 'iron' ? [iron, browser] : [browser, iron];
  const made = [];
  for (const [label, options] of KINDS) made.push(await one.createChannel(label, options));
  const negotiated = { negotiated: true, id: 100 };
  const known = [await one.createChannel('known', negotiated), await two.createChannel('known', negotiated)];
  await negotiate(one, two);

  const found = [];
  for (const [label] of KINDS) found.push(await two.incoming(label));
  await Promise.all([...made, ...found, ...known].map((channel) => channel.opened()));
  const ids = new Set();
  for (const [index, channel] of made.entries()) {
    const [here, there] = [await channel.info(), await found[index].info()];
    ids.add(here.id);
    for (const key of ['label', 'protocol', 'ordered', 'maxRetransmits', 'maxPacketLifeTime', 'id']) {
      assert.equal(there[key] ?? null, here[key] ?? null, `${key} of ${KINDS[index][0]}`);
    }
    assert.equal(there.ordered, KINDS[index][1].ordered ?? true);
    assert.equal(there.maxRetransmits ?? undefined, KINDS[index][1].maxRetransmits);
    assert.equal(there.maxPacketLifeTime ?? undefined, KINDS[index][1].maxPacketLifeTime);
    assert.equal(there.negotiated, false);
  }
  assert.equal(ids.size, KINDS.length, 'each has an id of its own');
  for (const channel of known) assert.equal((await channel.info()).id, 100);

  // The order of messages is promised on ordered channels only.
  for (const [index, channel] of made.entries()) {
    if (KINDS[index][1].ordered === false) await echo(channel, found[index]);
    else {
      await allMessages(channel, found[index]);
      await allMessages(found[index], channel);
    }
  }
  await allMessages(known[0], known[1]);
  await allMessages(known[1], known[0]);
}

// Each side makes channels at the same time; ids do not collide, by RFC 8832 section 6.
async function bothSides(context) {
  const { iron, browser } = await context.connected();
  const labels = [1, 2, 3];
  const ours = await Promise.all(labels.map((n) => iron.createChannel(`iron ${n}`)));
  const theirs = await Promise.all(labels.map((n) => browser.createChannel(`browser ${n}`)));
  await Promise.all([...ours, ...theirs].map((channel) => channel.opened()));
  for (const n of labels) {
    await echo(ours[n - 1], await browser.incoming(`iron ${n}`));
    await echo(theirs[n - 1], await iron.incoming(`browser ${n}`));
  }
}

async function closes(context, closer) {
  const { iron, browser, ironChannel, browserChannel } = await context.connected();
  const [one, two] = closer === 'iron' ? [ironChannel, browserChannel] : [browserChannel, ironChannel];
  await one.send('last words');
  await one.close();
  assert.equal(await two.message(), 'last words');
  await Promise.all([one.event('close'), two.event('close')]);
  assert.equal(await one.state(), 'closed');
  assert.equal(await two.state(), 'closed');
  assert.equal((await iron.states()).connection, 'connected');

  // The id is free again, in both directions.
  for (const [maker, other] of [[iron, browser], [browser, iron]]) {
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
  const { iron, browser, ironChannel, browserChannel } = await context.connected();
  const [pc, other] = closer === 'iron' ? [iron, browserChannel] : [browser, ironChannel];
  await pc.close();
  await other.event('close', 5_000);
  assert.equal(await other.state(), 'closed');
  assert.equal((await pc.states()).connection, 'closed');
  assert.equal((await pc.states()).signaling, 'closed');
}

const NAMES = { iron: 'IronRTC', browser: 'the browser' };

export const channels = [
  ...['iron', 'browser'].flatMap((side) => [
    { name: `ten channels of all kinds, made by ${NAMES[side]}`, run: (context) => tenChannels(context, side) },
    { name: `${NAMES[side]} closes a channel, and ids are used again`, run: (context) => closes(context, side) },
    { name: `${NAMES[side]} closes the connection`, run: (context) => connectionCloses(context, side) },
  ]),
  { name: 'both sides make channels at once', run: bothSides },
];
