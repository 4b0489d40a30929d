// Connecting again and again, which finds what goes wrong now and then.

import { spawn } from 'node:child_process';
import { Connection } from '../browser/lib/connection.js';
import { connect, echo } from '../browser/scenarios/context.js';

export const TIMES = 30;

// Keeps the first core busy, if asked to, while a job runs.
export async function beside(busy, job) {
  const spinner = busy ? spawn('taskset', ['-c', '0', 'timeout', '150', process.execPath, '-e', 'for (;;);']) : undefined;
  try {
    return await job();
  } finally {
    spinner?.kill();
  }
}

export function inARow(busy) {
  return `thirty times in a row${busy ? ', on a busy core' : ''}`;
}

// New connections of the same two processes, one after the other. A few may fail in a way that is
// known to be the peer's fault.
export async function connectsInARow(context, offerer, forgiven = { failure: /^$/, times: 0 }) {
  let failures = 0;
  const { iron: { peer: iron }, foreign: { peer: foreign } } = await context.pair();
  for (let n = 1; n <= TIMES; n += 1) {
    const [one, two] = [await Connection.create(iron), await Connection.create(foreign)];
    try {
      const { ironChannel, foreignChannel } = await connect(one, two, { offerer, trickle: false });
      await echo(ironChannel, foreignChannel);
    } catch (error) {
      failures += 1;
      if (!forgiven.failure.test(error.message) || failures > forgiven.times) {
        throw new Error(`connection ${n} of ${TIMES}, failure ${failures}: ${error.message}`);
      }
    }
    await Promise.all([one.close(), two.close()]);
  }
}

export const rows = ['iron', 'foreign'].flatMap((offerer) => [false, true].map((busy) => ({
  name: `${offerer === 'iron' ? 'IronRTC' : 'the peer'} offers ${inARow(busy)}`,
  busy,
  run: (context) => connectsInARow(context, offerer),
})));
