//! A track that is received.

use std::fmt;
use std::sync::Arc;

use ironrtc_core::jsep::{Transceiver, TransceiverId};
use ironrtc_core::peer::{PeerConnection as Core, TrackFrame, TrackPacket};
use ironrtc_core::rtp::MediaKind;

use crate::LocalTrack;
use crate::handle::Handle;
use crate::track_state::{TrackEvent, TrackState};

/// A track that the peer sends (`MediaStreamTrack` of a receiver). Clones are handles of the same
/// track.
///
/// Its packets wait until they are read, up to a bound: of what is not read, the oldest is dropped.
#[derive(Clone)]
pub struct RemoteTrack {
    connection: Handle<Core>,
    id: TransceiverId,
    kind: MediaKind,
    state: Arc<TrackState>,
}

impl RemoteTrack {
    pub(crate) fn new(connection: Handle<Core>, id: TransceiverId) -> Self {
        let mut core = connection.lock();
        let transceiver = core.machine.negotiator().transceiver(id);
        let kind = transceiver.map_or(MediaKind::Audio, Transceiver::kind);
        let has_ended = transceiver.is_none_or(Transceiver::is_stopping);
        let state = core.media.track(id, has_ended);
        drop(core);
        Self {
            connection,
            id,
            kind,
            state,
        }
    }

    /// `id`.
    pub fn id(&self) -> String {
        self.connection.read(|core| {
            let transceiver = core.negotiator().transceiver(self.id);
            transceiver.map_or_else(String::new, |it| it.receiver().track().to_owned())
        })
    }

    /// `kind`.
    pub const fn kind(&self) -> MediaKind {
        self.kind
    }

    /// `muted`: nothing comes from the peer at present, by what was agreed or because nothing has
    /// come yet.
    pub fn muted(&self) -> bool {
        self.state.is_muted()
    }

    /// `readyState` is `ended`: nothing will come any more.
    pub fn is_ended(&self) -> bool {
        self.state.has_ended()
    }

    /// The next event of the track; `None` after [`TrackEvent::Ended`]. One task should ask. Cancel
    /// safe.
    pub async fn next_event(&self) -> Option<TrackEvent> {
        self.state.wait_for(|| self.state.take_event()).await
    }

    /// The next packet, in the order of arrival; `None` once the track has ended and everything was
    /// read. Packets that were repaired come after those that they are missing from, and the sequence
    /// number tells where they belong. One task should read a track. Cancel safe.
    pub async fn recv_packet(&self) -> Option<TrackPacket> {
        let received = || match self.try_recv_packet() {
            Some(packet) => Some(Some(packet)),
            None => self.is_ended().then_some(None),
        };
        self.state.wait_for(received).await
    }

    /// The next packet, if there is one now.
    pub fn try_recv_packet(&self) -> Option<TrackPacket> {
        self.connection.lock().machine.recv_packet(self.id)
    }

    /// The next whole frame, as a decoder takes it; `None` once the track has ended and everything was
    /// read. Where packets were lost for good, video goes on with a key frame, which is asked for.
    ///
    /// A track is read by frames or by packets: whoever reads the first one decides, and the other way
    /// gives nothing. One task should read a track. Cancel safe.
    pub async fn recv_frame(&self) -> Option<TrackFrame> {
        let received = || match self.try_recv_frame() {
            Some(frame) => Some(Some(frame)),
            None => self.is_ended().then_some(None),
        };
        self.state.wait_for(received).await
    }

    /// The next frame, if there is one now.
    pub fn try_recv_frame(&self) -> Option<TrackFrame> {
        self.connection.lock().machine.recv_frame(self.id)
    }

    /// Asks the peer for a key frame. Requests that follow each other closely are one.
    pub fn request_key_frame(&self) {
        let id = self.id;
        self.connection.change(|core, _| core.request_key_frame(id));
    }

    /// Passes packets on to another track, and requests for key frames back, until either track has
    /// ended. Of a simulcast it passes on the encoding that comes first. Cancel safe, but for a
    /// packet that another reader would have got.
    pub async fn forward(&self, to: &LocalTrack) {
        let mut encoding = None;
        loop {
            tokio::select! {
                packet = self.recv_packet() => {
                    let Some(packet) = packet else { return };
                    if *encoding.get_or_insert_with(|| packet.rid.clone()) == packet.rid {
                        to.write_packet(&packet);
                    }
                }
                lasts = to.key_frame_requested() => {
                    if !lasts {
                        return;
                    }
                    self.request_key_frame();
                }
            }
        }
    }
}

impl PartialEq for RemoteTrack {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

impl Eq for RemoteTrack {}

impl fmt::Debug for RemoteTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteTrack")
            .field("connection", &self.connection)
            .field("kind", &self.kind())
            .field("id", &self.id())
            .finish()
    }
}
