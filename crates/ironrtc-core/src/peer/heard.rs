//! Which sources are heard in what a transceiver receives, and what reading it asks of the driver.

use super::PeerConnection;
use crate::ids::Mid;
use crate::jsep::TransceiverId;
use crate::rtp::{RtpSession, SourceHeard};
use crate::time::Time;

impl PeerConnection {
    /// Whether a read has moved [`poll_timeout`](Self::poll_timeout) to an earlier time, as it asks for a
    /// key frame, since this was asked last.
    pub const fn take_hurry(&mut self) -> bool {
        std::mem::replace(&mut self.is_hurried, false)
    }

    fn received(&self, id: TransceiverId) -> Option<(&RtpSession, &Mid)> {
        let route = self.routes.get(id)?;
        let session = self.carriers.get(route.transport)?.transport.rtp()?;
        Some((session, &route.mid))
    }

    /// The sources that a transceiver has received in the last ten seconds, the last one first
    /// (`getSynchronizationSources`).
    pub fn synchronization_sources(&self, now: Time, id: TransceiverId) -> Vec<SourceHeard> {
        self.received(id).map_or_else(Vec::new, |(session, mid)| {
            session.synchronization_sources(now, mid)
        })
    }

    /// The sources that were mixed into what a transceiver has received in the last ten seconds, the
    /// last one first (`getContributingSources`).
    pub fn contributing_sources(&self, now: Time, id: TransceiverId) -> Vec<SourceHeard> {
        self.received(id).map_or_else(Vec::new, |(session, mid)| {
            session.contributing_sources(now, mid)
        })
    }
}
