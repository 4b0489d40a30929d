// Draws docs/demo.png anew: `npm run screenshot`.

import { fileURLToPath } from 'node:url';
import { Browser } from './lib/browsers.js';
import { Demo, DemoPage } from './lib/demo.js';

const TARGET = fileURLToPath(new URL('../../docs/demo.png', import.meta.url));

const [demo, browser] = [await Demo.start(), await Browser.launch('chromium')];
try {
  const [page, other] = [await DemoPage.open(browser, demo), await DemoPage.open(browser, demo)];
  await page.page.setViewport({ width: 1280, height: 800, deviceScaleFactor: 2 });
  await page.page.type(page.$('name'), 'Ada');
  await other.page.type(other.$('name'), 'Grace');
  await page.connect();
  await other.connect();
  await page.echo('Hello, IronRTC!');
  await other.say('Hello, Ada. Have you seen the rates?');
  await page.heard('other', 'Have you seen the rates?');
  await page.page.select(page.$('test-size'), '50');
  await page.click('test-send');
  await page.until('the upload', (selector) => document.querySelector(selector), page.$('transfer'));
  await page.transferred();
  await page.click('test-fetch');
  await page.until('the download', (selector) => document.querySelectorAll(selector).length === 2, page.$('transfer'));
  await page.transferred();
  await page.page.screenshot({ path: TARGET });
  console.log(`wrote ${TARGET}`);
} finally {
  await browser.close();
  await demo.stop();
}
