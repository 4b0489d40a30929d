//! Which way media flows (RFC 8866 section 6.7, RFC 3264 section 6.1).

use crate::words::words;

/// A direction, as the side sees it that says it (`RTCRtpTransceiverDirection`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// It only sends.
    SendOnly,
    /// It only receives.
    RecvOnly,
    /// Neither.
    Inactive,
}

words!(Direction, "direction of media", {
    SendRecv => "sendrecv",
    SendOnly => "sendonly",
    RecvOnly => "recvonly",
    Inactive => "inactive",
});

impl Direction {
    /// The direction that sends and receives so.
    pub const fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// It sends.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// It receives.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// As the other side sees it.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::of(self.receives(), self.sends())
    }

    /// What both allow, as seen from one side.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self::of(
            self.sends() && other.sends(),
            self.receives() && other.receives(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{self, *};

    const ALL: [Direction; 4] = [SendRecv, SendOnly, RecvOnly, Inactive];

    /// RFC 3264 section 6.1: what may be answered to each offer, for what the answerer would like.
    #[test]
    fn an_answer_takes_no_more_than_was_offered() {
        let table = [
            (SendRecv, [SendRecv, SendOnly, RecvOnly, Inactive]),
            (SendOnly, [RecvOnly, Inactive, RecvOnly, Inactive]),
            (RecvOnly, [SendOnly, SendOnly, Inactive, Inactive]),
            (Inactive, [Inactive; 4]),
        ];
        for (offered, answers) in table {
            for (wanted, answer) in ALL.into_iter().zip(answers) {
                let found = offered.reversed().intersection(wanted);
                assert_eq!(found, answer, "{offered} offered, {wanted} wanted");
            }
        }
    }

    #[test]
    fn the_other_side_of_the_other_side_is_this_one() {
        for direction in ALL {
            assert_eq!(direction.reversed().reversed(), direction);
            assert_eq!(
                direction.sends(),
                direction.reversed().receives(),
                "{direction}"
            );
            assert_eq!(direction.as_str().parse(), Ok(direction));
        }
    }
}
