// Media over a bad network, and over one that changes.

import assert from 'node:assert/strict';
import { eventually } from '../lib/events.js';
import { BEHIND_RELAY, negotiateOverRelay } from '../lib/relay.js';
import { negotiate } from '../lib/signaling.js';
import { hears, sees } from './content.js';
import { FIRST, openRoom, SECOND, send, streamOf } from './room.js';

// Packets that came again. Firefox does not count them, nor among others; but most frames of the pattern
// are one packet.
const again = ({ retransmittedPacketsReceived, framesDecoded, packetsReceived }) =>
  retransmittedPacketsReceived ?? framesDecoded - packetsReceived;

// Both sides tell that packets were sent again and came, and the echo is right.
async function survives(context, loss) {
  const { iron, foreign: page } = await context.pair(BEHIND_RELAY);
  await send(page, FIRST);
  await negotiateOverRelay(iron, page, loss, 1);
  await Promise.all([iron.connected(), page.connected()]);
  for (const [sender, receiver] of [[page, iron], [iron, page]]) {
    await eventually(async () => {
      const sent = await streamOf(sender, 'outbound-rtp', 'video');
      const received = await streamOf(receiver, 'inbound-rtp', 'video');
      const seen = `${JSON.stringify(sent)}; ${JSON.stringify(received)}`;
      assert.ok(sent.nackCount > 0, `asked for: ${seen}`);
      assert.ok(sent.retransmittedPacketsSent > 0, `sent again: ${seen}`);
      assert.ok(again(received) > 0, `received again: ${seen}`);
    }, 30_000);
  }
  await Promise.all([hears(page, FIRST.hz), sees(page, FIRST.hue)]);
}

async function restarts(context, side) {
  const { first, second } = await openRoom(context);
  await Promise.all([sees(first.foreign, SECOND.hue), sees(second.foreign, FIRST.hue)]);
  const { iron, foreign: page } = first;
  const [one, two] = side === 'iron' ? [iron, page] : [page, iron];
  const fragments = async () => [await iron.gathered(), await page.gathered()].map(({ sdp }) => sdp.match(/a=ice-ufrag:(\S+)/)[1]);
  const before = await fragments();
  await negotiate(one, two, { iceRestart: true });
  const after = await fragments();
  assert.ok(before.every((fragment, index) => fragment !== after[index]), `new credentials: ${before} ${after}`);
  await Promise.all([
    hears(page, SECOND.hz), sees(page, SECOND.hue),
    hears(second.foreign, FIRST.hz), sees(second.foreign, FIRST.hue),
  ]);
  assert.equal((await iron.states()).connection, 'connected');
}

export const losses = [
  { name: 'media survives 2 % of loss', run: (context) => survives(context, 20), only: 'firefox' },
  { name: 'media survives 5 % of loss', run: (context) => survives(context, 50) },
  { name: 'media survives 10 % of loss', run: (context) => survives(context, 100) },
  { name: 'media goes on when the page restarts ICE', run: (context) => restarts(context, 'foreign') },
  { name: 'media goes on when IronRTC restarts ICE', run: (context) => restarts(context, 'iron') },
];
