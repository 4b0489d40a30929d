// Media between IronRTC and a stack of npm in this process, with IronRTC sending back what it gets.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Connection } from '../../browser/lib/connection.js';
import { within } from '../../browser/lib/events.js';
import { startIron } from '../../browser/lib/peers.js';

const PATIENCE = 20_000;
const KINDS = ['audio', 'video'];

// A condition that holds some time.
export async function until(what, condition) {
  const holds = async () => {
    while (!condition()) await new Promise((resolve) => { setTimeout(resolve, 20); });
  };
  await within(what, holds(), PATIENCE);
}

// Runs what `each` gives once a moment, at its own pace, until it is stopped.
export function repeat(milliseconds, each) {
  const timer = setInterval(each, milliseconds);
  return () => clearInterval(timer);
}

async function exchange(iron, foreign, offerer) {
  if (offerer === 'IronRTC') {
    for (const kind of KINDS) await iron.addTransceiver(kind);
    await iron.echo();
    await iron.setLocal();
    await iron.setRemote(await foreign.answer(await iron.gathered()));
    return;
  }
  await iron.setRemote(await foreign.offer());
  await iron.echo();
  await iron.setLocal();
  await foreign.accept(await iron.gathered());
}

const of = (report, type, kind) => report.find((entry) => entry.type === type && entry.kind === kind) ?? {};

// `start` gives a peer that sends sound and pictures: `offer()`, `answer(offer)` and `accept(answer)`
// with whole descriptions, `check()`, which waits for what comes back and judges it, and `close()`.
export function runMedia(stack, start) {
  for (const offerer of ['IronRTC', stack]) {
    test(`${stack}: ${offerer} offers, and media comes back`, { timeout: 60_000 }, async () => {
      const peer = await startIron();
      const foreign = await start();
      try {
        const iron = await Connection.create(peer);
        await exchange(iron, foreign, offerer);
        await iron.connected();
        await foreign.check();
        const report = await iron.stats();
        for (const kind of KINDS) {
          const received = of(report, 'inbound-rtp', kind).packetsReceived;
          const sent = of(report, 'outbound-rtp', kind).packetsSent;
          assert.ok(received >= 10 && sent >= 10 && sent <= received, `${kind}: ${received} came and ${sent} went`);
        }
      } finally {
        await foreign.close();
        await peer.stop();
      }
    });
  }
  // What a stack keeps running does not keep the process.
  after(() => { setTimeout(() => process.exit(), 500).unref(); });
}
