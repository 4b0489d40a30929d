//! What an observer is told of an association. Figures are told by who knows how often.

use super::Event;
use crate::observe::{Observer, observe};
use crate::time::Time;

impl Event {
    /// Tells `observer` of it.
    pub(crate) fn tell(&self, observer: &Observer, now: Time) {
        match self {
            Self::StateChange(state) => {
                observe!(observer, now, Sctp, "state_change", to = state.as_str());
            }
            Self::Aborted { reason } => {
                observe!(observer, now, Sctp, "aborted", reason = reason);
            }
            Self::Restarted => observe!(observer, now, Sctp, "restarted"),
            Self::StreamResetByPeer(stream) => {
                observe!(
                    observer,
                    now,
                    Sctp,
                    "stream_reset_by_peer",
                    stream = stream.0
                );
            }
            Self::StreamResetDone(stream) => {
                observe!(observer, now, Sctp, "stream_reset", stream = stream.0);
            }
            // Part of the flow of data: the figures tell of it.
            Self::Readable(_) | Self::BufferedAmountLow(_) => {}
        }
    }
}
