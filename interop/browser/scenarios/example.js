// The example of the Rust crate with a page: what one says, all hear.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Server } from '../lib/server.js';

const BINARY = process.env.IRONRTC_EXAMPLE
  ?? fileURLToPath(new URL('../../../target/debug/examples/axum_chat', import.meta.url));

async function open(browser, url) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  await page.waitForFunction(() => !document.querySelector('#text').disabled, { polling: 50 });
  return { page, errors };
}

async function pagesHearEachOther(browser) {
  const server = await Server.start(BINARY, ['127.0.0.1:0']);
  try {
    const pages = [await open(browser, server.url), await open(browser, server.url)];
    for (const [index, { page }] of pages.entries()) {
      await page.$eval('#text', (input, text) => { input.value = text; }, `from ${index}`);
      await page.$eval('#form', (form) => form.requestSubmit());
    }
    for (const { page, errors } of pages) {
      await page.waitForFunction(() => document.querySelectorAll('#heard li').length === 2, { polling: 50 });
      const heard = await page.$$eval('#heard li', (lines) => lines.map((line) => line.textContent));
      assert.deepEqual(heard.toSorted(), ['from 0', 'from 1']);
      assert.deepEqual(errors, []);
      await page.close();
    }
  } finally {
    await server.stop();
  }
}

export const example = [
  { name: 'the example axum_chat: pages hear each other', run: pagesHearEachOther },
];
