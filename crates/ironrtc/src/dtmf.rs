//! Tones of a telephone.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ironrtc_core::jsep::TransceiverId;
use ironrtc_core::peer::{DtmfError, PeerConnection as Core};

use crate::handle::Handle;
use crate::tone_changes::{ToneChange, ToneChanges};

/// Plays tones of a telephone in a sender's audio (`RTCDTMFSender`), as RFC 4733 sends them. Clones
/// are handles of the same.
///
/// ```
/// # async fn example(sender: ironrtc::RtpSender) -> Result<(), ironrtc::DtmfError> {
/// if let Some(dtmf) = sender.dtmf() {
///     dtmf.insert_dtmf("1199##")?;
///     while let Some(change) = dtmf.next_tone_change().await {
///         let Some(tone) = change.tone else { break };
///         println!("{tone}, then {}", dtmf.tone_buffer());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DtmfSender {
    connection: Handle<Core>,
    id: TransceiverId,
    changes: Arc<ToneChanges>,
}

impl DtmfSender {
    /// How long a tone and the pause behind it are where nothing else is said.
    pub const DURATION: Duration = Duration::from_millis(100);
    /// See [`DURATION`](Self::DURATION).
    pub const INTER_TONE_GAP: Duration = Duration::from_millis(70);

    pub(crate) fn new(connection: Handle<Core>, id: TransceiverId) -> Self {
        let changes = connection.lock().media.tones(id);
        Self {
            connection,
            id,
            changes,
        }
    }

    /// `canInsertDTMF`: the connection is connected, the sender sends audio, and the peer takes
    /// telephone-event.
    pub fn can_insert_dtmf(&self) -> bool {
        self.connection.read(|core| core.can_insert_dtmf(self.id))
    }

    /// `insertDTMF`: plays these tones, 0 to 9, A to D, # and *, instead of those that still wait. A
    /// comma is a pause of two seconds. No tones end what is played.
    pub fn insert_dtmf(&self, tones: &str) -> Result<(), DtmfError> {
        self.insert_dtmf_with(tones, Self::DURATION, Self::INTER_TONE_GAP)
    }

    /// The same with tones of 40 ms to 6 s, and pauses of 30 ms to 6 s behind each; what lies beyond is
    /// taken for the nearest.
    pub fn insert_dtmf_with(
        &self,
        tones: &str,
        duration: Duration,
        inter_tone_gap: Duration,
    ) -> Result<(), DtmfError> {
        let id = self.id;
        self.connection
            .change(|core, now| core.insert_dtmf(now, id, tones, duration, inter_tone_gap))
    }

    /// `toneBuffer`: the tones that are still to be played.
    pub fn tone_buffer(&self) -> String {
        self.connection.read(|core| core.tone_buffer(self.id))
    }

    /// The next `tonechange`; `None` once the connection is closed or the transceiver stopped. One
    /// task should ask. Cancel safe.
    pub async fn next_tone_change(&self) -> Option<ToneChange> {
        self.changes.next().await
    }
}

impl fmt::Debug for DtmfSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DtmfSender")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
