// Janus, a server whose plugins use a data channel in their own way: the echo test answers offers
// and sends back what it is sent, the text room offers and takes requests.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../../browser/lib/connection.js';
import { startIron } from '../../browser/lib/peers.js';
import { Handle, Janus } from '../janus.js';
import { beside, inARow, TIMES } from '../in-a-row.js';

const DATA = { audio: false, video: false, data: true };
const WROTE = 'Janus EchoTest here! You wrote: ';

// IronRTC offers a channel to the echo test.
async function offers(janus, iron, { trickle = false } = {}) {
  const handle = await Handle.attach(janus, 'janus.plugin.echotest');
  const pc = await Connection.create(iron);
  const channel = await pc.createChannel('chat');
  const offer = await pc.setLocal(await pc.createOffer());
  const answer = await handle.message(DATA, trickle ? offer : await pc.gathered());
  await pc.setRemote(answer);
  if (trickle) {
    for (let candidate; candidate !== null;) {
      ({ candidate } = await pc.event('icecandidate'));
      await handle.trickle(candidate);
    }
  }
  await channel.opened();
  return { handle, pc, channel };
}

// The text room offers, and IronRTC makes the channel, as Janus leaves that to its clients.
async function answers(janus, iron) {
  const handle = await Handle.attach(janus, 'janus.plugin.textroom');
  const pc = await Connection.create(iron);
  await pc.setRemote(await handle.message({ request: 'setup' }));
  const channel = await pc.createChannel('JanusDataChannel');
  await pc.setLocal(await pc.createAnswer());
  await handle.answer({ request: 'ack' }, await pc.gathered());
  await channel.opened();
  return { handle, pc, channel };
}

async function asksForRooms({ channel }) {
  await channel.send(JSON.stringify({ textroom: 'list', transaction: 'rooms' }));
  const answer = JSON.parse(await channel.message());
  assert.equal(answer.textroom, 'success');
  assert.equal(answer.transaction, 'rooms');
}

async function echoes({ channel }, text = 'text – ünïcode') {
  await channel.send(text);
  assert.equal(await channel.message(), WROTE + text);
}

const ROLES = {
  'IronRTC offers': { connect: offers, talk: echoes },
  'Janus offers': { connect: answers, talk: asksForRooms },
};

async function end({ handle, pc }) {
  await pc.close();
  await handle.close();
}

const tests = {
  'IronRTC offers, trickled': async (janus, iron) => {
    const connected = await offers(janus, iron, { trickle: true });
    await echoes(connected);
    await end(connected);
  },
  'bytes and long texts come back': async (janus, iron) => {
    const connected = await offers(janus, iron);
    const { channel } = connected;
    await channel.send({ hex: '00ff10' });
    assert.deepEqual(await channel.message(), { hex: '00ff10' });
    const [{ sha256 }, received] = await Promise.all([
      channel.sendBulk(4_000_000, 40_000), channel.receiveBulk(4_000_000),
    ]);
    assert.deepEqual(received, { bytes: 4_000_000, messages: 100, sha256 });
    await end(connected);
  },
  'IronRTC restarts ICE': async (janus, iron) => {
    const connected = await offers(janus, iron);
    const { handle, pc } = connected;
    await pc.setLocal(await pc.createOffer({ iceRestart: true }));
    await pc.setRemote(await handle.message(DATA, { ...await pc.gathered(), update: true }));
    await echoes(connected, 'after the restart');
    await end(connected);
  },
  'Janus restarts ICE': async (janus, iron) => {
    const connected = await answers(janus, iron);
    const { handle, pc } = connected;
    await pc.setRemote(await handle.message({ request: 'restart' }));
    await pc.setLocal(await pc.createAnswer());
    await handle.answer({ request: 'ack' }, await pc.gathered());
    await asksForRooms(connected);
    await end(connected);
  },
  'IronRTC closes the connection': async (janus, iron) => {
    const { handle, pc } = await offers(janus, iron);
    await pc.close();
    await handle.event('the end', ({ janus: kind }) => kind === 'hangup');
    await handle.close();
  },
  'Janus closes the connection': async (janus, iron) => {
    const { handle, pc, channel } = await offers(janus, iron);
    await handle.hangup();
    await channel.event('close');
    await handle.close();
    await pc.close();
  },
};

for (const [role, { connect, talk }] of Object.entries(ROLES)) {
  for (const busy of [false, true]) {
    tests[`${role} ${inARow(busy)}`] = async (janus, iron) => {
      for (let n = 1; n <= TIMES; n += 1) {
        const connected = await connect(janus, iron);
        await talk(connected);
        await end(connected);
      }
    };
    tests[`${role} ${inARow(busy)}`].busy = busy;
  }
}

for (const [name, run] of Object.entries(tests)) {
  test(`janus: ${name}`, { timeout: 120_000 }, () => beside(run.busy, async () => {
    const core = run.busy ? 0 : undefined;
    const [janus, iron] = [await Janus.start({ core }), await startIron({ core })];
    try {
      await run(janus, iron);
    } finally {
      await Promise.all([iron.stop(), janus.stop()]);
    }
  }));
}
