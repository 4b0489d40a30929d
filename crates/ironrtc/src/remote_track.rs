//! A track that is received.

use std::fmt;
use std::sync::Arc;

use ironrtc_core::ids::Rid;
use ironrtc_core::jsep::{Transceiver, TransceiverId};
use ironrtc_core::peer::{PeerConnection as Core, ReceivedLayer, TrackFrame, TrackPacket};
use ironrtc_core::rtp::MediaKind;

use crate::LocalTrack;
use crate::handle::Handle;
use crate::track_state::{TrackEvent, TrackState};

/// Most packets that one call reads: so many are about what one batch to the network takes.
const MAX_BURST: usize = 64;

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
        self.read(|core| core.recv_packet(self.id))
    }

    /// Waits for packets and appends all that are there, up to a bound: those that came together can be
    /// handled together, which costs less. It tells how many; none once the track has ended and
    /// everything was read. Cancel safe.
    pub async fn recv_packets(&self, packets: &mut Vec<TrackPacket>) -> usize {
        let received = || match self.try_recv_packets(packets) {
            0 => self.is_ended().then_some(0),
            count => Some(count),
        };
        self.state.wait_for(received).await
    }

    /// Appends the packets that are there now, up to a bound, and tells how many.
    pub fn try_recv_packets(&self, packets: &mut Vec<TrackPacket>) -> usize {
        self.read(|core| {
            let received = std::iter::from_fn(|| core.recv_packet(self.id));
            let before = packets.len();
            packets.extend(received.take(MAX_BURST));
            packets.len() - before
        })
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
        self.read(|core| core.recv_frame(self.id))
    }

    /// Reads. The task is woken where that asks the peer for something.
    fn read<T>(&self, read: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.connection.lock();
        let read = read(&mut core.machine);
        if core.machine.take_hurry() {
            let now = self.connection.clock.now();
            self.connection.finish(core, now);
        }
        read
    }

    /// Asks the peer for a key frame, of a simulcast for one of each layer. Requests that follow each
    /// other closely are one.
    pub fn request_key_frame(&self) {
        self.ask(None);
    }

    /// The same for one layer of a simulcast.
    pub fn request_key_frame_of(&self, layer: &Rid) {
        self.ask(Some(layer));
    }

    fn ask(&self, layer: Option<&Rid>) {
        let id = self.id;
        self.connection
            .change(|core, _| core.request_key_frame(id, layer));
    }

    /// The layers that come at present: the encodings of a simulcast, or the one stream that there is.
    pub fn layers(&self) -> Vec<ReceivedLayer> {
        self.connection.read(|core| core.received_layers(self.id))
    }

    /// Passes packets on to another track, and requests for key frames back, until either track has
    /// ended. Of a simulcast each sender of that track sends one layer on, which
    /// [`RtpSender::set_layer_choice`](crate::RtpSender::set_layer_choice) chooses. Cancel safe, but
    /// for packets that another reader would have got.
    ///
    /// ```
    /// # use ironrtc::{LayerChoice, LocalTrack, PeerConnection, RemoteTrack};
    /// # async fn example(camera: RemoteTrack, viewers: Vec<PeerConnection>)
    /// # -> Result<(), ironrtc::TransceiverError> {
    /// let copy = LocalTrack::video();
    /// for viewer in &viewers {
    ///     let sender = viewer.add_track(&copy, &["camera"])?;
    ///     sender.set_layer_choice(LayerChoice::Within(500_000));
    /// }
    /// camera.forward(&copy).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn forward(&self, to: &LocalTrack) {
        let mut packets = Vec::new();
        loop {
            tokio::select! {
                count = self.recv_packets(&mut packets) => {
                    if count == 0 {
                        return;
                    }
                    to.write_packets(&packets);
                    packets.clear();
                }
                request = to.next_forwarded_request() => {
                    let Some(layer) = request else { return };
                    self.ask(layer.as_ref());
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
