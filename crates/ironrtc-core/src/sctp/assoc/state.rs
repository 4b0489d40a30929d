//! The values that an association's states are made of.

use std::collections::VecDeque;

use crate::sctp::message::SctpState;
use crate::time::TimerName;

/// Where the state machine of RFC 9260 section 4 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing sent yet.
    New,
    CookieWait,
    CookieEchoed,
    Established,
    ShutdownPending,
    ShutdownSent,
    ShutdownReceived,
    ShutdownAckSent,
    /// Over for good.
    Closed,
}

impl State {
    /// As the layer above sees it.
    pub(super) const fn public(self) -> SctpState {
        match self {
            Self::New => SctpState::New,
            Self::CookieWait | Self::CookieEchoed => SctpState::Connecting,
            Self::Established => SctpState::Connected,
            Self::ShutdownPending
            | Self::ShutdownSent
            | Self::ShutdownReceived
            | Self::ShutdownAckSent => SctpState::ShuttingDown,
            Self::Closed => SctpState::Closed,
        }
    }

    /// RFC 9260 section 6: user data may be sent.
    pub(super) const fn sends_data(self) -> bool {
        matches!(
            self,
            Self::Established | Self::ShutdownPending | Self::ShutdownReceived
        )
    }

    /// User data of the peer's is taken in. It may overtake the COOKIE-ACK.
    pub(super) const fn receives_data(self) -> bool {
        matches!(
            self,
            Self::CookieEchoed | Self::Established | Self::ShutdownPending | Self::ShutdownSent
        )
    }
}

/// The timers of an association beside those of its sender and receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Timer {
    /// T1-init and T1-cookie.
    Handshake,
    /// T2-shutdown.
    Shutdown,
    /// T5-shutdown-guard.
    ShutdownGuard,
    /// Retransmits a RE-CONFIG request.
    Reconfig,
    Heartbeat,
    /// Probes for a larger packet size.
    Probe,
}

impl Timer {
    pub(super) const COUNT: usize = Self::Probe as usize + 1;
}

impl TimerName for Timer {
    const ALL: &[Self] = &[
        Self::Handshake,
        Self::Shutdown,
        Self::ShutdownGuard,
        Self::Reconfig,
        Self::Heartbeat,
        Self::Probe,
    ];

    fn index(self) -> usize {
        self as usize
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Handshake => "sctp_handshake",
            Self::Shutdown => "sctp_shutdown",
            Self::ShutdownGuard => "sctp_shutdown_guard",
            Self::Reconfig => "sctp_reconfig",
            Self::Heartbeat => "sctp_heartbeat",
            Self::Probe => "sctp_mtu_probe",
        }
    }
}

/// Most control chunks that wait for a packet.
const MAX_CHUNKS: usize = 32;
/// Most packets outside the association that wait.
const MAX_PACKETS: usize = 8;

/// A packet that is not bundled with anything: its tag may not be the association's, and its
/// checksum is always present.
#[derive(Debug)]
pub(super) struct LonePacket {
    pub(super) tag: u32,
    pub(super) chunks: Vec<u8>,
}

/// Control chunks that wait for the next packet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) cookie_echo: bool,
    pub(super) cookie_ack: bool,
    pub(super) shutdown: bool,
    pub(super) shutdown_ack: bool,
    chunks: VecDeque<Vec<u8>>,
    packets: VecDeque<LonePacket>,
}

impl Pending {
    /// Queues a whole chunk; with too many already waiting, this one is dropped.
    pub(super) fn push_chunk(&mut self, chunk: Vec<u8>) {
        if self.chunks.len() < MAX_CHUNKS {
            self.chunks.push_back(chunk);
        }
    }

    /// The next chunk if it fits in `room`, or goes alone, as one made for larger packets must.
    pub(super) fn pop_chunk(&mut self, room: usize, alone: bool) -> Option<Vec<u8>> {
        if self.chunks.front()?.len() > room && !alone {
            return None;
        }
        self.chunks.pop_front()
    }

    /// Queues a packet of its own; with too many already waiting, this one is dropped.
    pub(super) fn push_packet(&mut self, tag: u32, chunks: Vec<u8>) {
        if self.packets.len() < MAX_PACKETS {
            self.packets.push_back(LonePacket { tag, chunks });
        }
    }

    pub(super) fn pop_packet(&mut self) -> Option<LonePacket> {
        self.packets.pop_front()
    }

    /// Forgets everything but packets outside the association.
    pub(super) fn clear(&mut self) {
        let packets = std::mem::take(&mut self.packets);
        *self = Self {
            packets,
            ..Self::default()
        };
    }
}
