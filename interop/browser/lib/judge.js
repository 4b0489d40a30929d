// Whether what came back is what was sent.

import assert from 'node:assert/strict';

// The difference of two pictures: the mean over all points and colours.
function distance(one, other) {
  return one.reduce((sum, value, index) => sum + Math.abs(value - other[index]), 0) / one.length;
}

const mean = (picture) => picture.reduce((sum, value) => sum + value, 0) / picture.length;

export function checkTone({ sent, received }) {
  assert.ok(sent.level > -60, `the microphone is heard: ${JSON.stringify(sent)}`);
  assert.ok(received.level > -60, `the echo is heard: ${JSON.stringify(received)}`);
  const off = Math.abs(sent.frequency - received.frequency);
  assert.ok(off < 0.05 * sent.frequency, `${sent.frequency} Hz came back as ${received.frequency} Hz`);
}

// What is received moves, and its last picture is one that was sent in the seconds before.
export function checkPictures({ sent, received }) {
  assert.ok(received.width > 0 && received.height > 0, 'what is received has a size');
  assert.ok(Math.max(...received.pictures.map(mean)) > 16, 'what is received is not black');
  const changes = received.pictures.slice(1).filter((one, index) => distance(one, received.pictures[index]) > 0);
  assert.ok(changes.length >= 5, `what is received moves: ${changes.length} changes in ${received.pictures.length} pictures`);
  const last = received.pictures.at(-1);
  const nearest = Math.min(...sent.pictures.map((picture) => distance(picture, last)));
  assert.ok(nearest < 12, `what is received was sent: ${nearest} off`);
}
