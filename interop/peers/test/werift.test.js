import { here, runAll } from '../run.js';
import { announces } from '../ours.js';

const COLLISION = 'it does not come through a collision';

runAll({
  name: 'werift',
  command: [process.execPath, here('node-peer.js'), 'werift'],
  // It sends nothing for an empty message, and all that follows waits.
  options: { messages: ['text – ünïcode', { hex: '00ff10' }], limit: 65_536, refuses: false },
  faults: {
    'ten channels of all kinds, made by the peer': {
      why: 'it announces partial reliability as ordered, and counts characters for bytes', run: announces(3),
    },
    'both offer at once and IronRTC gives way': { why: COLLISION },
    'both offer at once and the peer gives way': { why: COLLISION },
  },
});
