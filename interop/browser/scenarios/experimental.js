// What Chromium can do when it is told to.

import assert from 'node:assert/strict';
import { Browser } from '../lib/browsers.js';
import { BrowserPeer, startIron } from '../lib/peers.js';
import { hears, sees } from './content.js';
import { Context } from './context.js';
import { FIRST, send } from './room.js';

// A page of a browser with these flags and its echo.
async function echoesWith(flags, check) {
  const browser = await Browser.launch('chromium', { flags });
  const context = new Context({ iron: () => startIron(), foreign: () => BrowserPeer.start(browser) });
  try {
    const { iron, foreign: page } = await context.pair();
    await send(page, FIRST);
    await page.setLocal(await page.createOffer());
    const offer = await page.gathered();
    await iron.setRemote(offer);
    await iron.echo();
    await iron.setLocal();
    const answer = await iron.gathered();
    await page.setRemote(answer);
    await Promise.all([hears(page, FIRST.hz), sees(page, FIRST.hue)]);
    check({ offer: offer.sdp, answer: answer.sdp });
  } finally {
    await context.stop();
    await browser.close();
  }
}

// Header extensions are encrypted (RFC 9335). Who does not do it cannot read what the other sends.
function encryptsExtensions({ offer, answer }) {
  assert.match(offer, /^a=cryptex/m);
  assert.match(answer, /^a=cryptex/m);
}

export const experimental = [
  { name: 'header extensions are encrypted both ways', only: 'chromium', run: () => echoesWith(['--enable-experimental-web-platform-features'], encryptsExtensions) },
];
