// Runs every scenario between IronRTC and one browser, under node's test runner.

import { after, before, describe, test } from 'node:test';
import { Browser } from '../lib/browsers.js';
import { BrowserPeer, startIron } from '../lib/peers.js';
import { Context } from './context.js';
import { bundle } from './bundle.js';
import { camera } from './camera.js';
import { channels } from './channels.js';
import { changes } from './changes.js';
import { codecs } from './codecs.js';
import { connect } from './connect.js';
import { demo } from './demo.js';
import { example } from './example.js';
import { experimental } from './experimental.js';
import { losses } from './losses.js';
import { media } from './media.js';
import { negotiation } from './negotiation.js';
import { quality } from './quality.js';
import { simulcast } from './simulcast.js';
import { stats } from './stats.js';
import { transfer } from './transfer.js';

const SIDE_BY_SIDE = 3;

export function runAll(kind) {
  let browser;
  let other;

  before(async () => {
    browser = await Browser.launch(kind);
    // The tests test themselves: a browser takes IronRTC's place.
    const self = process.env.INTEROP_SELF;
    if (self) other = await Browser.launch(self);
    console.log(`# ${browser.version}${other ? ` against ${other.version}` : ''}`);
  });

  after(async () => {
    await Promise.all([browser?.close(), other?.close()]);
  });

  const between = ({ name, run, only }) => {
    if (only && only !== kind) return;
    test(`${kind}: ${name}`, { timeout: 180_000 }, async () => {
      const context = new Context({
        iron: () => (other ? BrowserPeer.start(other) : startIron()),
        foreign: () => BrowserPeer.start(browser),
      });
      try {
        await run(context);
      } finally {
        await context.stop();
      }
    });
  };
  for (const scenario of [...connect, ...channels, ...transfer, ...negotiation, ...bundle, ...stats]) between(scenario);
  // A browser has no tracks that another connection's fill.
  if (process.env.INTEROP_SELF) return;
  for (const scenario of media) between(scenario);
  // These wait for contents more than they compute.
  describe(`${kind}: contents`, { concurrency: SIDE_BY_SIDE }, () => {
    for (const scenario of [...codecs, ...changes, ...losses, ...simulcast, ...quality, ...experimental]) between(scenario);
  });

  // Of the programs themselves.
  for (const { name, run } of [...demo, ...camera, ...example]) {
    test(`${kind}: ${name}`, { timeout: 180_000 }, () => run(browser));
  }
}
