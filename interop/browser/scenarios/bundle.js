// Media beside data under each bundle policy, in each order. IronRTC has no tracks here: it takes
// what is sent, and data goes over the transport that they share.

import assert from 'node:assert/strict';
import { negotiate, Trickle } from '../lib/signaling.js';
import { echo } from './context.js';

const POLICIES = ['balanced', 'max-compat', 'max-bundle'];

// Browsers put media that is there already before data, so that another order takes several offers.
const ORDERS = [
  [['audio', 'video', 'data']],
  [['video', 'audio', 'data']],
  [['audio', 'data'], ['video']],
  [['video', 'data'], ['audio']],
  [['data'], ['audio', 'video']],
  [['data'], ['video', 'audio']],
  [['audio'], ['data']],
];

function sections({ sdp }) {
  return sdp.split(/^m=/m).slice(1);
}

// What was answered: everything, in the same order, and in one bundle.
function checkAnswer(offer, answer) {
  const [ours, theirs] = [sections(answer), sections(offer)];
  assert.deepEqual(ours.map((s) => s.split(' ')[0]), theirs.map((s) => s.split(' ')[0]));
  for (const section of ours) {
    assert.notEqual(section.split(' ')[1], '0', `a section was declined:\n${section}`);
    if (!section.startsWith('application')) assert.match(section, /^a=recvonly\r$/m);
  }
  const tags = ({ sdp }) => sdp.match(/^a=group:BUNDLE (.*)\r$/m)[1];
  assert.equal(tags(answer), tags(offer));
}

async function orders(context, bundlePolicy) {
  for (const steps of ORDERS) {
    const { iron, foreign: browser } = await context.pair({}, { bundlePolicy });
    let sent;
    let received;
    for (const [number, kinds] of steps.entries()) {
      for (const kind of kinds) {
        if (kind === 'data') sent = await browser.createChannel('chat');
        else await browser.addTransceiver(kind);
      }
      await negotiate(browser, iron);
      if (!context.other) checkAnswer(await browser.gathered(), await iron.gathered());
      if (number === 0) await Promise.all([iron.connected(), browser.connected()]);
      if (kinds.includes('data')) {
        received = await iron.incoming('chat');
        await Promise.all([sent.opened(), received.opened()]);
      }
      if (sent) await echo(sent, received, JSON.stringify(steps));
    }
    // The other side offers the same session again.
    await negotiate(iron, browser);
    await echo(sent, received, 'offered by the other side');
    await negotiate(browser, iron, { iceRestart: true });
    await echo(sent, received, 'restarted');
    await Promise.all([iron.close(), browser.close()]);
  }
}

// Candidates come under whichever section the browser likes.
async function trickles(context, bundlePolicy) {
  const { iron, foreign: browser } = await context.pair({}, { bundlePolicy });
  const exchange = new Trickle(browser, iron);
  await browser.addTransceiver('audio');
  await browser.addTransceiver('video');
  const sent = await browser.createChannel('chat');
  await Promise.all([iron.connected(), browser.connected()]);
  const received = await iron.incoming('chat');
  await Promise.all([sent.opened(), received.opened()]);
  await echo(sent, received);
  await exchange.check();
}

// IronRTC offers data, and the browser adds media to it.
async function joins(context, bundlePolicy) {
  const { iron, foreign: browser } = await context.pair({ bundlePolicy }, { bundlePolicy });
  const sent = await iron.createChannel('chat');
  await negotiate(iron, browser);
  const received = await browser.incoming('chat');
  await Promise.all([sent.opened(), received.opened()]);
  await browser.addTransceiver('video');
  await negotiate(browser, iron);
  await echo(sent, received, 'beside video');
  await negotiate(iron, browser);
  await echo(sent, received, 'offered by IronRTC');
}

export const bundle = POLICIES.flatMap((policy) => [
  { name: `${policy}: audio, video and data in every order`, run: (context) => orders(context, policy) },
  { name: `${policy}: candidates trickle beside media`, run: (context) => trickles(context, policy) },
  { name: `${policy}: media joins data`, run: (context) => joins(context, policy) },
]);
