// Each codec that browsers share, passed on from one page to another and back.

import { hears, sees } from './content.js';
import { FIRST, openRoom, SECOND, usesCodec } from './room.js';

const PAIRS = [
  { audio: 'opus', video: 'VP8' },
  { audio: 'PCMU', video: 'VP9' },
  { audio: 'PCMA', video: 'AV1' },
  { audio: 'G722', video: 'H264', only: 'chromium' },
  // Firefox has no H.264 without a download.
  { audio: 'G722', video: 'VP8', only: 'firefox' },
];

async function passesOn(context, names) {
  const codecs = { audio: { name: names.audio }, video: { name: names.video } };
  const { first, second } = await openRoom(context, codecs);
  await Promise.all([
    hears(first.foreign, SECOND.hz), sees(first.foreign, SECOND.hue),
    hears(second.foreign, FIRST.hz), sees(second.foreign, FIRST.hue),
  ]);
  for (const { foreign } of [first, second]) {
    for (const kind of ['audio', 'video']) {
      for (const type of ['inbound-rtp', 'outbound-rtp']) await usesCodec(foreign, type, kind, names[kind]);
    }
  }
}

export const codecs = PAIRS.map((names) => ({
  name: `two pages hear and see each other in ${names.audio} and ${names.video}`,
  run: (context) => passesOn(context, names),
  only: names.only,
}));
