import { Audio, PeerConnection, Video } from 'node-datachannel';
import { Returned, packet } from '../media/rtp.js';
import { repeat, runMedia, until } from '../media/run.js';

const TYPES = { audio: 111, video: 96 };

// The names and payload types that an offer has for the sections of each kind.
function sections(sdp) {
  return Object.fromEntries(sdp.split(/^m=/m).slice(1).map((section) => [section.match(/^\w+/)[0], {
    mid: section.match(/^a=mid:(\S+)/m)[1],
    payloadType: Number(section.match(/^a=rtpmap:(\d+) (?:opus|VP8)\//mi)?.[1]),
  }]));
}

runMedia('libdatachannel', async () => {
  const pc = new PeerConnection('media', { iceServers: [], disableAutoNegotiation: true });
  const returned = new Returned();
  const [stops, tracks] = [[], []];
  const gathered = async () => {
    await until('the candidates', () => pc.gatheringState() === 'complete');
    const { type, sdp } = pc.localDescription();
    return { type, sdp };
  };
  // Tracks of these names take the offer's sections.
  const addTracks = (names) => {
    for (const [index, kind] of ['audio', 'video'].entries()) {
      const { mid, payloadType } = names[kind] ?? { mid: kind, payloadType: TYPES[kind] };
      const media = kind === 'audio' ? new Audio(mid, 'SendRecv') : new Video(mid, 'SendRecv');
      const ssrc = 1000 + index;
      if (kind === 'audio') media.addOpusCodec(payloadType);
      else media.addVP8Codec(payloadType);
      media.addSSRC(ssrc, 'peer', 'stream', kind);
      const track = pc.addTrack(media);
      tracks.push(track);
      track.onMessage((bytes) => {
        // RTCP comes here too (RFC 5761 section 4).
        if (bytes[1] >= 192 && bytes[1] <= 223) return;
        const skip = 12 + 4 * (bytes[0] & 15);
        const extension = bytes[0] & 16 ? 4 + 4 * bytes.readUInt16BE(skip + 2) : 0;
        const padding = bytes[0] & 32 ? bytes.at(-1) : 0;
        returned.add(kind, bytes.subarray(skip + extension, bytes.length - padding));
      });
      let number = 0;
      stops.push(repeat(20, () => {
        if (track.isOpen()) track.sendMessageBinary(packet(kind, ++number, { payloadType, ssrc }));
      }));
    }
  };
  return {
    offer: async () => {
      addTracks({});
      pc.setLocalDescription();
      return gathered();
    },
    answer: async ({ type, sdp }) => {
      addTracks(sections(sdp));
      pc.setRemoteDescription(sdp, type);
      pc.setLocalDescription();
      return gathered();
    },
    accept: async ({ type, sdp }) => pc.setRemoteDescription(sdp, type),
    check: () => returned.check(),
    close: () => {
      for (const stop of stops) stop();
      for (const track of tracks) track.close();
      pc.close();
    },
  };
});
