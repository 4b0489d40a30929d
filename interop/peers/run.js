// Runs the scenarios that browsers pass between IronRTC and one other stack.

import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { ProcessPeer, startIron } from '../browser/lib/peers.js';
import { Context } from '../browser/scenarios/context.js';
import { channels } from '../browser/scenarios/channels.js';
import { connect } from '../browser/scenarios/connect.js';
import { negotiation } from '../browser/scenarios/negotiation.js';
import { stats } from '../browser/scenarios/stats.js';
import { transfer } from '../browser/scenarios/transfer.js';
import { beside, rows } from './in-a-row.js';

const TIMEOUT = 120_000;

export function here(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}

// `command` starts the peer, which is `silent` if it never fires `negotiationneeded`. `options` fit
// the scenarios: `messages` that it can tell apart, MiB of a `bulk` transfer. `faults` says what the
// stack cannot do or does wrong: by the scenario's name the reason, and what then is asserted of
// IronRTC instead, if anything is.
export function runAll({ name: stack, command, silent, options = {}, faults = {} }) {
  const known = new Set(Object.keys(faults));
  for (const { name, run, busy } of [...connect, ...rows, ...channels, ...transfer, ...negotiation, ...stats]) {
    const fault = known.delete(name) && faults[name];
    const skip = fault && !fault.run && `${stack}: ${fault.why}`;
    const title = fault ? `${stack}: ${name} (${fault.why})` : `${stack}: ${name}`;
    test(title, { timeout: TIMEOUT, skip }, () => beside(busy, async () => {
      const core = busy ? 0 : undefined;
      const context = new Context({
        iron: () => startIron({ core }),
        foreign: () => ProcessPeer.start(stack, command, { core, silent }),
      }, { bulk: 20, ...options });
      try {
        await (fault?.run ?? run)(context);
      } finally {
        await context.stop();
      }
    }));
  }
  test(`${stack}: its faults name scenarios that there are`, () => {
    if (known.size > 0) throw new Error([...known].join(', '));
  });
}
