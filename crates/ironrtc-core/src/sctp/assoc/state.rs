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

    /// The application asks for the end (RFC 9260 section 9.2).
    pub(super) const fn on_application_shutdown(self) -> ShutdownStep {
        match self {
            Self::Established => ShutdownStep::Enter(Self::ShutdownPending),
            // Nothing can have arrived, and the peer may be half open.
            Self::CookieWait | Self::CookieEchoed => ShutdownStep::Abort,
            Self::New => ShutdownStep::Close,
            _ => ShutdownStep::Nothing,
        }
    }

    /// Everything sent was acknowledged, which a shutdown may have waited for.
    pub(super) const fn on_all_acknowledged(self) -> ShutdownStep {
        match self {
            Self::ShutdownPending => ShutdownStep::Enter(Self::ShutdownSent),
            Self::ShutdownReceived => ShutdownStep::Enter(Self::ShutdownAckSent),
            _ => ShutdownStep::Nothing,
        }
    }

    /// The peer sends SHUTDOWN.
    pub(super) const fn on_shutdown(self) -> ShutdownStep {
        match self {
            Self::Established | Self::ShutdownPending | Self::ShutdownReceived => {
                ShutdownStep::Enter(Self::ShutdownReceived)
            }
            // Both sides shut down at once.
            Self::ShutdownSent => ShutdownStep::Enter(Self::ShutdownAckSent),
            Self::ShutdownAckSent => ShutdownStep::Repeat,
            _ => ShutdownStep::Drop,
        }
    }

    /// The peer sends SHUTDOWN-ACK.
    pub(super) const fn on_shutdown_ack(self) -> ShutdownStep {
        match self {
            Self::ShutdownSent | Self::ShutdownAckSent => ShutdownStep::Complete,
            // RFC 9260 section 8.5.1, rule E: in the handshake it is out of the blue.
            Self::CookieWait | Self::CookieEchoed => ShutdownStep::Reflect,
            _ => ShutdownStep::Drop,
        }
    }

    /// The peer sends SHUTDOWN-COMPLETE.
    pub(super) const fn on_shutdown_complete(self) -> ShutdownStep {
        match self {
            Self::ShutdownAckSent => ShutdownStep::Close,
            _ => ShutdownStep::Drop,
        }
    }

    /// What this state tells the peer until it is answered.
    pub(super) const fn goodbye(self) -> Option<Goodbye> {
        match self {
            Self::ShutdownSent => Some(Goodbye::Shutdown),
            Self::ShutdownAckSent => Some(Goodbye::ShutdownAck),
            _ => None,
        }
    }

    /// User data of the peer's is taken in. It may overtake the COOKIE-ACK.
    pub(super) const fn receives_data(self) -> bool {
        matches!(
            self,
            Self::CookieEchoed | Self::Established | Self::ShutdownPending | Self::ShutdownSent
        )
    }
}

/// What is to be done for a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShutdownStep {
    Nothing,
    /// What came belongs to no shutdown.
    Drop,
    Enter(State),
    /// What the peer was told is told again.
    Repeat,
    /// SHUTDOWN-COMPLETE, and the end.
    Complete,
    /// SHUTDOWN-COMPLETE for an association that is not ours.
    Reflect,
    Abort,
    Close,
}

/// A chunk of a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goodbye {
    Shutdown,
    ShutdownAck,
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
    pub(super) goodbye: Option<Goodbye>,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the peer sends, or what happens here, in a shutdown.
    type Input = fn(State) -> ShutdownStep;

    fn entered(from: State, input: Input) -> State {
        match input(from) {
            ShutdownStep::Enter(state) => state,
            step => panic!("{from:?}: {step:?}"),
        }
    }

    #[test]
    fn a_shutdown_waits_on_both_sides_until_everything_was_acknowledged() {
        let ours = entered(State::Established, State::on_application_shutdown);
        assert_eq!((ours, ours.goodbye()), (State::ShutdownPending, None));
        let ours = entered(ours, State::on_all_acknowledged);
        assert_eq!(ours.goodbye(), Some(Goodbye::Shutdown));
        let theirs = entered(State::Established, State::on_shutdown);
        assert_eq!((theirs, theirs.goodbye()), (State::ShutdownReceived, None));
        let theirs = entered(theirs, State::on_all_acknowledged);
        assert_eq!(theirs.goodbye(), Some(Goodbye::ShutdownAck));
        assert_eq!(ours.on_shutdown_ack(), ShutdownStep::Complete);
        assert_eq!(theirs.on_shutdown_complete(), ShutdownStep::Close);
    }

    #[test]
    fn shutdowns_that_cross_are_acknowledged_by_both() {
        let crossed = entered(State::ShutdownSent, State::on_shutdown);
        assert_eq!(crossed.goodbye(), Some(Goodbye::ShutdownAck));
        assert_eq!(crossed.on_shutdown_ack(), ShutdownStep::Complete);
    }

    #[test]
    fn what_belongs_to_no_shutdown_is_dropped() {
        let inputs: [Input; 3] = [
            State::on_shutdown,
            State::on_shutdown_ack,
            State::on_shutdown_complete,
        ];
        for input in inputs {
            assert_eq!(input(State::Closed), ShutdownStep::Drop);
            assert_eq!(input(State::New), ShutdownStep::Drop);
        }
        assert_eq!(State::Established.on_shutdown_ack(), ShutdownStep::Drop);
        let early = State::ShutdownSent.on_shutdown_complete();
        assert_eq!(early, ShutdownStep::Drop);
    }
}
