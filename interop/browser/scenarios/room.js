// Two pages in a room: IronRTC passes what one sends on to the other.

import assert from 'node:assert/strict';
import { eventually } from '../lib/events.js';
import { negotiate } from '../lib/signaling.js';

// What each page sends: the first's tone in Hz and hue of its pattern, and the second's.
export const FIRST = { hz: 500, hue: 210 };
export const SECOND = { hz: 900, hue: 30 };

// Adds tracks with a tone and a pattern to a page, and has it use only codecs whose names (and lines of
// parameters) are these.
export function send(page, { hz, hue }, codecs = {}) {
  return page.inPage(async (pc, hz, hue, codecs) => {
    const stream = new MediaStream();
    const tracks = [await tone(hz), pattern(hue)];
    for (const track of tracks) {
      pc.addTrack(track, stream);
      const wanted = codecs[track.kind];
      if (!wanted) continue;
      const all = RTCRtpReceiver.getCapabilities(track.kind).codecs;
      const found = all.filter(({ mimeType, sdpFmtpLine = '' }) => mimeType === `${track.kind}/${wanted.name}`
        && (!wanted.fmtp || sdpFmtpLine === wanted.fmtp));
      const repairs = all.filter(({ mimeType }) => mimeType.endsWith('/rtx'));
      pc.getTransceivers().at(-1).setCodecPreferences([...found, ...repairs]);
    }
  }, hz, hue, codecs);
}

let lastTrack = 0;

// Tracks of IronRTC for the sound and the pictures that a page is to receive.
export async function createTracks(iron) {
  const name = `track${++lastTrack}`;
  const tracks = { audio: `${name}-audio`, video: `${name}-video` };
  for (const [kind, track] of Object.entries(tracks)) await iron.command('createTrack', { kind, track });
  return tracks;
}

// The page offers, and IronRTC sends it these tracks.
export async function pageOffers(iron, page, tracks) {
  await page.setLocal(await page.createOffer());
  await iron.setRemote(await page.gathered());
  for (const track of Object.values(tracks)) await iron.command('addTrack', { track, streams: ['room'] });
  await iron.setLocal();
  await page.setRemote(await iron.gathered());
}

// IronRTC offers these tracks, with certain codecs alone, in sections that the page uses for its own.
export async function ironOffers(iron, page, tracks, codecs = {}) {
  for (const [kind, track] of Object.entries(tracks)) {
    const transceiver = await iron.command('addTransceiver', { track, streams: ['room'] });
    const wanted = codecs[kind];
    if (!wanted) continue;
    const all = await iron.command('capabilities', { kind });
    const found = all.filter(({ mimeType, sdpFmtpLine = '' }) => mimeType === `${kind}/${wanted.name}`
      && (!wanted.fmtp || sdpFmtpLine === wanted.fmtp));
    assert.ok(found.length > 0, `IronRTC has ${wanted.name}: ${JSON.stringify(all)}`);
    const repairs = all.filter(({ mimeType }) => mimeType.endsWith('/rtx'));
    await iron.command('setCodecPreferences', { transceiver, codecs: [...found, ...repairs] });
  }
  await negotiate(iron, page);
}

// Has IronRTC pass on what one connection receives, from its first transceivers of each kind.
export async function forward(iron, tracks) {
  const all = await iron.command('transceivers');
  for (const [kind, track] of Object.entries(tracks)) {
    const { transceiver } = all.find((one) => one.kind === kind);
    await iron.command('forward', { transceiver, track });
  }
}

// Two pages that hear and see each other: the first offers, the second is offered to.
export async function openRoom(context, codecs = {}) {
  const first = await context.pair();
  const second = await context.another(first.iron);
  await Promise.all([send(first.foreign, FIRST, codecs), send(second.foreign, SECOND)]);
  const [toFirst, toSecond] = [await createTracks(first.iron), await createTracks(first.iron)];
  await Promise.all([
    pageOffers(first.iron, first.foreign, toFirst),
    ironOffers(second.iron, second.foreign, toSecond, codecs),
  ]);
  const both = [first, second];
  await Promise.all(both.flatMap(({ iron, foreign }) => [iron.connected(), foreign.connected()]));
  await forward(first.iron, toSecond);
  await forward(second.iron, toFirst);
  return { first, second, toFirst, toSecond };
}

// The statistics of a page's streams of a kind in one direction, with the codec's name.
export async function streamOf(connection, type, kind) {
  const report = await connection.stats();
  const stream = report.find((entry) => entry.type === type && entry.kind === kind) ?? {};
  const codec = report.find(({ id }) => id === stream.codecId);
  return { ...stream, mimeType: codec?.mimeType, sdpFmtpLine: codec?.sdpFmtpLine };
}

export function usesCodec(connection, type, kind, name) {
  return eventually(async () => {
    const { mimeType } = await streamOf(connection, type, kind);
    assert.equal(mimeType, `${kind}/${name}`);
  });
}
