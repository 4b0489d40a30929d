//! What an application asks for when it makes a channel.

use std::time::Duration;

use crate::sctp::Reliability;
use crate::words::words;

/// Longest label and protocol, in bytes of UTF-8 (webrtc-pc section 6.1).
const MAX_NAME_LEN: usize = 65_535;
/// RFC 8832 section 6 sets 65535 aside.
const RESERVED_ID: u16 = 65_535;

/// The share of a channel, or of an encoding, when several compete (`RTCPriorityType`, RFC 8831
/// section 6.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Half of a low one's share.
    VeryLow,
    /// The default.
    #[default]
    Low,
    /// Twice a low one's share.
    Medium,
    /// Four times a low one's share.
    High,
}

words!(Priority, "priority", {
    VeryLow => "very-low",
    Low => "low",
    Medium => "medium",
    High => "high",
});

impl Priority {
    /// RFC 8831 section 6.4's numbers; an RFC 8260 weight likewise.
    pub(crate) const fn weight(self) -> u16 {
        match self {
            Self::VeryLow => 128,
            Self::Low => 256,
            Self::Medium => 512,
            Self::High => 1024,
        }
    }

    /// RFC 8832 section 5.1: other values are rounded to the class they fall in.
    pub(crate) const fn from_weight(weight: u16) -> Self {
        match weight {
            0..=128 => Self::VeryLow,
            129..=256 => Self::Low,
            257..=512 => Self::Medium,
            _ => Self::High,
        }
    }
}

/// Options of a new channel (`RTCDataChannelInit`, webrtc-pc section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataChannelInit {
    /// Whether messages arrive in the order in which they were sent.
    pub ordered: bool,
    /// Milliseconds after which a message that has not arrived is given up.
    pub max_packet_life_time: Option<u16>,
    /// Retransmissions after which a message that has not arrived is given up.
    pub max_retransmits: Option<u16>,
    /// The subprotocol's name.
    pub protocol: String,
    /// The channel was agreed on by other means: both sides create it, with the same `id`.
    pub negotiated: bool,
    /// The id of a negotiated channel, 0 to 65534; otherwise it is chosen and this is ignored.
    pub id: Option<u16>,
    /// The share when channels compete.
    pub priority: Priority,
}

impl Default for DataChannelInit {
    fn default() -> Self {
        Self {
            ordered: true,
            max_packet_life_time: None,
            max_retransmits: None,
            protocol: String::new(),
            negotiated: false,
            id: None,
            priority: Priority::default(),
        }
    }
}

/// Why a channel was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The connection is closed.
    #[error("the connection is closed; make a new one")]
    Closed,
    /// Label or protocol is too long.
    #[error("the {0} is longer than 65535 bytes")]
    NameTooLong(&'static str),
    /// Both limits were given.
    #[error("give max_packet_life_time or max_retransmits, not both")]
    BothLimits,
    /// A negotiated channel needs an id.
    #[error("a negotiated channel needs an id that both sides know, from 0 to 65534")]
    MissingId,
    /// The id is reserved.
    #[error("the id 65535 is reserved; use 0 to 65534")]
    ReservedId,
    /// The id is taken.
    #[error("the id {0} is taken by another channel; choose another, or close that one first")]
    IdTaken(u16),
    /// The peer does not accept that many channels.
    #[error("no channel id is free: the peer accepts {0} channels")]
    NoFreeId(u16),
}

impl CreateError {
    /// The name of the exception that W3C's method throws.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Closed => "InvalidStateError",
            Self::IdTaken(_) | Self::NoFreeId(_) => "OperationError",
            _ => "TypeError",
        }
    }
}

impl DataChannelInit {
    pub(super) fn check(&self, label: &str) -> Result<(), CreateError> {
        if label.len() > MAX_NAME_LEN {
            return Err(CreateError::NameTooLong("label"));
        }
        if self.protocol.len() > MAX_NAME_LEN {
            return Err(CreateError::NameTooLong("protocol"));
        }
        if self.max_packet_life_time.is_some() && self.max_retransmits.is_some() {
            return Err(CreateError::BothLimits);
        }
        match self.id {
            None if self.negotiated => Err(CreateError::MissingId),
            Some(RESERVED_ID) if self.negotiated => Err(CreateError::ReservedId),
            _ => Ok(()),
        }
    }

    pub(super) fn reliability(&self) -> Reliability {
        match (self.max_retransmits, self.max_packet_life_time) {
            (Some(times), _) => Reliability::MaxRetransmits(times),
            (None, Some(millis)) => {
                Reliability::MaxLifetime(Duration::from_millis(u64::from(millis)))
            }
            (None, None) => Reliability::Reliable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_w3c_refuses_are_refused_with_its_exception() {
        let ok = DataChannelInit::default();
        assert_eq!(ok.check("chat"), Ok(()));
        let long = "x".repeat(MAX_NAME_LEN + 1);
        assert_eq!(ok.check(&long), Err(CreateError::NameTooLong("label")));
        let cases = [
            DataChannelInit {
                protocol: long,
                ..ok.clone()
            },
            DataChannelInit {
                max_packet_life_time: Some(1),
                max_retransmits: Some(1),
                ..ok.clone()
            },
            DataChannelInit {
                negotiated: true,
                ..ok.clone()
            },
            DataChannelInit {
                negotiated: true,
                id: Some(65_535),
                ..ok.clone()
            },
        ];
        for init in cases {
            assert_eq!(
                init.check("chat").unwrap_err().name(),
                "TypeError",
                "{init:?}"
            );
        }
        // Without `negotiated` the id is ignored, whatever it is.
        assert_eq!(
            DataChannelInit {
                id: Some(65_535),
                ..ok
            }
            .check("chat"),
            Ok(())
        );
    }

    #[test]
    fn priorities_round_to_their_class() {
        for priority in [
            Priority::VeryLow,
            Priority::Low,
            Priority::Medium,
            Priority::High,
        ] {
            assert_eq!(Priority::from_weight(priority.weight()), priority);
        }
        assert_eq!(Priority::from_weight(0), Priority::VeryLow);
        assert_eq!(Priority::from_weight(300), Priority::Medium);
        assert_eq!(Priority::from_weight(u16::MAX), Priority::High);
    }
}
