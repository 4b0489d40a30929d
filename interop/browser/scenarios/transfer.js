// Much data, and large messages.

import assert from 'node:assert/strict';

const MIB = 1024 * 1024;

async function moves(from, to, bytes, size) {
  const [sent, received] = await Promise.all([from.sendBulk(bytes, size), to.receiveBulk(bytes)]);
  assert.equal(received.bytes, bytes);
  assert.equal(received.messages, Math.ceil(bytes / size));
  assert.equal(received.sha256, sent.sha256);
}

async function eachWay(context) {
  const { ironChannel, browserChannel } = await context.connected();
  await moves(ironChannel, browserChannel, 50 * MIB, 65_536);
  await moves(browserChannel, ironChannel, 50 * MIB, 65_536);
}

async function bothWaysAtOnce(context) {
  const { ironChannel, browserChannel } = await context.connected({ offerer: 'browser' });
  await Promise.all([
    moves(ironChannel, browserChannel, 5 * MIB, 16_384),
    moves(browserChannel, ironChannel, 5 * MIB, 16_384),
  ]);
}

// The largest message that each side accepts, up to 4 MiB; one byte more is refused at once.
async function largeMessages(context) {
  const { iron, browser, ironChannel, browserChannel } = await context.connected();
  for (const [pc, from, to] of [[iron, ironChannel, browserChannel], [browser, browserChannel, ironChannel]]) {
    const limit = (await pc.sctp()).maxMessageSize ?? Infinity;
    assert.ok(limit >= 256 * 1024, `the limit is ${limit}`);
    const size = Math.min(limit, 4 * MIB);
    await moves(from, to, size, size);
    if (limit <= 4 * MIB) {
      await assert.rejects(from.sendBulk(limit + 1, limit + 1), /TypeError|OperationError|peer accepts/);
      assert.equal(await from.state(), 'open', 'a refused message does no harm');
    }
  }
}

export const transfer = [
  { name: '50 MiB each way', run: eachWay },
  { name: 'both ways at once', run: bothWaysAtOnce },
  { name: 'messages as large as the peer accepts', run: largeMessages },
];
