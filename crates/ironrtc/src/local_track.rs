//! A track that is sent.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ironrtc_core::jsep::TransceiverId;
use ironrtc_core::peer::{SendPacketError, TrackFrame, TrackPacket};
use ironrtc_core::rtp::{MediaKind, SendError};
use tokio::sync::Notify;

/// A track that the application feeds (`MediaStreamTrack` of a source of its own). Clones are handles
/// of the same track. Any number of senders of any connections may send it: each packet goes to all
/// of them, and its payload is shared.
///
/// ```
/// # use ironrtc::{LocalTrack, PeerConnection, RtpPacket};
/// # async fn example(connection: PeerConnection, packet: RtpPacket)
/// # -> Result<(), ironrtc::TransceiverError> {
/// let track = LocalTrack::video();
/// let sender = connection.add_track(&track, &["camera"])?;
/// // Once descriptions were exchanged:
/// track.write_packet(&packet);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct LocalTrack(Arc<Inner>);

struct Inner {
    id: String,
    kind: MediaKind,
    /// Tells the timestamps of its packets from those of other tracks.
    timeline: u64,
    disabled: AtomicBool,
    stopped: AtomicBool,
    /// Packets and frames for which a connection had no room.
    dropped: AtomicU64,
    /// Replaced, not changed, so that no packet is sent under the lock.
    targets: Mutex<Arc<[Target]>>,
    key_frame: Notify,
}

/// A connection, as tracks see it.
pub(crate) trait Sink: Send + Sync {
    /// Sends a packet with a transceiver; `track` is the timeline that it is of.
    fn send_packet(
        &self,
        id: TransceiverId,
        track: u64,
        packet: &TrackPacket,
    ) -> Result<(), SendPacketError>;

    /// The same with a frame.
    fn send_frame(
        &self,
        id: TransceiverId,
        track: u64,
        frame: &TrackFrame,
    ) -> Result<(), SendPacketError>;
}

/// A sender of the track.
#[derive(Clone)]
struct Target {
    connection: Weak<dyn Sink>,
    id: TransceiverId,
}

impl Target {
    fn is(&self, connection: &Weak<dyn Sink>, id: TransceiverId) -> bool {
        self.id == id && std::ptr::addr_eq(self.connection.as_ptr(), connection.as_ptr())
    }
}

impl LocalTrack {
    /// A track of sound.
    pub fn audio() -> Self {
        Self::new(MediaKind::Audio)
    }

    /// A track of pictures.
    pub fn video() -> Self {
        Self::new(MediaKind::Video)
    }

    fn new(kind: MediaKind) -> Self {
        // The standard library seeds each of them with the system's randomness.
        let random = || RandomState::new().hash_one(kind.as_str());
        Self(Arc::new(Inner {
            id: format!("{:016x}{:016x}", random(), random()),
            kind,
            timeline: random(),
            disabled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            targets: Mutex::new(Arc::new([])),
            key_frame: Notify::new(),
        }))
    }

    /// `id`.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// `kind`.
    pub fn kind(&self) -> MediaKind {
        self.0.kind
    }

    /// `enabled`: whether what is written is sent.
    pub fn enabled(&self) -> bool {
        !self.0.disabled.load(Ordering::Relaxed)
    }

    /// Sets `enabled`. What is written while it is false is thrown away.
    pub fn set_enabled(&self, enabled: bool) {
        self.0.disabled.store(!enabled, Ordering::Relaxed);
    }

    /// `stop`: nothing is sent of it any more.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.key_frame.notify_waiters();
        self.0.key_frame.notify_one();
    }

    /// `readyState` is `ended`: it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    /// Sends a packet with all senders of the track, and tells how many took it: those whose peers
    /// have agreed to receive its codec now, and whose queues have room. It never waits.
    pub fn write_packet(&self, packet: &TrackPacket) -> usize {
        self.write(|connection, id, timeline| connection.send_packet(id, timeline, packet))
    }

    /// Sends a frame with all senders of the track: cut into packets that share its bytes, all of it
    /// or nothing. It tells how many took it, as [`write_packet`](Self::write_packet) does.
    pub fn write_frame(&self, frame: &TrackFrame) -> usize {
        self.write(|connection, id, timeline| connection.send_frame(id, timeline, frame))
    }

    fn write(
        &self,
        send: impl Fn(&dyn Sink, TransceiverId, u64) -> Result<(), SendPacketError>,
    ) -> usize {
        if !self.enabled() || self.is_stopped() {
            return 0;
        }
        let targets = self.targets().clone();
        let mut taken = 0;
        for target in targets.iter() {
            let Some(connection) = target.connection.upgrade() else {
                continue;
            };
            match send(&*connection, target.id, self.0.timeline) {
                Ok(()) => taken += 1,
                Err(SendPacketError::Rtp(SendError::Full)) => {
                    self.0.dropped.fetch_add(1, Ordering::Relaxed);
                }
                Err(_) => {}
            }
        }
        taken
    }

    /// How many packets and frames a sender had no room for.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Waits until a peer needs a key frame, or a new one begins to see the track. Several that need
    /// one at the same time are one request. False once the track was stopped. One task should ask.
    /// Cancel safe.
    pub async fn key_frame_requested(&self) -> bool {
        if !self.is_stopped() {
            self.0.key_frame.notified().await;
        }
        !self.is_stopped()
    }

    pub(crate) fn request_key_frame(&self) {
        self.0.key_frame.notify_one();
    }

    /// A sender begins to send the track.
    pub(crate) fn attach(&self, connection: Weak<dyn Sink>, id: TransceiverId) {
        let target = Target { connection, id };
        self.change_targets(|targets| targets.push(target));
        self.request_key_frame();
    }

    /// A sender sends the track no more.
    pub(crate) fn detach(&self, connection: &Weak<dyn Sink>, id: TransceiverId) {
        self.change_targets(|targets| targets.retain(|target| !target.is(connection, id)));
    }

    fn change_targets(&self, change: impl FnOnce(&mut Vec<Target>)) {
        let mut targets = self.targets();
        let lasting = targets
            .iter()
            .filter(|one| one.connection.strong_count() > 0);
        let mut all: Vec<Target> = lasting.cloned().collect();
        change(&mut all);
        *targets = all.into();
    }

    fn targets(&self) -> MutexGuard<'_, Arc<[Target]>> {
        self.0
            .targets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for LocalTrack {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for LocalTrack {}

impl fmt::Debug for LocalTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTrack")
            .field("kind", &self.0.kind)
            .field("id", &self.0.id)
            .finish_non_exhaustive()
    }
}
