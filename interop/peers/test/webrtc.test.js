import { runAll } from '../run.js';

const RESTART = 'a restart does not ask for negotiation';

runAll({
  name: 'webrtc',
  command: [process.env.INTEROP_STACKS, 'webrtc'],
  // Its ids are not those on the wire, and it forgets how reliable an incoming channel is.
  options: { tells: ['label', 'protocol', 'ordered'], limit: 65_536 },
  faults: {
    'the peer restarts ICE': { why: RESTART },
    'both offer at once and IronRTC gives way': { why: RESTART },
    'both offer at once and the peer gives way': { why: 'it does not roll back by itself' },
    'statistics of both ends agree': { why: 'it does not report the candidates of the pair' },
  },
});
