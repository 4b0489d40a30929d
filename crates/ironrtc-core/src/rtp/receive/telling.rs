//! How the sender is told which packets arrived.

use crate::datagram::Ecn;
use crate::time::Time;
use crate::wire::rtp::{Extensions, Packet};

use super::ccfb::SourceArrivals;
use super::feedback::Arrivals;

/// How the sender is told arrivals.
#[derive(Debug)]
pub(super) enum Telling {
    /// Not at all.
    Nothing,
    /// By numbers over the whole transport.
    ByTransport(Arrivals),
    /// By the numbers of each source (RFC 8888).
    BySource(SourceArrivals),
}

impl Telling {
    pub(super) fn on_packet(
        &mut self,
        now: Time,
        ecn: Option<Ecn>,
        read: &Packet<'_>,
        names: &Extensions<'_>,
        bytes: usize,
    ) {
        match self {
            Self::Nothing => {}
            Self::ByTransport(arrivals) => {
                if let Some(number) = names.transport_cc {
                    arrivals.on_packet(now, number, bytes);
                }
            }
            Self::BySource(arrivals) => {
                let header = read.header.fixed;
                arrivals.on_packet(now, header.ssrc, header.sequence, ecn);
            }
        }
    }

    pub(super) const fn due(&self) -> Option<Time> {
        match self {
            Self::Nothing => None,
            Self::ByTransport(arrivals) => arrivals.due(),
            Self::BySource(arrivals) => arrivals.due(),
        }
    }
}
