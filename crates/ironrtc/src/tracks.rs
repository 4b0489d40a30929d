//! Tracks and transceivers of a connection, and how a track's packets reach it.

use ironrtc_core::jsep::{Transceiver, TransceiverError, TransceiverId, TransceiverInit};
use ironrtc_core::peer::{PeerConnection as Core, TrackFrame, TrackPacket};
use ironrtc_core::rtp::{MediaKind, RtpCapabilities};
use ironrtc_core::time::Time;

use crate::local_track::{Sink, Written};
use crate::shared::Shared;
use crate::transceiver::names;
use crate::{LocalTrack, PeerConnection, RtpReceiver, RtpSender, RtpTransceiver, TrackOrKind};

impl Sink for Shared<Core> {
    fn send_packets(&self, id: TransceiverId, track: u64, packets: &[TrackPacket]) -> Written {
        self.send(id, track, |core, now, written| {
            for packet in packets {
                written.count(core.send_packet(now, id, track, packet));
            }
        })
    }

    fn send_frame(&self, id: TransceiverId, track: u64, frame: &TrackFrame) -> Written {
        self.send(id, track, |core, now, written| {
            written.count(core.send_frame(now, id, track, frame));
        })
    }
}

impl Shared<Core> {
    /// Sends something of a track, if the transceiver still sends that: whoever replaced the track
    /// meanwhile holds the lock before this or after.
    fn send(
        &self,
        id: TransceiverId,
        track: u64,
        send: impl FnOnce(&mut Core, Time, &mut Written),
    ) -> Written {
        let _entered = self.span.enter();
        let now = self.clock.now();
        let mut written = Written::default();
        let mut core = self.lock();
        if core.media.sends(id, track) {
            send(&mut core.machine, now, &mut written);
            // Where another layer goes on, most packets change nothing.
            if written.taken > 0 || core.machine.has_events() {
                self.finish(core, now);
            }
        }
        written
    }
}

impl PeerConnection {
    /// `addTrack`: sends a track, in these streams, with a transceiver that has sent nothing yet or a
    /// new one. [`Event::NegotiationNeeded`](crate::Event::NegotiationNeeded) asks for an offer.
    ///
    /// # Errors
    ///
    /// See [`TransceiverError`]: the connection is closed, it sends the track already, a stream's
    /// name cannot be said in a description, or there are too many transceivers.
    pub fn add_track<S: AsRef<str>>(
        &self,
        track: &LocalTrack,
        streams: &[S],
    ) -> Result<RtpSender, TransceiverError> {
        let streams = names(streams);
        let id = self.handle().send_track(Some(track), |core, _| {
            core.add_track(track.kind(), track.id(), &streams)
        })?;
        Ok(RtpSender::new(self.handle().clone(), id))
    }

    /// `removeTrack`: sends the sender's track no more.
    ///
    /// # Errors
    ///
    /// [`TransceiverError::Unknown`] for a sender of another connection; see [`TransceiverError`].
    pub fn remove_track(&self, sender: &RtpSender) -> Result<(), TransceiverError> {
        let id = sender.id();
        if !sender.is_of(self.handle()) {
            return Err(TransceiverError::Unknown(id));
        }
        self.handle().send_track(None, |core, _| {
            core.remove_track(id)?;
            Ok(id)
        })?;
        Ok(())
    }

    /// `addTransceiver`: makes a transceiver that sends a track, or carries media of a kind.
    ///
    /// # Errors
    ///
    /// See [`TransceiverError`].
    pub fn add_transceiver(
        &self,
        what: impl Into<TrackOrKind>,
        init: TransceiverInit,
    ) -> Result<RtpTransceiver, TransceiverError> {
        let what = what.into();
        let (kind, track) = match &what {
            TrackOrKind::Track(track) => (track.kind(), Some(track)),
            TrackOrKind::Kind(kind) => (*kind, None),
        };
        let id = self.handle().send_track(track, |core, _| {
            core.add_transceiver(kind, track.map(LocalTrack::id), init)
        })?;
        Ok(RtpTransceiver::new(self.handle().clone(), id))
    }

    /// `RTCRtpSender.getCapabilities` and `RTCRtpReceiver.getCapabilities`, which are the same: what
    /// this connection can send and receive of a kind.
    pub fn get_capabilities(&self, kind: MediaKind) -> RtpCapabilities {
        self.handle()
            .read(|core| core.negotiator().capabilities(kind).clone())
    }

    /// `getTransceivers`: all of them, in the order in which they were made.
    pub fn transceivers(&self) -> Vec<RtpTransceiver> {
        let ids = self.handle().read(|core| {
            let all = core.negotiator().transceivers();
            let lasting = all.filter(|transceiver| !transceiver.is_stopped());
            lasting.map(Transceiver::id).collect::<Vec<_>>()
        });
        let handle = |id| RtpTransceiver::new(self.handle().clone(), id);
        ids.into_iter().map(handle).collect()
    }

    /// `getSenders`: those of all transceivers.
    pub fn senders(&self) -> Vec<RtpSender> {
        let all = self.transceivers();
        all.iter().map(RtpTransceiver::sender).collect()
    }

    /// `getReceivers`: those of all transceivers.
    pub fn receivers(&self) -> Vec<RtpReceiver> {
        let all = self.transceivers();
        all.iter().map(RtpTransceiver::receiver).collect()
    }
}
