import { here, runAll } from '../run.js';

runAll({
  name: 'wrtc',
  command: [process.execPath, here('node-peer.js'), 'wrtc'],
  // It takes a message that is too large, and closes the channel.
  options: { refuses: false },
  faults: { 'both offer at once and the peer gives way': { why: 'it does not roll back by itself' } },
});
