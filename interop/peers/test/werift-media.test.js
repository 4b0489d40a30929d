import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS, useVP8 } from 'werift';
import { Returned, payload, timestamp } from '../media/rtp.js';
import { repeat, runMedia } from '../media/run.js';

const CODECS = { audio: useOPUS(), video: useVP8() };

runMedia('werift', async () => {
  const pc = new RTCPeerConnection({ codecs: { audio: [CODECS.audio], video: [CODECS.video] } });
  const returned = new Returned();
  const stops = [];
  pc.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe((rtp) => returned.add(track.kind, rtp.payload));
  });
  for (const kind of ['audio', 'video']) {
    const track = new MediaStreamTrack({ kind });
    pc.addTransceiver(track, { direction: 'sendrecv' });
    let number = 0;
    stops.push(repeat(20, () => {
      number += 1;
      const header = new RtpHeader({
        sequenceNumber: number, timestamp: timestamp(kind, number), marker: kind === 'video',
        payloadType: CODECS[kind].payloadType ?? 96, ssrc: 1,
      });
      track.writeRtp(new RtpPacket(header, payload(kind, number)));
    }));
  }
  // It gathers before it returns.
  const local = async (description) => {
    await pc.setLocalDescription(description);
    const { type, sdp } = pc.localDescription;
    return { type, sdp };
  };
  return {
    offer: async () => local(await pc.createOffer()),
    answer: async (offer) => {
      await pc.setRemoteDescription(offer);
      return local(await pc.createAnswer());
    },
    accept: (answer) => pc.setRemoteDescription(answer),
    check: () => returned.check(),
    close: async () => {
      for (const stop of stops) stop();
      await pc.close();
    },
  };
});
