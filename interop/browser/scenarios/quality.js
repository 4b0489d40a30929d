// What users notice: every format is taken, who comes late sees too, sound is whole and goes with the
// pictures.

import assert from 'node:assert/strict';
import { eventually } from '../lib/events.js';
import { negotiate } from '../lib/signaling.js';
import { hears, sees } from './content.js';
import { createTracks, FIRST, forward, openRoom, send, streamOf } from './room.js';

// One video in each format of H.264 that the page has.
async function takesAllFormats(context) {
  const { iron, foreign: page } = await context.pair();
  const formats = await page.inPage((pc) => {
    const isH264 = ({ mimeType }) => mimeType === 'video/H264';
    const formats = RTCRtpSender.getCapabilities('video').codecs.filter(isH264);
    formats.forEach((format, index) => {
      const transceiver = pc.addTransceiver(pattern(60 * index), { streams: [new MediaStream()] });
      transceiver.setCodecPreferences([format]);
    });
    return formats.map(({ sdpFmtpLine }) => sdpFmtpLine);
  });
  assert.equal(formats.length, 6, `the formats: ${formats}`);
  await page.setLocal(await page.createOffer());
  await iron.setRemote(await page.gathered());
  await iron.echo();
  await iron.setLocal();
  await page.setRemote(await iron.gathered());
  await Promise.all(formats.map((_, index) => sees(page, 60 * index, `${index}`)));
  const report = await page.stats();
  for (const [index, format] of formats.entries()) {
    const stream = report.find(({ type, mid }) => type === 'inbound-rtp' && mid === `${index}`);
    const codec = report.find(({ id }) => id === stream.codecId);
    assert.equal(codec.sdpFmtpLine, format);
  }
}

async function comesLate(context) {
  const first = await context.pair();
  await send(first.foreign, FIRST);
  const tracks = await createTracks(first.iron);
  await negotiate(first.foreign, first.iron);
  await forward(first.iron, tracks);
  await eventually(async () => {
    const sent = await streamOf(first.foreign, 'outbound-rtp', 'video');
    assert.ok(sent.framesSent > 30, `pictures are sent: ${JSON.stringify(sent)}`);
  });
  const second = await context.another(first.iron);
  for (const track of Object.values(tracks)) await second.iron.command('addTrack', { track });
  await negotiate(second.iron, second.foreign);
  await Promise.all([hears(second.foreign, FIRST.hz), sees(second.foreign, FIRST.hue)]);
}

// Of what is heard in some second, hardly anything was made up; and pictures and sound of one moment are
// shown together.
async function isWhole(context) {
  const { second } = await openRoom(context);
  const heard = () => streamOf(second.foreign, 'inbound-rtp', 'audio');
  // Sound is counted while it is played.
  await hears(second.foreign, FIRST.hz);
  let before = await heard();
  await eventually(async () => {
    const after = await heard();
    const samples = after.totalSamplesReceived - (before.totalSamplesReceived ?? 0);
    const concealed = after.concealedSamples - (before.concealedSamples ?? 0);
    if (samples >= 48_000) before = after;
    assert.ok(samples >= 48_000 && concealed < 0.01 * samples, `${concealed} of ${samples} samples were made up`);
  }, 30_000);
  await eventually(async () => {
    const [audio, video] = [await heard(), await streamOf(second.foreign, 'inbound-rtp', 'video')]
      .map(({ estimatedPlayoutTimestamp }) => estimatedPlayoutTimestamp);
    assert.ok(Math.abs(audio - video) < 50, `the sound of ${audio} goes with the picture of ${video}`);
  }, 30_000);
}

export const quality = [
  { name: 'each format of H.264 comes back', run: takesAllFormats, only: 'chromium' },
  { name: 'a page that comes late hears and sees', run: comesLate },
  { name: 'sound that is passed on is whole and in time with the pictures', run: isWhole },
];
