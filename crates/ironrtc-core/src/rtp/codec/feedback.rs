//! The kinds of feedback that are negotiated (`a=rtcp-fb`, RFC 4585 section 4.2).

use super::{Codec, CodecName, MediaKind};
use crate::words::words;

/// A kind of feedback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feedback {
    /// Lost packets are named (RFC 4585 section 6.2.1).
    Nack,
    /// A picture was lost (RFC 4585 section 6.3.1).
    NackPli,
    /// A key frame is asked for (RFC 5104 section 4.3.1).
    CcmFir,
    /// The receiver's estimate of the rate (draft-alvestrand-rmcat-remb).
    GoogRemb,
    /// Arrival times of all packets of the transport
    /// (draft-holmer-rmcat-transport-wide-cc-extensions).
    TransportCc,
    /// Arrival times by source (RFC 8888).
    AckCcfb,
}

words!(Feedback, "kind of RTCP feedback", {
    Nack => "nack",
    NackPli => "nack pli",
    CcmFir => "ccm fir",
    GoogRemb => "goog-remb",
    TransportCc => "transport-cc",
    AckCcfb => "ack ccfb",
});

impl Feedback {
    /// All, in the order in which we say them.
    pub const ALL: [Self; 6] = [
        Self::GoogRemb,
        Self::TransportCc,
        Self::CcmFir,
        Self::Nack,
        Self::NackPli,
        Self::AckCcfb,
    ];
}

/// Kinds of feedback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FeedbackSet(u8);

impl FeedbackSet {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// These.
    pub const fn of(kinds: &[Feedback]) -> Self {
        let mut set = Self::EMPTY;
        let mut rest = kinds;
        while let [first, others @ ..] = rest {
            set.0 |= Self::bit(*first);
            rest = others;
        }
        set
    }

    const fn bit(kind: Feedback) -> u8 {
        1 << kind as u8
    }

    /// One more.
    pub const fn insert(&mut self, kind: Feedback) {
        self.0 |= Self::bit(kind);
    }

    /// One less.
    pub const fn remove(&mut self, kind: Feedback) {
        self.0 &= !Self::bit(kind);
    }

    /// Whether it is among them.
    pub const fn contains(self, kind: Feedback) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Those of both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those of either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// There is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of [`Feedback::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Feedback> {
        Feedback::ALL
            .into_iter()
            .filter(move |kind| self.contains(*kind))
    }

    /// What we give and take for a codec. RFC 8888 is not among it: who has it drops transport-cc
    /// for it, which everybody else knows, so an application asks for it.
    pub(super) const fn usual(codec: &Codec) -> Self {
        match (codec.kind, &codec.name) {
            (_, CodecName::Rtx | CodecName::Red | CodecName::UlpFec)
            | (MediaKind::Audio, CodecName::TelephoneEvent | CodecName::ComfortNoise) => {
                Self::EMPTY
            }
            (_, CodecName::FlexFec03) => Self::of(&[Feedback::GoogRemb, Feedback::TransportCc]),
            // Sound has no retransmissions (RFC 4588) to answer a NACK with; RED repairs it.
            (MediaKind::Audio, _) => Self::of(&[Feedback::TransportCc]),
            (MediaKind::Video, _) => Self::of(&[
                Feedback::GoogRemb,
                Feedback::TransportCc,
                Feedback::CcmFir,
                Feedback::Nack,
                Feedback::NackPli,
            ]),
        }
    }
}

impl FromIterator<Feedback> for FeedbackSet {
    fn from_iter<I: IntoIterator<Item = Feedback>>(kinds: I) -> Self {
        let mut set = Self::EMPTY;
        for kind in kinds {
            set.insert(kind);
        }
        set
    }
}
