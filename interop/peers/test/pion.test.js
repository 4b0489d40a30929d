import { runAll } from '../run.js';
import { takesItsOfferBack } from '../ours.js';

runAll({
  name: 'pion',
  command: [process.env.INTEROP_PION],
  options: { size: 16_384 },
  faults: {
    'messages as large as the peer accepts': { why: 'its buffer is a byte smaller than the largest message' },
    'statistics of both ends agree': { why: 'it reports two transports' },
    'IronRTC takes an offer back': { why: 'it has no rollback', run: takesItsOfferBack },
    'the peer takes an offer back': { why: 'it has no rollback' },
    'both offer at once and the peer gives way': { why: 'it has no rollback' },
  },
});
