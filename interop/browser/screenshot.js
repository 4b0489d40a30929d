// Draws docs/demo.png anew: `npm run screenshot`.

import { fileURLToPath } from 'node:url';
import { Browser } from './lib/browsers.js';
import { Demo, DemoPage } from './lib/demo.js';

const TARGET = fileURLToPath(new URL('../../docs/demo.png', import.meta.url));

async function named(page, name) {
  await page.ready();
  await page.page.$eval(page.$('name'), (input, name) => { input.value = name; }, name);
  await page.connect();
}

const [demo, browser] = [await Demo.start(), await Browser.launch('chromium')];
try {
  const [page, other] = [await DemoPage.open(browser, demo), await DemoPage.open(browser, demo)];
  await page.page.setViewport({ width: 1280, height: 900, deviceScaleFactor: 2 });
  await named(page, 'Ada');
  await named(other, 'Grace');
  await page.echo('Hello, IronRTC!');
  await other.say('Hello, Ada. Do you see me?');
  await page.heard('other', 'Do you see me?');
  await page.page.select(page.$('test-size'), '50');
  await page.click('test-fetch');
  await page.until('the download', (selector) => document.querySelector(selector), page.$('transfer'));
  await page.transferred();
  await other.camera('forward');
  await page.camera('record');
  await page.until('a recording', (selector) => /[3-9] s/.test(document.querySelector(selector)?.textContent), page.$('recording'));
  await page.set('purpose-echo', true);
  await page.until('the live camera', (selector) => document.querySelector(selector), page.$('live-camera'));
  await page.page.$eval(`${page.$('live-camera')} button`, (button) => button.click());
  for (const id of ['echo-video', 'live-video']) {
    await page.until(`a picture in ${id}`, (selector) => document.querySelector(selector).videoWidth >= 640, page.$(id));
  }
  // The first pictures are drawn.
  await new Promise((resolve) => { setTimeout(resolve, 4000); });
  await page.page.screenshot({ path: TARGET });
  console.log(`wrote ${TARGET}`);
} finally {
  await browser.close();
  await demo.stop();
}
