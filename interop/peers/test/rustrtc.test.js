import { runAll } from '../run.js';
import { closesAlone, makesChannels, takesItsOfferBack } from '../ours.js';

const SILENT = 'it never asks for negotiation';

runAll({
  name: 'rustrtc',
  command: [process.env.INTEROP_STACKS, 'rustrtc'],
  silent: true,
  options: {
    // It takes ten streams, knows no empty messages, and tells no limit.
    kinds: 5,
    negotiatedId: 9,
    messages: ['text – ünïcode', { hex: '00ff10' }],
    limit: 65_536,
    refuses: false,
  },
  faults: {
    'IronRTC closes a channel, and ids are used again': { why: 'it takes no notice of a reset', run: closesAlone },
    'the peer closes a channel, and ids are used again': { why: 'it cannot close a channel' },
    'the peer closes the connection': { why: 'it goes without a word' },
    'both sides make channels at once': { why: 'it takes even ids in either role', run: makesChannels },
    'IronRTC takes an offer back': { why: 'it has no rollback', run: takesItsOfferBack },
    'the peer takes an offer back': { why: 'it has no rollback' },
    'the peer restarts ICE': { why: SILENT },
    'both offer at once and IronRTC gives way': { why: SILENT },
    'both offer at once and the peer gives way': { why: SILENT },
    'statistics of both ends agree': { why: 'it counts nothing by channel' },
  },
});
