// The demo page, as a person uses it.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoPage, withDemo } from '../lib/demo.js';

const MIB = 1024 * 1024;

function fragment(page) {
  return page.page.evaluate(() =>
    window.ironrtc.peerConnection.localDescription.sdp.match(/a=ice-ufrag:(\S+)/)[1]);
}

async function connectsByItself(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  await page.ready();
  await page.echo('nothing was clicked');
  await page.close();
}

// What sticks out at the right, on the smallest telephones that are about.
async function fits(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  await page.ready();
  await page.click('camera-open');
  for (const width of [320, 360, 768, 1280]) {
    await page.page.setViewport({ width, height: 640 });
    const out = await page.page.evaluate(() => Array.from(document.querySelectorAll('body *'))
      .filter((element) => element.getClientRects().length > 0 && !element.closest('.hidden, .scroll, .log'))
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
      .map((element) => element.outerHTML.slice(0, 80)));
    assert.deepEqual(out, [], `at ${width} px`);
    const sideways = await page.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(sideways <= 0, `scrolls sideways by ${sideways} at ${width} px`);
  }
  await page.close();
}

async function chats(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  for (const offerer of ['browser', 'server']) {
    for (const trickle of [true, false]) {
      await page.connect({ offerer, trickle });
      await page.echo(`${offerer} offers, ${trickle ? 'trickled' : 'all at once'}`);
      await page.disconnect();
    }
  }
  await page.close();
}

async function pagesMeet(browser, demo) {
  const [one, two] = [await DemoPage.open(browser, demo), await DemoPage.open(browser, demo)];
  await one.connect();
  await two.connect({ offerer: 'server' });
  await one.say('from one to two');
  await two.heard('other', 'from one to two');
  await two.say('and back');
  await one.heard('other', 'and back');
  await Promise.all([one.close(), two.close()]);
}

async function movesFiles(browser, demo) {
  const folder = await mkdtemp(join(tmpdir(), 'ironrtc-demo-'));
  try {
    const path = join(folder, 'a file – ünïcode.bin');
    const data = randomBytes(5 * MIB + 1);
    const sha256 = createHash('sha256').update(data).digest('hex');
    await writeFile(path, data);

    const page = await DemoPage.open(browser, demo);
    await page.connect();
    const input = await page.page.$(page.$('file'));
    await input.uploadFile(path);
    await page.until('the upload', (selector) => document.querySelector(selector), page.$('transfer'));
    assert.equal(await page.transferred(), sha256, 'uploaded');

    await page.until('the server\'s list', (selector) => document.querySelector(selector), page.$('server-file'));
    const listed = await page.page.$eval(page.$('server-file'), (row) => ({ ...row.dataset, text: row.textContent }));
    assert.equal(listed.sha256, sha256);
    assert.match(listed.text, /a file – ünïcode\.bin/);
    await page.page.$eval(`${page.$('server-file')} button`, (button) => button.click());
    await page.until('the file to save', (selector) => document.querySelector(selector), page.$('save'));
    assert.equal(await page.transferred(), sha256, 'fetched');
    const saved = await page.page.$eval(page.$('save'), async (link) => {
      const bytes = await (await fetch(link.href).catch(() => ({ arrayBuffer: () => new ArrayBuffer() }))).arrayBuffer();
      return { size: bytes.byteLength, name: link.download };
    });
    assert.equal(saved.name, 'a file – ünïcode.bin');
    await page.close();
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function movesTestFiles(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  await page.connect();
  await page.page.select(page.$('test-size'), '10');
  await page.click('test-send');
  await page.until('the upload', (selector) => document.querySelector(selector), page.$('transfer'));
  assert.match(await page.transferred(), /^[0-9a-f]{64}$/);
  await page.click('test-fetch');
  await page.until('the download', (selector) =>
    document.querySelectorAll(selector).length === 2, page.$('transfer'));
  assert.match(await page.transferred(), /^[0-9a-f]{64}$/);
  await page.close();
}

async function restarts(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  await page.connect();
  await page.echo('before');
  const before = await fragment(page);
  await page.click('restart');
  await page.until('new credentials', (before) => {
    const { peerConnection: pc } = window.ironrtc;
    return pc.signalingState === 'stable'
      && pc.localDescription.sdp.match(/a=ice-ufrag:(\S+)/)[1] !== before;
  }, before);
  await page.ready();
  await page.echo('after');
  await page.close();
}

async function reconnects(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  await page.connect();
  await page.echo('first');
  await page.disconnect();
  assert.equal(await page.text('connect'), 'Reconnect');
  await page.click('connect');
  await page.ready();
  await page.echo('second');
  await page.close();
}

async function serverStops(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  await page.connect();
  await page.echo('before the end');
  await demo.stop();
  await page.until('the end', () => document.body.dataset.connection === 'closed');
  await page.close();
}

export const demo = [
  { name: 'a page connects by itself', run: connectsByItself },
  { name: 'the page fits small windows', run: fits },
  { name: 'chat, whoever offers, trickled or not', run: chats },
  { name: 'two pages meet', run: pagesMeet },
  { name: 'a file each way', run: movesFiles },
  { name: 'test files each way', run: movesTestFiles },
  { name: 'ICE restarts', run: restarts },
  { name: 'a page reconnects', run: reconnects },
  { name: 'the server stops', run: serverStops },
].map(withDemo);
