// What changes while media flows: muted tracks, other tracks, directions, sections that come and go.

import assert from 'node:assert/strict';
import { eventually } from '../lib/events.js';
import { negotiate } from '../lib/signaling.js';
import { hears, hearsNothing, sees, seesBlack } from './content.js';
import { createTracks, FIRST, openRoom, SECOND } from './room.js';

const [AUDIO, VIDEO] = [0, 1];
const OTHER = { hz: 1400, hue: 120 };

const all = (page, { hz, hue }) => Promise.all([hears(page, hz), sees(page, hue)]);

function enable(page, enabled) {
  return page.inPage((pc, enabled) => {
    for (const { track } of pc.getSenders()) track.enabled = enabled;
  }, enabled);
}

async function mutes(context) {
  const { first, second, toSecond } = await openRoom(context);
  await all(second.foreign, FIRST);
  await enable(first.foreign, false);
  await Promise.all([hearsNothing(second.foreign), seesBlack(second.foreign)]);
  await enable(first.foreign, true);
  await all(second.foreign, FIRST);
  // The same by IronRTC's own track.
  await second.iron.command('setEnabled', { track: toSecond.audio, enabled: false });
  await hearsNothing(second.foreign);
  await second.iron.command('setEnabled', { track: toSecond.audio, enabled: true });
  await hears(second.foreign, FIRST.hz);
}

async function replaces(context) {
  const { first, second, toFirst, toSecond } = await openRoom(context);
  await all(second.foreign, FIRST);
  await first.foreign.inPage(async (pc, hz, hue) => {
    for (const sender of pc.getSenders()) {
      await sender.replaceTrack(sender.track.kind === 'audio' ? await tone(hz) : pattern(hue));
    }
  }, OTHER.hz, OTHER.hue);
  await all(second.foreign, OTHER);
  // IronRTC sends the second page its own sound and pictures, and then the first's again.
  for (const [tracks, content] of [[toFirst, SECOND], [toSecond, OTHER]]) {
    await second.iron.command('replaceTrack', { transceiver: AUDIO, track: tracks.audio });
    await second.iron.command('replaceTrack', { transceiver: VIDEO, track: tracks.video });
    await all(second.foreign, content);
  }
  await second.iron.command('replaceTrack', { transceiver: AUDIO });
  await hearsNothing(second.foreign);
  assert.equal((await second.iron.states()).signaling, 'stable');
}

const SENDS = { sendrecv: true, sendonly: true, recvonly: false, inactive: false };
const MIRRORED = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' };

function pageDirections(page) {
  return page.inPage((pc) => pc.getTransceivers().map((one) => one.currentDirection));
}

async function ironDirections(iron) {
  return (await iron.command('transceivers')).map((one) => one.currentDirection);
}

// The tracks of the other side are muted and unmuted as the directions change.
async function changesDirections(context, side) {
  const { first: { iron, foreign: page }, second } = await openRoom(context);
  const others = side === 'iron' ? page : second.foreign;
  const content = side === 'iron' ? SECOND : FIRST;
  await all(others, content);
  for (const transceiver of [AUDIO, VIDEO]) await iron.command('watchTrack', { transceiver });
  let sent = true;
  for (const direction of ['sendonly', 'inactive', 'recvonly', 'sendrecv']) {
    if (side === 'iron') {
      for (const transceiver of [AUDIO, VIDEO]) await iron.command('setDirection', { transceiver, direction });
      await negotiate(iron, page);
    } else {
      await page.inPage((pc, direction) => {
        for (const one of pc.getTransceivers()) one.direction = direction;
      }, direction);
      await negotiate(page, iron);
    }
    const [mine, theirs] = [[direction, direction], [MIRRORED[direction], MIRRORED[direction]]];
    assert.deepEqual(await pageDirections(page), side === 'iron' ? theirs : mine);
    assert.deepEqual(await ironDirections(iron), side === 'iron' ? mine : theirs);
    if (SENDS[direction] !== sent) {
      sent = SENDS[direction];
      const event = sent ? 'unmute' : 'mute';
      for (const number of [AUDIO, VIDEO]) {
        await (side === 'iron'
          ? page.event(event, ({ mid }) => mid === `${number}`)
          : iron.event(event, ({ transceiver }) => transceiver === number));
      }
    }
    if (direction === 'sendonly') await all(others, content);
    if (direction === 'inactive') await hearsNothing(others);
  }
  await Promise.all([all(page, SECOND), all(second.foreign, FIRST)]);
}

const sections = ({ sdp }) => sdp.match(/^m=/gm).length;

// The page sends one video more, which the other page gets in a section more.
async function passOn(first, second, hue) {
  const added = first.iron.event('track', ({ transceiver }) => transceiver > VIDEO);
  await first.foreign.inPage((pc, hue) => { pc.addTransceiver(pattern(hue), { streams: [new MediaStream()] }); }, hue);
  await negotiate(first.foreign, first.iron);
  const { transceiver, mid } = await added;
  const { video } = await createTracks(first.iron);
  await first.iron.command('forward', { transceiver, track: video });
  const sender = await second.iron.command('addTransceiver', { track: video, direction: 'sendonly', streams: ['more'] });
  await negotiate(second.iron, second.foreign);
  const there = (await second.iron.command('transceivers')).find((one) => one.transceiver === sender);
  await sees(second.foreign, hue, there.mid);
  return { receiver: transceiver, mid, sender, there: there.mid };
}

async function comesAndGoes(context) {
  const { first, second } = await openRoom(context);
  await all(second.foreign, FIRST);
  const more = await passOn(first, second, OTHER.hue);
  const before = [sections(await first.foreign.gathered()), sections(await second.foreign.gathered())];
  await first.iron.command('watchTrack', { transceiver: more.receiver });

  // It is removed, which mutes it, and sent again.
  await first.foreign.inPage((pc) => { pc.removeTrack(pc.getSenders().at(-1)); });
  await negotiate(first.foreign, first.iron);
  await first.iron.event('mute', ({ transceiver }) => transceiver === more.receiver);
  await second.iron.command('removeTrack', { transceiver: more.sender });
  await negotiate(second.iron, second.foreign);
  await second.foreign.event('mute', ({ mid }) => mid === more.there);

  // Both sections end, and other videos take them over.
  await first.foreign.inPage((pc) => { pc.getTransceivers().at(-1).stop(); });
  await negotiate(first.foreign, first.iron);
  await first.iron.event('ended', ({ transceiver }) => transceiver === more.receiver);
  await second.iron.command('stop', { transceiver: more.sender });
  await negotiate(second.iron, second.foreign);
  await second.foreign.event('ended', ({ mid }) => mid === more.there);
  const again = await passOn(first, second, 300);
  assert.notEqual(again.receiver, more.receiver);
  assert.notEqual(again.mid, more.mid);
  assert.deepEqual([sections(await first.foreign.gathered()), sections(await second.foreign.gathered())], before);

  // IronRTC stops what it receives.
  await first.iron.command('stop', { transceiver: again.receiver });
  await negotiate(first.iron, first.foreign);
  await eventually(async () => {
    const states = await first.foreign.inPage((pc) => pc.getTransceivers().map(({ currentDirection }) => currentDirection));
    assert.ok(!states.slice(2).some((state) => state && state !== 'stopped'), `it is stopped: ${JSON.stringify(states)}`);
  });
  await Promise.all([all(first.foreign, SECOND), all(second.foreign, FIRST)]);
}

export const changes = [
  { name: 'muted tracks are black and silent', run: mutes },
  { name: 'tracks are replaced by others', run: replaces },
  { name: 'the page changes directions', run: (context) => changesDirections(context, 'foreign') },
  { name: 'IronRTC changes directions', run: (context) => changesDirections(context, 'iron') },
  { name: 'videos are added and removed, and sections used again', run: comesAndGoes },
];
