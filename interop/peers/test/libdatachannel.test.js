import { connectsInARow } from '../in-a-row.js';
import { here, runAll } from '../run.js';
import { restartRefused, takesItsOfferBack } from '../ours.js';

const ONCE = 'it negotiates once';
// It starts ICE before it keeps our description, and DTLS may be done by then: so it was in 5 of 360
// connections, and in 1 of 90 on a busy core. Of thirty, more fail in one run of a few thousand.
const early = (times) => ({
  why: 'it may check our certificate before it knows the fingerprint',
  run: (context) => connectsInARow(context, 'foreign', { failure: /without ICE transport/, times }),
});

runAll({
  name: 'libdatachannel',
  command: [process.execPath, here('node-peer.js'), 'libdatachannel'],
  silent: true,
  options: { tells: ['label', 'protocol'] },
  faults: {
    'the peer offers thirty times in a row': early(4),
    'the peer offers thirty times in a row, on a busy core': early(6),
    'IronRTC restarts ICE': { why: 'it refuses restarts', run: restartRefused },
    "IronRTC restarts ICE by an offer's option": { why: 'it refuses restarts', run: restartRefused },
    'the peer restarts ICE': { why: 'it has no restarts' },
    "the peer restarts ICE by an offer's option": { why: 'it has no restarts' },
    'IronRTC takes an offer back': { why: ONCE, run: takesItsOfferBack },
    'the peer takes an offer back': { why: ONCE },
    'both offer at once and IronRTC gives way': { why: ONCE },
    'both offer at once and the peer gives way': { why: ONCE },
    'renegotiation changes nothing': { why: ONCE },
    'statistics of both ends agree': { why: 'it counts nothing by channel' },
  },
});
