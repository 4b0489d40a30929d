// A page sends one video in three sizes, and IronRTC passes one of them on.

import assert from 'node:assert/strict';
import { eventually } from '../lib/events.js';
import { negotiate } from '../lib/signaling.js';
import { sees } from './content.js';
import { createTracks, FIRST } from './room.js';

const WIDTHS = [240, 480, 960];

// The page sends such a video, and takes over a section that has ended.
function sendLayers(page, hue) {
  return page.inPage((pc, hue) => {
    pc.addTransceiver(pattern(hue, 960, 540), {
      streams: [new MediaStream()],
      sendEncodings: [
        { rid: 'q', scaleResolutionDownBy: 4 }, { rid: 'h', scaleResolutionDownBy: 2 }, { rid: 'f', scaleResolutionDownBy: 1 },
      ],
    });
  }, hue);
}

function receivesAll(iron, mid) {
  return eventually(async () => {
    const streams = (await iron.stats()).filter((entry) => entry.type === 'inbound-rtp' && entry.mid === mid);
    const growing = streams.filter(({ packetsReceived }) => packetsReceived > 10);
    assert.equal(growing.length, 3, `three layers come: ${JSON.stringify(streams)}`);
  }, 30_000);
}

async function passesOneOn(context) {
  const first = await context.pair();
  // The transport is another section's, which lasts.
  await first.foreign.addTransceiver('audio');
  await sendLayers(first.foreign, FIRST.hue);
  await negotiate(first.foreign, first.iron);
  await first.iron.connected();
  const before = await first.iron.event('track', ({ kind }) => kind === 'video');
  await receivesAll(first.iron, before.mid);
  const { video } = await createTracks(first.iron);
  const second = await context.another(first.iron);
  await first.iron.command('forward', { transceiver: before.transceiver, track: video });
  await second.iron.command('addTrack', { track: video });
  await negotiate(second.iron, second.foreign);
  const { width } = await sees(second.foreign, FIRST.hue);
  assert.ok(WIDTHS.includes(width), `${width} is a layer's width`);

  // It ends, and another one takes over its section.
  await first.foreign.inPage((pc) => { pc.getTransceivers()[1].stop(); });
  await negotiate(first.foreign, first.iron);
  await sendLayers(first.foreign, 120);
  await negotiate(first.foreign, first.iron);
  const after = await first.iron.event('track', ({ kind }) => kind === 'video');
  await receivesAll(first.iron, after.mid);
  await first.iron.command('forward', { transceiver: after.transceiver, track: video });
  await sees(second.foreign, 120);
}

export const simulcast = [{ name: 'one of three sizes is passed on', run: passesOneOn }];
