// What a page has to hear and see.

import assert from 'node:assert/strict';

const NEEDED_MOVES = 5;

export async function hears(page, hz, mid) {
  const heard = await page.listen(hz, mid);
  assert.ok(heard.level > -60 && Math.abs(heard.frequency - hz) < 0.03 * hz, `${hz} Hz is heard: ${JSON.stringify(heard)}`);
}

export async function hearsNothing(page, mid) {
  const heard = await page.listen(undefined, mid);
  assert.ok(heard.level < -60, `nothing is heard: ${JSON.stringify(heard)}`);
}

export async function sees(page, hue, mid, width) {
  const seen = await page.look(hue, mid, width);
  assert.ok(seen.moves >= NEEDED_MOVES, `the hue ${hue} ${width ? `of width ${width} ` : ''}is seen and moves: ${JSON.stringify(seen)}`);
  return seen;
}

export async function seesBlack(page, mid) {
  const seen = await page.look(undefined, mid);
  assert.ok(seen.hue === null && seen.brightness < 20, `black is seen: ${JSON.stringify(seen)}`);
}
