//! A track that is sent.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ironrtc_core::ids::Rid;
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
    wanted: Mutex<Wanted>,
    key_frame: Notify,
}

/// The key frames that are asked for.
#[derive(Debug, Default)]
struct Wanted {
    /// A sender has begun to send the track.
    begins: bool,
    /// Peers ask, of the encoding with this name or of whatever they get.
    asked: Vec<Option<Rid>>,
}

impl Wanted {
    fn ask(&mut self, rid: Option<Rid>) {
        if !self.asked.contains(&rid) {
            if self.asked.len() >= MAX_WANTED {
                self.asked.clear();
                self.asked.push(None);
            } else {
                self.asked.push(rid);
            }
        }
    }
}

/// Most encodings of which key frames are asked for one by one.
const MAX_WANTED: usize = 16;

/// A key frame of a track is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyFrameRequest {
    /// Of the encoding with this name; of all if it has none.
    pub rid: Option<Rid>,
}

/// What became of what a sender was to send. Of another track than it sends now it is nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) taken: usize,
    /// There was no room for it, or no path carries it.
    dropped: u64,
}

impl Written {
    pub(crate) fn count(&mut self, sent: Result<(), SendPacketError>) {
        match sent {
            Ok(()) => self.taken += 1,
            Err(SendPacketError::Rtp(SendError::Full | SendError::TooLarge)) => self.dropped += 1,
            Err(_) => {}
        }
    }
}

/// A connection, as tracks see it.
pub(crate) trait Sink: Send + Sync {
    /// Sends packets with a transceiver; `track` is the timeline that they are of.
    fn send_packets(&self, id: TransceiverId, track: u64, packets: &[TrackPacket]) -> Written;

    /// The same with a frame.
    fn send_frame(&self, id: TransceiverId, track: u64, frame: &TrackFrame) -> Written;
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
        Self::with_id(kind, format!("{:016x}{:016x}", random(), random()))
    }

    /// A track under an id of the application's choice, which descriptions tell the peer.
    pub fn with_id(kind: MediaKind, id: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            id: id.into(),
            kind,
            timeline: random(),
            disabled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            targets: Mutex::new(Arc::new([])),
            wanted: Mutex::default(),
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
        self.write_packets(std::slice::from_ref(packet))
    }

    /// Sends packets that were made or came together, as [`write_packet`](Self::write_packet) does, and
    /// tells how many were taken, summed over all senders. They leave in batches, which costs much less
    /// than one after the other.
    pub fn write_packets(&self, packets: &[TrackPacket]) -> usize {
        self.write(|connection, id, timeline| connection.send_packets(id, timeline, packets))
    }

    /// Sends a frame with all senders of the track: cut into packets that share its bytes, all of it
    /// or nothing. It tells how many took it, as [`write_packet`](Self::write_packet) does.
    pub fn write_frame(&self, frame: &TrackFrame) -> usize {
        self.write(|connection, id, timeline| connection.send_frame(id, timeline, frame))
    }

    fn write(&self, send: impl Fn(&dyn Sink, TransceiverId, u64) -> Written) -> usize {
        if !self.enabled() || self.is_stopped() {
            return 0;
        }
        let targets = self.targets().clone();
        let mut taken = 0;
        for target in targets.iter() {
            let Some(connection) = target.connection.upgrade() else {
                continue;
            };
            let written = send(&*connection, target.id, self.0.timeline);
            taken += written.taken;
            if written.dropped > 0 {
                self.0.dropped.fetch_add(written.dropped, Ordering::Relaxed);
            }
        }
        taken
    }

    /// How many packets and frames a sender had no room for, or no path carries.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Waits until a peer needs a key frame, or a new one begins to see the track. Several that need
    /// one at the same time are one request. False once the track was stopped. One task should ask.
    /// Cancel safe.
    pub async fn key_frame_requested(&self) -> bool {
        let any = |wanted: &mut Wanted| {
            let all = std::mem::take(wanted);
            (all.begins || !all.asked.is_empty()).then_some(())
        };
        self.wanted(any).await.is_some()
    }

    /// The same, one encoding after the other, for a track of several. `None` once the track was
    /// stopped.
    pub async fn next_key_frame_request(&self) -> Option<KeyFrameRequest> {
        let next = |wanted: &mut Wanted| {
            if std::mem::take(&mut wanted.begins) {
                wanted.ask(None);
            }
            wanted.asked.pop()
        };
        let rid = self.wanted(next).await?;
        Some(KeyFrameRequest { rid })
    }

    /// The next key frame that a peer asks for. A sender that begins asks for that of the layer which
    /// it forwards, once it knows the layers.
    pub(crate) async fn next_forwarded_request(&self) -> Option<Option<Rid>> {
        let next = |wanted: &mut Wanted| {
            wanted.begins = false;
            wanted.asked.pop()
        };
        self.wanted(next).await
    }

    async fn wanted<T>(&self, mut take: impl FnMut(&mut Wanted) -> Option<T>) -> Option<T> {
        while !self.is_stopped() {
            if let Some(found) = take(&mut self.lock_wanted()) {
                return Some(found);
            }
            self.0.key_frame.notified().await;
        }
        None
    }

    fn lock_wanted(&self) -> MutexGuard<'_, Wanted> {
        self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn request_key_frame(&self, rid: Option<Rid>) {
        self.lock_wanted().ask(rid);
        self.0.key_frame.notify_one();
    }

    /// What tells its packets from those of other tracks.
    pub(crate) fn timeline(&self) -> u64 {
        self.0.timeline
    }

    /// A sender begins to send the track.
    pub(crate) fn attach(&self, connection: Weak<dyn Sink>, id: TransceiverId) {
        let target = Target { connection, id };
        self.change_targets(|targets| targets.push(target));
        self.lock_wanted().begins = true;
        self.0.key_frame.notify_one();
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

/// The standard library seeds each state with the system's randomness.
fn random() -> u64 {
    RandomState::new().hash_one(())
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
