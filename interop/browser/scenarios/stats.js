// Both ends tell the same story.

import assert from 'node:assert/strict';

function only(report, type) {
  const found = report.filter((entry) => entry.type === type);
  assert.equal(found.length, 1, `one ${type} in ${JSON.stringify(report.map(({ type }) => type))}`);
  return found[0];
}

function selectedPair(report) {
  const byId = new Map(report.map((entry) => [entry.id, entry]));
  const { selectedCandidatePairId } = only(report, 'transport');
  // Firefox marks the pair itself.
  const pair = byId.get(selectedCandidatePairId)
    ?? report.find((entry) => entry.type === 'candidate-pair' && entry.selected);
  assert.ok(pair, 'a pair is selected');
  return { pair, local: byId.get(pair.localCandidateId), remote: byId.get(pair.remoteCandidateId) };
}

// The report once a pair is nominated, which may be after the channel is open on a busy machine.
async function nominated(connection) {
  for (let tries = 100; ; tries -= 1) {
    const report = await connection.stats();
    if (selectedPair(report).pair.nominated || tries === 0) return report;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function agree(context) {
  const { iron, foreign, ironChannel, foreignChannel } = await context.connected();
  // Messages before that may have gone along another pair.
  await nominated(iron);
  for (const [from, to] of [[ironChannel, foreignChannel], [foreignChannel, ironChannel]]) {
    for (const text of ['one', 'two', 'three']) {
      await from.send(text);
      assert.equal(await to.message(), text);
    }
  }
  const [ours, theirs] = [await nominated(iron), await foreign.stats()];
  const [here, there] = [only(ours, 'data-channel'), only(theirs, 'data-channel')];
  for (const channel of [here, there]) {
    assert.equal(channel.label, 'chat');
    assert.equal(channel.state, 'open');
    assert.equal(channel.messagesSent, 3);
    assert.equal(channel.messagesReceived, 3);
    assert.equal(channel.bytesSent, 11);
    assert.equal(channel.bytesReceived, 11);
  }
  assert.equal(here.dataChannelIdentifier, there.dataChannelIdentifier);

  const [mine, yours] = [selectedPair(ours), selectedPair(theirs)];
  assert.equal(mine.pair.state, 'succeeded');
  assert.equal(mine.pair.nominated, true);
  assert.ok(mine.pair.bytesSent > 0 && mine.pair.bytesReceived > 0);
  assert.equal(mine.local.port, yours.remote.port, "our port is the peer's remote port");
  assert.equal(mine.remote.port, yours.local.port, "our remote port is the peer's port");
  assert.equal(only(ours, 'transport').dtlsState, 'connected');
  assert.ok(ours.filter(({ type }) => type === 'certificate').length >= 2, 'two certificates');
  for (const entry of ours) {
    assert.equal(typeof entry.id, 'string');
    assert.ok(Math.abs(entry.timestamp - Date.now()) < 60_000, `timestamp ${entry.timestamp}`);
  }
}

export const stats = [{ name: 'statistics of both ends agree', run: agree }];
