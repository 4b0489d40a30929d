// Media through IronRTC, judged by content: a page sees and hears its own camera and microphone.

import assert from 'node:assert/strict';
import { eventually } from '../lib/events.js';
import { checkPictures, checkTone } from '../lib/judge.js';
import { negotiate } from '../lib/signaling.js';

const KINDS = ['audio', 'video'];
const RATE_GOAL = 1_500_000;
const RATE_MS = 5000;
const RATE_TRIES = 3;

async function pageOffers(context) {
  const { iron, foreign: page } = await context.pair();
  await page.sendMedia(KINDS);
  await page.setLocal(await page.createOffer());
  await iron.setRemote(await page.gathered());
  await iron.echo();
  await iron.setLocal();
  await page.setRemote(await iron.gathered());
  return { iron, page };
}

async function pageAnswers(context) {
  const { iron, foreign: page } = await context.pair();
  for (const kind of KINDS) await iron.addTransceiver(kind);
  await page.sendMedia(KINDS);
  await negotiate(iron, page);
  await iron.echo();
  return { iron, page };
}

async function echoes(context, connect) {
  const { iron, page } = await connect(context);
  await Promise.all([iron.connected(), page.connected()]);
  checkTone(await page.hear());
  checkPictures(await page.see());
}

function of(report, type, kind) {
  return report.find((entry) => entry.type === type && entry.kind === kind) ?? {};
}

// The rates that a page thinks it may send at, in the first seconds of a connection that it sends a
// video over, until one reaches the goal.
async function ratesOf(context) {
  const { iron, foreign: page } = await context.pair();
  await page.sendMedia(['video']);
  await negotiate(page, iron);
  await Promise.all([iron.connected(), page.connected()]);
  const rates = [];
  for (const end = performance.now() + RATE_MS; performance.now() < end;) {
    const report = await page.stats();
    const pair = report.find((entry) => entry.type === 'candidate-pair' && entry.nominated) ?? {};
    rates.push(pair.availableOutgoingBitrate);
    if (pair.availableOutgoingBitrate > RATE_GOAL) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { iron, page, rates };
}

// What arrived is told, so that the browser soon sends at a higher rate. The browser measures that by
// a few dozen packets, which a busy machine delays: one connection of some has to do.
async function isTold(context) {
  const seen = [];
  while (seen.length < RATE_TRIES) {
    const { iron, page, rates } = await ratesOf(context);
    if (rates.at(-1) > RATE_GOAL) return;
    seen.push(rates);
    await Promise.all([iron.close(), page.close()]);
  }
  assert.fail(`the rates of ${seen.length} connections: ${seen.map((rates) => rates.join(', ')).join('; ')}`);
}

// A key frame that IronRTC asks for comes.
async function isAsked(context) {
  const { iron, foreign: page } = await context.pair();
  await page.sendMedia(['video']);
  await negotiate(page, iron);
  const sent = async () => of(await page.stats(), 'outbound-rtp', 'video');
  const before = await eventually(async () => {
    const report = await sent();
    assert.ok(report.framesEncoded > 0, `frames were sent: ${JSON.stringify(report)}`);
    return report;
  });
  await iron.requestKeyFrames();
  await eventually(async () => {
    const report = await sent();
    assert.ok(report.pliCount > (before.pliCount ?? 0), `asked for: ${JSON.stringify(report)}`);
    assert.ok((report.keyFramesEncoded ?? Infinity) > (before.keyFramesEncoded ?? 0), `made: ${JSON.stringify(report)}`);
  });
}

export const media = [
  { name: 'a page that offers sees and hears its own echo', run: (context) => echoes(context, pageOffers) },
  { name: 'a page that answers sees and hears its own echo', run: (context) => echoes(context, pageAnswers) },
  { name: 'arrivals are told, and the rate rises', run: isTold, only: 'chromium' },
  { name: 'a key frame is asked for', run: isAsked },
];
