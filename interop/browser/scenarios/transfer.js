// Much data, and large messages.

import assert from 'node:assert/strict';

const MIB = 1024 * 1024;
// What browsers and IronRTC take at least.
const LIMIT = 256 * 1024;
// Browsers say it in their own words, when one is in IronRTC's place.
const OURS = /TypeError|OperationError|peer accepts/;

async function moves(from, to, bytes, size) {
  const [sent, received] = await Promise.all([from.sendBulk(bytes, size), to.receiveBulk(bytes)]);
  assert.equal(received.bytes, bytes);
  assert.equal(received.messages, Math.ceil(bytes / size));
  assert.equal(received.sha256, sent.sha256);
}

async function eachWay(context) {
  const { ironChannel, foreignChannel } = await context.connected();
  const { bulk = 50, size = 65_536 } = context.options;
  await moves(ironChannel, foreignChannel, bulk * MIB, size);
  await moves(foreignChannel, ironChannel, bulk * MIB, size);
}

async function bothWaysAtOnce(context) {
  const { ironChannel, foreignChannel } = await context.connected({ offerer: 'foreign' });
  await Promise.all([
    moves(ironChannel, foreignChannel, 5 * MIB, 16_384),
    moves(foreignChannel, ironChannel, 5 * MIB, 16_384),
  ]);
}

// The largest message that each side accepts, up to 4 MiB; one byte more is refused at once.
async function largeMessages(context) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected();
  for (const [pc, from, to] of [[iron, ironChannel, foreignChannel], [foreign, foreignChannel, ironChannel]]) {
    const sctp = await pc.sctp();
    const limit = sctp ? sctp.maxMessageSize ?? Infinity : LIMIT;
    assert.ok(limit >= (context.options.limit ?? LIMIT), `the limit is ${limit}`);
    const size = Math.min(limit, 4 * MIB);
    await moves(from, to, size, size);
    const refuses = from === ironChannel || (context.options.refuses ?? true);
    if (limit <= 4 * MIB && refuses) {
      await assert.rejects(from.sendBulk(limit + 1, limit + 1), from === ironChannel ? OURS : /./);
      assert.equal(await from.state(), 'open', 'a refused message does no harm');
    }
  }
}

export const transfer = [
  { name: 'much data each way', run: eachWay },
  { name: 'both ways at once', run: bothWaysAtOnce },
  { name: 'messages as large as the peer accepts', run: largeMessages },
];
